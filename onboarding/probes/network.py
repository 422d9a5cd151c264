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
    """What is tried. ``control`` is "" for what only shows that the pod has a network at all.

    ``absent``: why there is nothing to try where ``host`` is "".
    """

    what: str
    host: str
    port: int
    control: str
    allowed: bool = False
    absent: str = "nobody answers for it on a real node"

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

    That something was not reached proves nothing where the pod had reached nothing at all by then.
    """
    for one in tried:
        if one.target.control:
            beside = anchors(one, tried)
            verdict, seen = _verdict(one, beside)
            subject = f"{namespace} to {one.target.what}"
            evidence = _evidence(namespace, one, beside)
            yield one.target.control, policy.Result(verdict, subject, seen, evidence, BASIS)


def anchors(one: Tried, tried: Sequence[Tried]) -> list[Tried]:
    """What showed that the pod had a network when this was tried: allowed, and reached no later."""
    return [
        t
        for t in tried
        if t.target.allowed and t.came is Came.REACHED and t.at and one.at and t.at <= one.at
    ]


def _verdict(one: Tried, beside: Sequence[Tried]) -> tuple[policy.Verdict, str]:
    if one.came is Came.UNSEEN:
        return policy.Verdict.UNKNOWN, one.why
    reached = one.came is Came.REACHED
    where = f"{one.target.host}:{one.target.port} was {one.came.value}"
    if reached is not one.target.allowed:
        expected = "it is declared" if one.target.allowed else "nothing allows it"
        return policy.Verdict.FAIL, f"{where}, and {expected}"
    if not reached and not beside:
        return policy.Verdict.UNKNOWN, f"{where}, nor was by then anything that is allowed"
    other = "" if reached else f"; {beside[0].target.what} was"
    return policy.Verdict.PASS, where + other


def _evidence(namespace: str, one: Tried, beside: Sequence[Tried]) -> dict[str, object]:
    return {
        "from": f"a pod in {namespace}",
        "asked": f"TCP {one.target.host}:{one.target.port}",
        "at": one.at.isoformat() if one.at else None,
        "came": one.came.value,
        "reachedBeside": [str(anchor.target) for anchor in beside],
    }


def unseen(targets: Sequence[Target], why: str) -> tuple[Tried, ...]:
    """Nothing was tried."""
    return tuple(Tried(one, Came.UNSEEN, why=why) for one in targets)
