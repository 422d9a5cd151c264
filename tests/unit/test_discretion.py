"""What a hand wrote into our objects may be a secret, and stands in no plan."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import discretion, item, plan

CANARY = "hunter2-canary-7f3a"


def test_values_that_we_own_are_shown() -> None:
    assert discretion.shown("spec.replicas", 3, wanted=2) == 3
    assert discretion.shown("data.LANG", "th", wanted="en") == "th"
    assert discretion.shown("data.LANG", None, wanted="en") is None


@pytest.mark.parametrize(
    ("path", "live"),
    [
        ("data.adminPassword", CANARY),
        ("spec.template", {"env": [{"name": "DB_PASSWORD", "value": CANARY}]}),
        ("spec.template", {"nested": {"clientSecret": CANARY}}),
        ("data.note", f"-----BEGIN PRIVATE KEY----- {CANARY}"),
        ("data.url", f"postgres://root:{CANARY}@db/x"),
    ],
)
def test_what_reads_as_a_secret_is_not_shown(path: str, live: Any) -> None:
    assert CANARY not in item.canonical(discretion.shown(path, live, wanted="x"))


def test_what_we_never_set_is_not_shown_at_all() -> None:
    ref = item.Ref(item.EngineName.CLUSTER, "ConfigMap", "ns", "settings")
    (change,) = plan.diff(
        "moph",
        [item.Item(ref, {"data": {"a": "1"}}, "moph")],
        [item.Item(ref, {"data": {"a": "1", "b": CANARY}}, "moph")],
        target={},
    ).changes
    assert change.fields == (plan.FieldChange("data.b", discretion.FOREIGN, None),)
