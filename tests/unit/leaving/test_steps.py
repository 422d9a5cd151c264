"""The state machine of a leaving: nothing is destroyed before everything is proven."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from onboarding import errors, item, tenant
from onboarding.leaving import records, steps
from onboarding.state import files

AGENCY = "m-culture"
DAY = date(2026, 11, 22)
MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None


def proof(step: steps.Step, number: int = 1, until: date = DAY) -> steps.Evidence:
    facts = {"number": number, "retainUntil": until.isoformat()}
    return steps.Evidence(step, "2026-11-22T05:00:00+00:00", "somchai@host", facts)


def situation(**changed: Any) -> steps.Situation:
    at_rest = steps.Situation(today=DAY, real_today=DAY, production=False, production_allowed=False)
    return replace(at_rest, **changed)


@pytest.fixture
def store(tmp_path: Path) -> files.FileStore:
    return files.FileStore(tmp_path)


def complete(store: files.FileStore) -> steps.Leaving:
    """Every step but the last done and proven; the date is past."""
    store.record(AGENCY, "leaving-begun")
    of = steps.Leaving(begun="2026-11-22", frozen_on=DAY, retain_until=DAY)
    for step in steps.BEFORE_DESTROY:
        done = proof(step)
        store.record(AGENCY, f"{step.value}-ended", evidence=done.digest)
        of = of.with_evidence(done)
    return of


def test_nothing_forbids_to_destroy_what_is_proven_and_due(store: files.FileStore) -> None:
    assert steps.against_destroying(complete(store), store.journal(AGENCY), situation()) == []


@pytest.mark.parametrize("step", steps.BEFORE_DESTROY)
def test_evidence_that_is_missing_or_was_changed_forbids_to_destroy(
    store: files.FileStore, step: steps.Step
) -> None:
    of = complete(store)
    without = replace(of, evidence=tuple(e for e in of.evidence if e.step is not step))
    changed = of.with_evidence(proof(step, number=2))
    journal = store.journal(AGENCY)
    assert steps.against_destroying(without, journal, situation()) == [
        f"{step.value}: there is no evidence that it was done"
    ]
    assert steps.against_destroying(changed, journal, situation()) == [
        f"{step.value}: its evidence is not what the journal says"
    ]


def test_the_day_is_the_one_that_freezing_proved(store: files.FileStore) -> None:
    of = replace(complete(store), retain_until=DAY - timedelta(400))
    assert steps.against_destroying(of, store.journal(AGENCY), situation()) == [
        "freeze: the day until which records are kept is not the one it proves"
    ]


def test_evidence_of_an_earlier_leaving_does_not_count(store: files.FileStore) -> None:
    of = complete(store)
    store.record(AGENCY, "leaving-begun")
    assert len(steps.against_destroying(of, store.journal(AGENCY), situation())) == 3


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"today": DAY - timedelta(1)}, "the records are kept until 2026-11-22"),
        ({"peers": ("bdi",)}, "bdi still declares a link with this agency"),
        ({"damage": ("index.html: it is gone",)}, "export: index.html: it is gone"),
        ({"certificates": ("certificate 01 of นายก",)}, "could still be used to sign"),
        ({"production": True}, "add --production"),
        (
            {"production": True, "production_allowed": True, "real_today": DAY - timedelta(1)},
            "--as-of does not count in production",
        ),
    ],
)
def test_each_thing_that_forbids_to_destroy(
    store: files.FileStore, changed: dict[str, Any], why: str
) -> None:
    found = steps.against_destroying(complete(store), store.journal(AGENCY), situation(**changed))
    assert len(found) == 1
    assert why in found[0]


def test_a_stopped_destruction_goes_on_with_what_was_approved_and_nothing_else(
    store: files.FileStore,
) -> None:
    doomed = steps.Destruction("ab" * 32, ("Namespace a", "Client b"), {"approvals": []})
    of = replace(complete(store), destruction=doomed)
    assert not steps.may_go_on(of, store.journal(AGENCY), ["Client b"])
    store.record(AGENCY, "destroy-begun", evidence=item.content_hash(steps.to_json(doomed)))
    journal = store.journal(AGENCY)
    assert steps.may_go_on(of, journal, ["Client b"])
    assert steps.may_go_on(of, journal, [])
    assert not steps.may_go_on(of, journal, ["Client b", "Client new"])
    widened = replace(doomed, refs=(*doomed.refs, "Client new"))
    assert not steps.may_go_on(replace(of, destruction=widened), journal, ["Client new"])


def test_a_leaving_is_read_back_as_it_was_kept(store: files.FileStore) -> None:
    of = replace(
        complete(store), cancelling=True, destruction=steps.Destruction("d", ("a",), {"by": "x"})
    )
    records.keep(store, AGENCY, of)
    assert records.standing(store, AGENCY).leaving == of


def test_an_agency_that_left_may_join_again_under_a_new_number(store: files.FileStore) -> None:
    tombstone = {"generation": 1, "at": "2026-11-22T05:00:00+00:00"}
    with pytest.raises(errors.Refused, match="has not left"):
        records.reopen(store, AGENCY)
    records.bury(store, AGENCY, tombstone)
    gone = records.standing(store, AGENCY)
    assert (gone.phase, gone.generation) == (tenant.Phase.GONE, 1)
    with pytest.raises(errors.Refused, match="has left"):
        records.refuse_unless_present(gone, AGENCY)
    assert records.reopen(store, AGENCY) == 2
    again = records.standing(store, AGENCY)
    assert (again.phase, again.generation) == (tenant.Phase.PRESENT, 2)
    records.refuse_unless_present(again, AGENCY)
    assert store.kept(AGENCY, "tombstone-1") == tombstone


def test_a_leaving_that_a_killed_run_left_beside_the_tombstone_does_not_come_back(
    store: files.FileStore,
) -> None:
    records.keep(store, AGENCY, steps.Leaving("2026-11-22T05:00:00+00:00"))
    tombstone = {"generation": 1, "at": "2026-11-22T05:00:00+00:00"}
    store.keep(AGENCY, records.TOMBSTONE, tombstone)
    assert records.standing(store, AGENCY).phase is tenant.Phase.GONE
    records.reopen(store, AGENCY)
    assert records.standing(store, AGENCY) == records.Standing(tenant.Phase.PRESENT, 2)


class Leavings(RuleBasedStateMachine):
    """Any order of steps, kills between what is kept, cancelling, waiting and tampering.

    ``done`` is what really happened since this leaving began; destroying without all of it, or
    before its time, is the one thing that must never be.
    """

    @initialize()
    def begin(self) -> None:
        self.folder = tempfile.TemporaryDirectory(dir=MEMORY)
        self.store = files.FileStore(Path(self.folder.name))
        self.today = DAY
        self.number = 0
        self.done: dict[steps.Step, steps.Evidence] = {}
        self.destroyed = False
        self._begin()

    def _begin(self) -> None:
        self.store.record(AGENCY, "leaving-begun")
        self.done = {}
        self.due: date | None = None
        records.keep(self.store, AGENCY, steps.Leaving(begun="2026-11-22"))

    @property
    def of(self) -> steps.Leaving:
        found = records.standing(self.store, AGENCY).leaving
        assert found is not None
        return found

    @precondition(lambda self: not self.destroyed)
    @rule(killed=st.sampled_from(["before", "after the effect", "after the journal", "never"]))
    def next_step(self, killed: str) -> None:
        step = self.of.next
        if step is steps.Step.DESTROY or killed == "before":
            return
        self.number += 1
        until = self.today + timedelta(days=3)
        evidence = proof(step, self.number, until)
        if killed == "after the effect":
            return
        self.store.record(AGENCY, f"{step.value}-ended", evidence=evidence.digest)
        if killed == "after the journal":
            return
        of = self.of.with_evidence(evidence)
        if step is steps.Step.FREEZE:
            self.due = until
            of = replace(of, frozen_on=self.today, retain_until=until)
        records.keep(self.store, AGENCY, of)
        self.done[step] = evidence

    @precondition(lambda self: not self.destroyed)
    @rule(step=st.sampled_from(steps.BEFORE_DESTROY))
    def forge(self, step: steps.Step) -> None:
        """Somebody writes evidence into the record of a step."""
        self.number += 1
        records.keep(self.store, AGENCY, self.of.with_evidence(proof(step, self.number)))
        self.done.pop(step, None)

    @precondition(lambda self: not self.destroyed)
    @rule()
    def backdate(self) -> None:
        """Somebody brings the day forward."""
        records.keep(self.store, AGENCY, replace(self.of, retain_until=DAY))

    @precondition(lambda self: not self.destroyed)
    @rule()
    def cancel_and_begin_again(self) -> None:
        self.store.record(AGENCY, "cancel-ended")
        self.store.forget(AGENCY, records.LEAVING)
        self._begin()

    @rule(days=st.integers(1, 5))
    def wait(self, days: int) -> None:
        self.today += timedelta(days=days)

    @precondition(lambda self: not self.destroyed)
    @rule()
    def destroy(self) -> None:
        now = situation(today=self.today, real_today=self.today)
        if not steps.against_destroying(self.of, self.store.journal(AGENCY), now):
            assert set(self.done) == set(steps.BEFORE_DESTROY)
            assert all(self.of.of(s) == e for s, e in self.done.items())
            assert self.due is not None
            assert self.today >= self.due
            self.destroyed = True

    @invariant()
    def it_can_be_read(self) -> None:
        assert records.standing(self.store, AGENCY).phase is tenant.Phase.FROZEN

    def teardown(self) -> None:
        self.folder.cleanup()


Leavings.TestCase.settings = hypothesis.settings(
    max_examples=60, stateful_step_count=25, deadline=None
)
TestLeavings = Leavings.TestCase
