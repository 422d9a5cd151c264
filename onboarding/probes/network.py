"""Probe: what a pod of an agency reaches, and must not (NET-001, NET-005, NET-008, XCH-005)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from onboarding import policy

BASIS = "live"
DENIED, FOREIGN, METADATA, LINK = "NET-001", "NET-005", "NET-008", "XCH-005"
CONTROLS = (DENIED, FOREIGN, METADATA)
"""What every namespace is asked for; a link only where one is declared."""


@dataclass(frozen=True, slots=True)
class Target:
    """What is tried. ``control`` is "" for what only shows that the pod has a network at all."""

    what: str
    host: str
    port: int
    control: str
    allowed: bool = False

    def __str__(self) -> str:
        return f"{self.what} ({self.host}:{self.port})"


class Came(StrEnum):
    """What came of trying to connect."""

    REACHED = "reached"
    NOT_REACHED = "not reached"
    UNSEEN = "not seen"


@dataclass(frozen=True, slots=True)
class Tried:
    """``at``: when the try that counts began; None where there was none, for the reason ``why``."""

    target: Target
    came: Came
    at: datetime | None = None
    why: str = ""


def judged(namespace: str, tried: Sequence[Tried]) -> Iterator[tuple[str, policy.Result]]:
    """A result for each target with a control, beside that control's id.

    That something was not reached proves nothing where the pod reached nothing at all.
    """
    anchors = [t for t in tried if t.target.allowed and t.came is Came.REACHED]
    for one in tried:
        if one.target.control:
            verdict, seen = _verdict(one, anchors)
            subject = f"{namespace} to {one.target.what}"
            evidence = _evidence(namespace, one, anchors)
            yield one.target.control, policy.Result(verdict, subject, seen, evidence, BASIS)


def _verdict(one: Tried, anchors: Sequence[Tried]) -> tuple[policy.Verdict, str]:
    if one.came is Came.UNSEEN:
        return policy.Verdict.UNKNOWN, one.why
    reached = one.came is Came.REACHED
    where = f"{one.target.host}:{one.target.port} was {one.came.value}"
    if reached is not one.target.allowed:
        expected = "it is declared" if one.target.allowed else "nothing allows it"
        return policy.Verdict.FAIL, f"{where}, and {expected}"
    if not reached and not anchors:
        return policy.Verdict.UNKNOWN, f"{where}, nor was anything that is allowed"
    beside = "" if reached else f"; {anchors[0].target.what} was"
    return policy.Verdict.PASS, where + beside


def _evidence(namespace: str, one: Tried, anchors: Sequence[Tried]) -> dict[str, object]:
    return {
        "from": f"a pod in {namespace}",
        "asked": f"TCP {one.target.host}:{one.target.port}",
        "at": one.at.isoformat() if one.at else None,
        "came": one.came.value,
        "reachedBeside": [str(anchor.target) for anchor in anchors],
    }


def unseen(targets: Sequence[Target], why: str) -> tuple[Tried, ...]:
    """Nothing was tried."""
    return tuple(Tried(one, Came.UNSEEN, why=why) for one in targets)
