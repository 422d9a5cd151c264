"""Findings of DOC-008 and DOC-009 out of what a check of the exchange showed."""

from __future__ import annotations

from collections.abc import Sequence

from onboarding import policy
from onboarding.ecms import exercise
from onboarding.policies import doc_table, judge, table

BASIS = "live"
_ROUND_TRIP = (
    exercise.QUEUE,
    exercise.SENT,
    exercise.RECEIVED,
    exercise.SIGNATURE,
    exercise.ACCEPTED,
)


def findings(
    agency: str, address: str, notifiers: Sequence[str], seen: exercise.Seen
) -> tuple[policy.Finding, ...]:
    """One finding for each check; one that was not reached is unknown."""
    return tuple(
        _finding(
            agency,
            _control(name),
            policy.Result(*_ended(name, seen, address), basis=BASIS)
            if name in seen.checks
            else judge.unknown(_subject(name, address), _why(seen)),
        )
        for name in exercise.checks(notifiers)
    )


def unseen(agency: str, why: str) -> tuple[policy.Finding, ...]:
    """Both controls unknown: nothing was sent."""
    return tuple(
        _finding(agency, control, judge.unknown("letter exchange", why)) for control in controls()
    )


def not_agreed(agency: str, why: str) -> tuple[policy.Finding, ...]:
    """Both controls not applicable."""
    return tuple(
        _finding(agency, control, judge.not_applicable(agency, why)) for control in controls()
    )


def elsewhere(agency: str, agreed: str, address: str) -> tuple[policy.Finding, ...]:
    """The manifest names another exchange than the environment: nothing was sent to either."""
    account, letter = controls()
    named = judge.fails("letter exchange", agreed, f"{address}, the exchange of the environment")
    return (
        _finding(agency, account, named),
        _finding(agency, letter, judge.unknown("letter exchange", "nothing was sent")),
    )


def controls() -> tuple[policy.Control, policy.Control]:
    """Of the account, and of a letter that goes round."""
    return table.get("DOC-008"), doc_table.ROUND_TRIP


def _control(name: str) -> policy.Control:
    account, letter = controls()
    return letter if name in _ROUND_TRIP else account


def _subject(name: str, address: str) -> str:
    return f"{name} {address}" if name == exercise.ENDPOINT else name


def _ended(name: str, seen: exercise.Seen, address: str) -> tuple[policy.Verdict, str, str]:
    verdict, text = seen.checks[name]
    return verdict, _subject(name, address), text


def _why(seen: exercise.Seen) -> str:
    stopped = [n for n, (verdict, _) in seen.checks.items() if verdict is not policy.Verdict.PASS]
    return f"not reached: the check ended at {stopped[0]}" if stopped else "not reached"


def _finding(agency: str, control: policy.Control, result: policy.Result) -> policy.Finding:
    return policy.Finding(control, agency, policy.Stage.LIVE, result)
