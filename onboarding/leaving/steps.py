"""The steps of a leaving, in their order, and what must be true before each. Pure.

freeze -> revoke -> export -> (retain) -> destroy. A step is done when its evidence is kept, and
its evidence counts only as long as the journal, which is written once and never changed, says the
same. Until destroying has begun, everything but the revoked certificates can be had back.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any

from onboarding import item, tenant
from onboarding.state import interface as state


class Step(StrEnum):
    FREEZE = "freeze"
    REVOKE = "revoke"
    EXPORT = "export"
    DESTROY = "destroy"


BEFORE_DESTROY = (Step.FREEZE, Step.REVOKE, Step.EXPORT)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What proves that a step was done: JSON values, no secret. ``at`` is UTC, ISO 8601."""

    step: Step
    at: str
    by: str
    facts: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return item.content_hash(to_json(self))


@dataclass(frozen=True, slots=True)
class Destruction:
    """What was approved to be destroyed, once the first of it is about to be.

    ``refs`` are all of it: a run that was stopped may go on with what is left of them, and with
    nothing else.
    """

    digest: str
    refs: tuple[str, ...]
    approval: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Leaving:
    """Where the leaving of one agency stands. ``retain_until`` is known once it is frozen."""

    begun: str
    frozen_on: date | None = None
    retain_until: date | None = None
    evidence: tuple[Evidence, ...] = ()
    cancelling: bool = False
    destruction: Destruction | None = None

    def of(self, step: Step) -> Evidence | None:
        return next((e for e in self.evidence if e.step is step), None)

    @property
    def next(self) -> Step:
        """The first step without evidence."""
        return next((s for s in BEFORE_DESTROY if self.of(s) is None), Step.DESTROY)

    @property
    def phase(self) -> tenant.Phase:
        if self.destruction is not None:
            return tenant.Phase.GONE
        return tenant.Phase.PRESENT if self.cancelling else tenant.Phase.FROZEN

    def with_evidence(self, new: Evidence) -> Leaving:
        return replace(self, evidence=(*(e for e in self.evidence if e.step is not new.step), new))


@dataclass(frozen=True, slots=True)
class Situation:
    """What destroying depends on beside the evidence, each as it is right now.

    ``damage``: what is wrong with the export; ``unread``: systems whose records cannot be read.
    """

    today: date
    real_today: date
    production: bool
    production_allowed: bool
    peers: tuple[str, ...] = ()
    damage: tuple[str, ...] = ()
    certificates: tuple[str, ...] = ()
    """Certificates that could still be used."""


def altered(of: Leaving, journal: Iterable[state.Entry]) -> tuple[str, ...]:
    """Why the evidence of the steps before destroying does not count; nothing where it does.

    Only what the journal says since this leaving began counts: an earlier one may have been
    cancelled.
    """
    told: dict[str, str] = {}
    for entry in journal:
        if entry.event == "leaving-begun":
            told.clear()
        elif entry.event.endswith("-ended") and "evidence" in entry.details:
            told[entry.event.removesuffix("-ended")] = str(entry.details["evidence"])
    wrong = []
    for step in BEFORE_DESTROY:
        kept = of.of(step)
        if kept is None:
            wrong.append(f"{step.value}: there is no evidence that it was done")
        elif told.get(step.value) != kept.digest:
            wrong.append(f"{step.value}: its evidence is not what the journal says")
    frozen = of.of(Step.FREEZE)
    if frozen is not None and _day(frozen.facts.get("retainUntil")) != of.retain_until:
        wrong.append("freeze: the day until which records are kept is not the one it proves")
    return tuple(wrong)


def against_destroying(of: Leaving, journal: Sequence[state.Entry], now: Situation) -> list[str]:
    """Everything that forbids to destroy, as lines for a person; empty where nothing does."""
    why = list(altered(of, journal))
    why += [f"export: {line}" for line in now.damage]
    why += [f"{line} could still be used to sign" for line in now.certificates]
    if of.retain_until is None:
        why.append("nobody has determined until when the records are kept")
    elif now.today < of.retain_until:
        why.append(f"the records are kept until {of.retain_until}; today is {now.today}")
    why += [
        f"{peer} still declares a link with this agency: its manifest has to give it up first"
        for peer in now.peers
    ]
    if now.production and not now.production_allowed:
        why.append("this is production: add --production to say that you mean it")
    if now.production and now.today != now.real_today:
        why.append(f"--as-of does not count in production: today is {now.real_today}")
    return why


def may_go_on(of: Leaving, journal: Iterable[state.Entry], refs: Iterable[str]) -> bool:
    """Whether what is left to destroy was approved when destroying began, as the journal says."""
    if of.destruction is None or not set(refs) <= set(of.destruction.refs):
        return False
    told = [e.details.get("evidence") for e in journal if e.event == "destroy-begun"]
    return bool(told) and told[-1] == item.content_hash(to_json(of.destruction))


def to_json(of: Leaving | Evidence | Destruction) -> dict[str, Any]:
    """As a document of the state store holds it."""
    match of:
        case Evidence():
            return {"step": of.step.value, "at": of.at, "by": of.by, "facts": dict(of.facts)}
        case Destruction():
            return {"digest": of.digest, "refs": [*of.refs], "approval": dict(of.approval)}
        case Leaving():
            return {
                "begun": of.begun,
                "frozenOn": of.frozen_on.isoformat() if of.frozen_on else None,
                "retainUntil": of.retain_until.isoformat() if of.retain_until else None,
                "evidence": [to_json(e) for e in of.evidence],
                "cancelling": of.cancelling,
                "destruction": to_json(of.destruction) if of.destruction else None,
            }


def from_json(document: Mapping[str, Any]) -> Leaving:
    """The inverse of ``to_json`` for a whole leaving."""
    destruction = document["destruction"]
    return Leaving(
        begun=document["begun"],
        frozen_on=_day(document["frozenOn"]),
        retain_until=_day(document["retainUntil"]),
        evidence=tuple(
            Evidence(Step(e["step"]), e["at"], e["by"], e["facts"]) for e in document["evidence"]
        ),
        cancelling=document["cancelling"],
        destruction=Destruction(
            destruction["digest"], tuple(destruction["refs"]), destruction["approval"]
        )
        if destruction
        else None,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
