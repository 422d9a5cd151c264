"""What moved between the review and now is said exactly."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

import onboarding
from onboarding import errors, plan, plan_file
from tests.unit import targets
from tests.unit.plan_file import made


def told(now: plan.Plan, *, begun: bool = False) -> tuple[str, ...]:
    """What the refusal says below the two digests."""
    with pytest.raises(errors.Mismatch) as refused:
        plan_file.check(made.part(), now, begun=begun)
    assert refused.value.exit_code == 7
    reviewed, found, *moved = refused.value.details
    assert reviewed == f"reviewed sha256:{made.part().digest}"
    assert found == f"now      sha256:{now.digest}"
    return tuple(moved)


def test_the_same_plan_holds() -> None:
    plan_file.check(made.part(), made.diff())


def test_a_field_that_was_changed_meanwhile_is_named_with_both_values() -> None:
    live = (made.thing("other", a=7, b=["x"]), made.LIVE[1])
    assert told(made.diff(live=live)) == ("pulumi_stack ConfigMap ns/other: a was 2, is 7 now",)


def test_a_field_that_was_mended_meanwhile_is_named() -> None:
    live = (made.thing("other", a=1, b=["x"]), made.LIVE[1])
    assert told(made.diff(live=live)) == (
        "pulumi_stack ConfigMap ns/other: a needs no change any more",
    )


def test_objects_that_came_and_went_are_named() -> None:
    live = (made.WANTED[0], made.LIVE[0], made.thing("third"))
    assert told(made.diff(live=live)) == (
        "no longer needed: create pulumi_stack ConfigMap ns/new",
        "no longer needed: delete pulumi_stack ConfigMap ns/old",
        "new: delete pulumi_stack ConfigMap ns/third",
    )


def test_another_wanted_value_is_named() -> None:
    wanted = (made.WANTED[0], made.thing("other", a=5, b=["x", "y"]))
    assert told(made.diff(wanted)) == ("pulumi_stack ConfigMap ns/other: a was to become 1, now 5",)
    wanted = (made.thing("new", a=2), made.WANTED[1])
    assert told(made.diff(wanted)) == (
        "pulumi_stack ConfigMap ns/new: another content is wanted now",
    )


def test_an_object_of_someone_else_in_the_way_is_named() -> None:
    live = (*made.LIVE, made.thing("new", "other-agency"))
    assert told(made.diff(live=live)) == (
        "in the way now: ConfigMap ns/new (other-agency)",
        "no longer needed: create pulumi_stack ConfigMap ns/new",
    )


def test_other_manifests_and_versions_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onboarding, "__version__", "9.0.0")
    now = made.diff(manifest="agency: {}\n", peers={"moac": "x"})
    monkeypatch.undo()
    lines = told(now)
    assert lines[0].startswith("manifest: planned with sha256:")
    assert lines[1].startswith("manifest of the peer bdi: planned with sha256:")
    assert lines[1].endswith("now none")
    assert lines[2].startswith("manifest of the peer moac: planned with none, now sha256:")
    assert lines[3] == f"version of onboard: planned with {onboarding.__version__}, now 9.0.0"


def test_another_purpose_is_named() -> None:
    now = plan.sealed(replace(made.diff(), purpose=plan.Purpose.DESTROY))
    assert told(now) == ("purpose: planned to apply, now to destroy",)


def test_a_long_list_is_cut_and_counted() -> None:
    live = (*made.LIVE, *(made.thing(f"extra-{n}") for n in range(60)))
    lines = told(made.diff(live=live))
    assert len(lines) == 41
    assert lines[-1] == "… and 20 more"


def test_a_plan_that_was_begun_may_go_on() -> None:
    half = (made.thing("new", a=0), made.thing("other", a=1, b=["x"]))
    plan_file.check(made.part(), made.diff(live=half), begun=True)
    plan_file.check(made.part(), made.diff(live=made.WANTED), begun=True)


def test_a_plan_that_was_begun_does_nothing_beyond_it() -> None:
    live = (made.thing("other", a=7, b=["x"]), made.thing("third"))
    assert told(made.diff(live=live), begun=True) == (
        "new: delete pulumi_stack ConfigMap ns/third",
        "pulumi_stack ConfigMap ns/other: a: 7 -> 1, which was not planned",
    )


def test_what_was_to_be_deleted_and_is_wanted_now_is_no_rest() -> None:
    wanted = (*made.WANTED, made.thing("old", a=5))
    assert told(made.diff(wanted), begun=True) == (
        "pulumi_stack ConfigMap ns/old: planned to delete, now to update",
    )


def test_a_file_holds_until_it_expires_and_for_its_target_only() -> None:
    of = made.saved()
    plan_file.check_file(of, made.TARGET, made.NOW + timedelta(hours=23))
    with pytest.raises(errors.Mismatch, match="the plan has expired: it held until 2026-11-23"):
        plan_file.check_file(of, made.TARGET, of.made.expires)
    elsewhere = targets.pinned("another").model_copy(update={"name": "prod"})
    with pytest.raises(errors.Mismatch) as refused:
        plan_file.check_file(of, elsewhere, made.NOW)
    assert refused.value.details == (
        "environment: planned for unit, now prod",
        "identity of cluster: planned for id, now another",
        "identity of vault: planned for id, now another",
        "identity of keycloak: planned for id, now another",
    )


def test_the_digest_moves_with_what_a_change_holds() -> None:
    one = made.diff()
    marked = tuple(replace(c, holds_data=True) for c in one.changes)
    assert plan.sealed(replace(one, changes=marked)).digest != one.digest
    assert plan.sealed(replace(one, unchanged=9)).digest == one.digest
