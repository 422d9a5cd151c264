"""What one change means to people, to records, and which controls look at it."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import item, plan
from onboarding.policies import table as controls
from onboarding.safety import impact, table
from tests import kinds_read
from tests.unit.safety.plans import thing


def changed(
    kind: str, before: dict[str, Any] | None, after: dict[str, Any] | None, *, data: bool = False
) -> plan.Change:
    things = [None if f is None else thing(kind, "x", f, data=data) for f in (before, after)]
    live, wanted = ([t] if t else [] for t in things)
    (change,) = plan.diff("moph", wanted, live, live, target={}).changes
    return change


def test_a_changed_pod_restarts_and_another_field_does_not() -> None:
    def deployment(image: str, limit: int) -> dict[str, Any]:
        return {"spec": {"template": {"image": image}, "revisionHistoryLimit": limit}}

    restarted = impact.of(changed("Deployment", deployment("a", 1), deployment("b", 1)))
    assert restarted.interrupts == "its pods are restarted one after the other"
    assert restarted.data == ""
    assert "WRK-001" in restarted.controls
    kept = impact.of(changed("Deployment", deployment("a", 1), deployment("a", 2)))
    assert kept.interrupts == ""


def test_what_is_new_interrupts_nobody_and_what_goes_does() -> None:
    assert impact.of(changed("Realm", None, {"enabled": True})).interrupts == ""
    gone = impact.of(changed("Realm", {"enabled": True}, None, data=True))
    assert (gone.interrupts, gone.data) == (
        "nobody signs in any more",
        "deleted with its data",
    )


@pytest.mark.parametrize(("kind", "field", "told"), [
    ("Realm", "browserFlow", "people sign in otherwise"),
    ("Client", "redirectUris", "sign-in returns to other addresses"),
    ("TlsSecret", "renewal", "browsers see a new certificate"),
])  # fmt: skip
def test_sign_in_and_certificates_are_noticed(kind: str, field: str, told: str) -> None:
    assert impact.of(changed(kind, {field: "a"}, {field: "b"})).interrupts == told


def test_what_is_made_anew_says_what_is_lost() -> None:
    before, after = ({"spec": {"storageClassName": name}} for name in "ab")
    found = impact.of(changed("PersistentVolumeClaim", before, after, data=True))
    assert found.interrupts == "made anew: its pods do not start any more"
    assert found.data == "replaced; lost would be the documents on the volume"
    before, after = ({"spec": {"note": name}} for name in "ab")
    found = impact.of(changed("PersistentVolumeClaim", before, after, data=True))
    assert (found.interrupts, found.data) == ("", "holds data, which stays")


def test_a_kind_that_nobody_knows_means_nothing() -> None:
    assert impact.of(changed("Thing", {"x": 1}, {"x": 2})) == impact.Impact("", "", ())


def test_the_controls_of_a_plan_are_named_once() -> None:
    both = [changed("Role", None, {"rules": []}), changed("RoleBinding", None, {"subjects": []})]
    found = impact.all_controls(both)
    assert list(found) == sorted(set(found))
    assert {"TEN-010", "TEN-009"} <= set(found)


def test_rows_name_their_source() -> None:
    for kind, row in table.rows("interrupts").items():
        assert row["source"], kind
        assert row["deleted"], kind


def test_controls_by_kind_are_those_that_there_are() -> None:
    known = {control.id for control in controls.CONTROLS}
    for kind in ("NetworkPolicy", "ResourceQuota"):
        ref = item.Ref(item.EngineName.CLUSTER, kind, "ns", "x")
        named = impact.controls(plan.Change(plan.Action.CREATE, ref, None))
        assert named
        assert set(named) <= known


@pytest.mark.slow
def test_controls_by_kind_are_what_was_measured() -> None:
    assert kinds_read.PLACE.read_text(encoding="utf-8") == kinds_read.text(), (
        "refresh it with: make reference"
    )
