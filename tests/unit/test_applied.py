"""What is ours after a run, and what the run decided."""

from __future__ import annotations

from onboarding import applied, errors, item, plan, tenant
from tests.contract import agencies
from tests.unit.cli import world

OPEN = item.KNOWN_AFTER_APPLY


def thing(name: str, **fields: object) -> item.Item:
    ref = item.Ref(item.EngineName.VAULT, "Thing", "", name)
    return item.Item(ref, fields, world.AGENCY)


def outcome(of: item.Item, status: plan.Status = plan.Status.APPLIED) -> plan.Outcome:
    return plan.Outcome(plan.Change(plan.Action.CREATE, of.ref, of), status)


def agency() -> tenant.Tenant:
    return agencies.example(world.AGENCY)


def test_what_failed_stays_as_it_was_and_what_succeeded_is_ours() -> None:
    made, failed, gone = thing("made", x=2), thing("failed", x=2), thing("gone")
    outcomes = [outcome(made), outcome(failed, plan.Status.FAILED)]
    outcomes.append(
        plan.Outcome(plan.Change(plan.Action.DELETE, gone.ref, None), plan.Status.APPLIED)
    )
    before = [thing("made", x=1), thing("failed", x=1), gone]
    now = applied.after([made, failed], [], [o.change for o in outcomes], outcomes, before, {})
    assert {i.ref.name: i.fields for i in now} == {"made": {"x": 2}, "failed": {"x": 1}}


def test_what_was_open_and_is_unchanged_is_known_from_what_was_seen() -> None:
    now = applied.after([thing("a", key=OPEN)], [thing("a", key="k", more=1)], [], [], [], {})
    assert [i.fields for i in now] == [{"key": "k"}]


def test_what_a_run_decided_is_read_back_and_kept() -> None:
    wanted = outcome(thing("a", key=OPEN))
    engine = world.Memory(item.EngineName.VAULT, {wanted.change.ref: thing("a", key="new")})
    made = applied.read_back(agency(), [wanted], engine)
    seen, before = [thing("a", key="old")], [thing("a", key="old")]
    now = applied.after([], seen, [wanted.change], [wanted], before, made)
    assert [i.fields for i in now] == [{"key": "new"}]


def test_nothing_is_read_where_nothing_was_open() -> None:
    engine = world.Memory(item.EngineName.VAULT)
    assert applied.read_back(agency(), [outcome(thing("a", x=1))], engine) == {}
    assert engine.observed == 0


def test_an_engine_is_not_read_for_what_another_decided() -> None:
    engine = world.Memory(item.EngineName.SSO)
    applied.read_back(agency(), [outcome(thing("a", key=OPEN))], engine)
    assert engine.observed == 0


class Away(world.Memory):
    def observe(self, *_: object, **__: object) -> item.Observation:
        raise errors.Unreachable("away")


def test_a_system_that_went_away_after_the_run_fails_nothing() -> None:
    wanted = outcome(thing("a", key=OPEN))
    made = applied.read_back(agency(), [wanted], Away(item.EngineName.VAULT))
    seen = [thing("a", key="old")]
    now = applied.after([], seen, [wanted.change], [wanted], seen, made)
    assert [i.fields for i in now] == [{"key": OPEN}]
