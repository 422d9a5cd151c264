"""History: what was done with an agency, run by run, out of its journal. Pure.

A run is what stands between ``<verb>-begun`` and ``<verb>-ended``, ``-failed`` or
``-interrupted``; every other event is an act of its own. Events that this module does not know
are shown as they are: nothing that the journal holds is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onboarding.state import interface

_STEP_BEGUN, _STEP_ENDED = "change-begun", "change-ended"
_PART = "engine"
"""Parts of a run: what they did stands in the changes."""
_ENDS = {"ended": "done", "failed": "failed", "interrupted": "interrupted"}
_ENDS_ANOTHER = {"apply-begun": ("rejoin", "done"), "cancel-ended": ("leaving", "cancelled")}
"""Events that end a run of another verb: no apply is let in before an agency has joined again."""
NOT_ENDED = "not ended"
"""The outcome of a run whose end was never written: it goes on still, or was killed."""
_TOLD = ("by", "commit", "digest", "purpose")


@dataclass(slots=True)
class Step:
    """One change of a run: ``status`` is ``begun`` where its end was never written."""

    at: str
    ref: str
    action: str
    status: str


@dataclass(slots=True)
class Act:
    """One line of history. Times are UTC, ISO 8601; ``ended`` is "" for what has no duration.

    ``details`` is everything else that the journal says about it.
    """

    tenant: str
    at: str
    what: str
    outcome: str = ""
    ended: str = ""
    by: str = ""
    commit: str = ""
    plan: str = ""
    purpose: str = ""
    ready: bool | None = None
    """What the verification right after the run found; None where there was none."""
    details: dict[str, Any] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    @property
    def is_run(self) -> bool:
        return bool(self.outcome)

    def statuses(self) -> dict[str, int]:
        """How many changes ended how."""
        found: dict[str, int] = {}
        for step in self.steps:
            found[step.status] = found.get(step.status, 0) + 1
        return found


def acts(tenant: str, journal: Iterable[interface.Entry]) -> tuple[Act, ...]:
    """Everything that was done with an agency, oldest first."""
    made: list[Act] = []
    running: dict[str, Act] = {}
    for entry in journal:
        verb, _, state = entry.event.rpartition("-")
        other, outcome = _ENDS_ANOTHER.get(entry.event, ("", ""))
        if other in running:
            running.pop(other).outcome = outcome
        if verb == _PART and running:
            continue
        if entry.event in (_STEP_BEGUN, _STEP_ENDED) and running:
            _step(next(reversed(running.values())), entry)
        elif state == "begun":
            running.pop(verb, None)
            what = str(entry.details.get("purpose") or "") if verb == "apply" else ""
            running[verb] = _act(tenant, entry, what or verb, NOT_ENDED)
            made.append(running[verb])
        elif state in _ENDS and verb in running:
            act = running.pop(verb)
            act.outcome, act.ended = _ENDS[state], entry.at
            act.details.update(_rest(entry.details))
        elif entry.event == "verified" and made and _was_applied(made[-1]):
            made[-1].ready = bool(entry.details.get("ready"))
        else:
            made.append(_act(tenant, entry, entry.event, ""))
    return tuple(made)


def since(listed: Iterable[Act], day: str) -> Iterator[Act]:
    """Those that began on ``day`` (``YYYY-MM-DD``, UTC) or later."""
    return (act for act in listed if act.at[:10] >= day)


def _was_applied(act: Act) -> bool:
    return act.what == "apply" and act.outcome == "done" and act.ready is None


def _act(tenant: str, entry: interface.Entry, what: str, outcome: str) -> Act:
    told = {name: str(entry.details.get(name) or "") for name in _TOLD}
    return Act(
        tenant,
        entry.at,
        what,
        outcome,
        by=told["by"] or entry.by,
        commit=told["commit"],
        plan=told["digest"],
        purpose=told["purpose"],
        details=_rest(entry.details),
    )


def _rest(details: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in details.items() if name not in _TOLD}


def _step(act: Act, entry: interface.Entry) -> None:
    ref, action = str(entry.details.get("ref")), str(entry.details.get("action"))
    if entry.event == _STEP_BEGUN:
        act.steps.append(Step(entry.at, ref, action, "begun"))
        return
    status = str(entry.details.get("status"))
    for step in reversed(act.steps):
        if step.ref == ref and step.status == "begun":
            step.status = status
            return
    act.steps.append(Step(entry.at, ref, action, status))
