"""A quota below what is in use stops an agency; one that grows is somebody's to give."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import item
from tests.unit.safety import plans
from tests.unit.safety.plans import thing


def quota(hard: dict[str, str], used: dict[str, str] | None = None) -> item.Item:
    fields: dict[str, Any] = {"spec": {"hard": hard}}
    if used is not None:
        fields["status"] = {"used": used}
    return thing("ResourceQuota", "compute", fields)


CPU = "requests.cpu"


@pytest.mark.parametrize(("hard", "used", "told"), [
    ("2", "2500m", "2, but 2500m is in use"),
    ("1999m", "2", "1999m, but 2 is in use"),
])  # fmt: skip
def test_a_quota_below_use_is_a_hazard(hard: str, used: str, told: str) -> None:
    found = plans.judge([quota({CPU: hard})], [quota({CPU: "4"}, {CPU: used})])
    assert set(found) == {"quota-below-use"}
    hazard = found["quota-below-use"]
    assert (hazard.flag, hazard.approver) == ("--allow-quota-below-use", "")
    assert hazard.details == (f"ResourceQuota ga-moph-prod/compute: {CPU} {told}",)


def test_a_quota_that_still_holds_what_is_used_is_none() -> None:
    assert plans.judge([quota({CPU: "2"})], [quota({CPU: "4"}, {CPU: "2000m"})]) == {}


def test_a_use_that_was_not_seen_is_not_taken_for_none() -> None:
    for live in (quota({CPU: "4"}), quota({CPU: "4"}, {"pods": "1"})):
        found = plans.judge([quota({CPU: "2"})], [live])
        assert found["quota-below-use"].details[0].endswith("its use is not known")


def test_a_new_limit_below_what_is_used_is_a_hazard() -> None:
    live = quota({CPU: "4"}, {CPU: "1", "pods": "7"})
    found = plans.judge([quota({CPU: "4", "pods": "5"})], [live], applied=[])
    assert found["quota-below-use"].details[0].endswith("pods 5, but 7 is in use")


def test_a_quota_that_grows_asks_for_capacity_where_somebody_gives_it() -> None:
    live = [quota({CPU: "4"}, {CPU: "4"})]
    assert plans.judge([quota({CPU: "8"})], live) == {}
    found = plans.judge([quota({CPU: "8"})], live, roles=["capacity"])
    hazard = found["quota-increase"]
    assert (hazard.flag, hazard.approver) == ("", "capacity")
    assert hazard.details == (f"ResourceQuota ga-moph-prod/compute: {CPU} 4 -> 8",)
    assert plans.judge([quota({CPU: "4000m"})], live, roles=["capacity"]) == {}


def test_an_amendment_asks_those_who_approve_it_where_there_are_such() -> None:
    asked = {"dpo": ("personalData.recipients is added",), "mdes-authority": ("mou.x is raised",)}
    assert plans.judge([], [], amended=asked) == {}
    found = plans.judge([], [], amended=asked, roles=["dpo"])
    hazard = found["amendment"]
    assert (hazard.flag, hazard.approver) == ("", "dpo")
    assert hazard.details == ("personalData.recipients is added",)
    assert plans.judge([], [], amended=asked, roles=["dpo"], established=False) == {}
