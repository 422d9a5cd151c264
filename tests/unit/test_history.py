"""History: a journal as runs and acts, nothing of it left out."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import history
from onboarding.report import history as report
from onboarding.state import interface


def journal(*events: tuple[str, dict[str, Any]]) -> list[interface.Entry]:
    return [
        interface.Entry(f"2026-11-22T10:00:{n:02}.000+00:00", event, details)
        for n, (event, details) in enumerate(events)
    ]


CHANGE = {"ref": "vault_pki Mount a", "action": "create"}
RUN: tuple[tuple[str, dict[str, Any]], ...] = (
    ("apply-begun", {"digest": "d" * 64, "changes": 2, "by": "ploy@host", "commit": "c" * 40}),
    ("engine-begun", {"engine": "vault_pki", "changes": 2}),
    ("change-begun", CHANGE),
    ("change-ended", {**CHANGE, "status": "applied"}),
)


def test_a_run_is_one_line_with_who_what_and_from_where() -> None:
    (act,) = history.acts("moph", journal(*RUN, ("apply-ended", {"digest": "d" * 64})))
    assert (act.what, act.outcome, act.by, act.plan) == ("apply", "done", "ploy@host", "d" * 64)
    assert (act.commit, act.statuses(), act.ended[:19]) == (
        "c" * 40,
        {"applied": 1},
        "2026-11-22T10:00:04",
    )
    assert report.text([act]) == (
        "2026-11-22T10:00:00Z  moph  apply  done, 1 applied  "
        "(by ploy@host, plan dddddddddddd, commit cccccccccccc)"
    )


@pytest.mark.parametrize(
    ("last", "outcome"),
    [("apply-failed", "failed"), ("apply-interrupted", "interrupted"), (None, history.NOT_ENDED)],
)
def test_a_run_says_how_it_ended(last: str | None, outcome: str) -> None:
    ends: tuple[tuple[str, dict[str, Any]], ...] = ((last, {}),) if last else ()
    (act,) = history.acts("moph", journal(*RUN, *ends))
    assert act.outcome == outcome


def test_a_killed_run_and_the_one_that_goes_on_are_two() -> None:
    killed, done = history.acts("moph", journal(*RUN[:3], *RUN, ("apply-ended", {})))
    assert (killed.outcome, killed.statuses()) == (history.NOT_ENDED, {"begun": 1})
    assert (done.outcome, done.statuses()) == ("done", {"applied": 1})


JOINED = ("rejoin-begun", {"generation": 2})


@pytest.mark.parametrize(
    ("then", "outcome", "ended"),
    [
        ((("rejoin-ended", {"generation": 2}),), "done", "2026-11-22T10:00:01.000+00:00"),
        # Written before a rejoining had an end of its own: nothing is applied during one.
        (RUN, "done", ""),
        ((("paused", {"reason": "audit"}),), history.NOT_ENDED, ""),
        ((), history.NOT_ENDED, ""),
    ],
)
def test_a_rejoining_has_ended_where_it_says_so_or_an_apply_was_let_in(
    then: tuple[tuple[str, dict[str, Any]], ...], outcome: str, ended: str
) -> None:
    act = history.acts("moph", journal(JOINED, *then))[0]
    assert (act.what, act.outcome, act.ended) == ("rejoin", outcome, ended)
    assert report.text([act]) == f"2026-11-22T10:00:00Z  moph  rejoin  {outcome}"


def test_a_leaving_that_was_given_up_is_not_one_that_goes_on() -> None:
    events = ("leaving-begun", "freeze-ended", "cancel-begun", "cancel-ended")
    acts = history.acts("moph", journal(*((event, {}) for event in events)))
    assert [(a.what, a.outcome) for a in acts] == [
        ("leaving", "cancelled"),
        ("freeze-ended", ""),
        ("cancel", "done"),
    ]


def test_the_verification_after_a_run_stands_in_its_line_a_later_one_in_its_own() -> None:
    verified = ("verified", {"ready": False, "fail": 2, "pass": 9, "unknown": 0})
    run, later = history.acts("moph", journal(*RUN, ("apply-ended", {}), verified, verified))
    assert run.ready is False
    assert report.text([run, later]) == (
        "2026-11-22T10:00:00Z  moph  apply     done, 1 applied, not ready"
        "  (by ploy@host, plan dddddddddddd, commit cccccccccccc)\n"
        "2026-11-22T10:00:06Z  moph  verified  not ready, 2 fail, 9 pass"
    )


def test_an_event_that_nobody_described_is_shown_with_everything_it_says() -> None:
    (act,) = history.acts("moph", journal(("certificate-issued", {"signer": "ps", "serial": "4a"})))
    assert report.text([act]) == (
        "2026-11-22T10:00:00Z  moph  certificate-issued  signer ps, serial 4a"
    )


def test_a_change_outside_of_any_run_is_not_lost() -> None:
    (act,) = history.acts("moph", journal(("change-ended", {**CHANGE, "status": "applied"})))
    assert (act.what, act.details["ref"]) == ("change-ended", CHANGE["ref"])


def test_verbose_has_every_change_below_its_run() -> None:
    acts = history.acts("moph", journal(*RUN, ("apply-ended", {"applied": 1})))
    assert report.text(acts, verbose=True).splitlines()[1:] == [
        "    changes: 2",
        "    applied: 1",
        f"    plan: sha256:{'d' * 64}",
        "    10:00:02Z  applied        create  vault_pki Mount a",
    ]


def test_since_is_a_day() -> None:
    acts = history.acts("moph", journal(("verified", {"ready": True})))
    assert list(history.since(acts, "2026-11-22")) == list(acts)
    assert list(history.since(acts, "2026-11-23")) == []
