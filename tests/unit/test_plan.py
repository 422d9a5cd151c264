"""A plan says what would change, in the order of engines, and what must not be touched."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onboarding import item, plan

TARGET = {"cluster": "uid-1"}


def thing(
    name: str,
    fields: dict[str, Any] | None = None,
    *,
    engine: item.EngineName = item.EngineName.CLUSTER,
    owner: str = "moph",
    data: bool = False,
) -> item.Item:
    return item.Item(item.Ref(engine, "ConfigMap", "ns", name), fields or {}, owner, data)


def diff(desired: list[item.Item], observed: list[item.Item], applied: Any = ()) -> plan.Plan:
    return plan.diff("moph", desired, observed, applied, target=TARGET)


def test_nothing_to_do_is_an_empty_plan() -> None:
    made = diff([thing("a", {"x": 1})], [thing("a", {"x": 1, "defaulted": 2})])
    assert made.changes == ()
    assert made.unchanged == 1


def test_missing_item_is_planned_as_create() -> None:
    (change,) = diff([thing("a")], []).changes
    assert (change.action, change.reason) == (plan.Action.CREATE, "not there yet")


def test_item_that_vanished_is_created_again_and_says_so() -> None:
    (change,) = diff([thing("a")], [], [thing("a")]).changes
    assert change.reason == "repairs drift: vanished from the live system"


@pytest.mark.parametrize("known", [(), (thing("a"),)], ids=["never-applied", "applied"])
def test_item_that_is_being_deleted_is_created_again_and_says_so(
    known: tuple[item.Item, ...],
) -> None:
    live = replace(thing("a"), ending=True)
    (change,) = diff([thing("a")], [live], known).changes
    assert change.action is plan.Action.CREATE
    assert change.reason == "it is being deleted in the live system"


def test_differing_item_is_planned_as_update_with_its_fields() -> None:
    (change,) = diff([thing("a", {"x": 1})], [thing("a", {"x": 2})]).changes
    assert change.action is plan.Action.UPDATE
    assert change.fields == (plan.FieldChange("x", 2, 1),)


def test_own_item_that_is_wanted_no_more_is_planned_as_delete() -> None:
    (change,) = diff([], [thing("a")]).changes
    assert change.action is plan.Action.DELETE


@pytest.mark.parametrize("owner", ["", "someone-else"])
def test_what_is_not_ours_and_not_wanted_is_left_alone(owner: str) -> None:
    assert diff([], [thing("a", owner=owner)]).changes == ()


@pytest.mark.parametrize("owner", ["", "someone-else"])
def test_what_stands_in_our_place_is_a_conflict_and_never_overwritten(owner: str) -> None:
    made = diff([thing("a", {"x": 1})], [thing("a", {"x": 2}, owner=owner)])
    assert made.changes == ()
    assert made.conflicts == (plan.Conflict(thing("a").ref, owner),)


def test_changes_stand_in_the_order_of_engines() -> None:
    wanted = [thing(e.value, engine=e) for e in reversed(item.ENGINE_ORDER)]
    assert tuple(c.ref.engine for c in diff(wanted, []).changes) == item.ENGINE_ORDER


def test_digest_covers_what_is_written_and_the_target_only() -> None:
    one = diff([thing("a", {"x": 1})], [])
    same = diff([thing("a", {"x": 1})], [])
    other_value = diff([thing("a", {"x": 2})], [])
    elsewhere = plan.diff("moph", [thing("a", {"x": 1})], [], target={"cluster": "uid-2"})
    assert one.digest == same.digest
    assert len({one.digest, other_value.digest, elsewhere.digest}) == 3


def test_a_reason_tells_a_hand_from_the_manifest() -> None:
    def reason(want: int, have: int, last: int) -> str:
        made = diff([thing("a", {"x": want})], [thing("a", {"x": have})], [thing("a", {"x": last})])
        return made.changes[0].reason

    assert reason(1, 2, 1) == "repairs drift"
    assert reason(2, 1, 1) == "the manifest changed"
    assert reason(3, 2, 1) == "the manifest changed, and repairs drift"


def test_a_field_that_is_wanted_no_more_is_planned_where_leaving_it_out_removes_it() -> None:
    def made(engine: item.EngineName) -> plan.Plan:
        want = thing("a", {"labels": {"x": "1"}}, engine=engine)
        last = thing("a", {"labels": {"x": "1", "old": "2"}}, engine=engine)
        return diff([want], [last], [last])

    (change,) = made(item.EngineName.CLUSTER).changes
    assert [(f.path, f.before, f.after) for f in change.fields] == [("labels.old", "2", None)]
    assert change.reason == "the manifest changed"
    assert made(item.EngineName.SSO).changes == ()


def test_what_nobody_applied_goes_as_drift() -> None:
    made = diff([thing("a")], [thing("a"), thing("stray")], [thing("a")])
    assert [c.reason for c in made.changes] == ["repairs drift: nobody applied it"]


def test_what_an_earlier_run_decided_is_held_to() -> None:
    want = thing("a", {"key": item.KNOWN_AFTER_APPLY})
    first, second = thing("a", {"key": "k1"}), thing("a", {"key": "k2"})
    assert not diff([want], [first]).changes
    assert not diff([want], [first], [first]).changes
    (change,) = diff([want], [second], [first]).changes
    assert change.fields == (plan.FieldChange("key", "k2", "k1"),)
    assert change.desired is want
