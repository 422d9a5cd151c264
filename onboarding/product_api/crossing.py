"""Whether a body of a pooled instance reaches letters of another one: tries, and what they say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MARK = "onboardprobe"
"""Begins the names of all accounts and letters that probes make, so that none is taken for
another's and what a killed probe left is found again."""

SHOULD_REACH = frozenset({"list", "read", "file", "download", "search"})
"""What staff must be able to do with their own letters: where they are not, a refusal to others
proves nothing."""


@dataclass(frozen=True, slots=True)
class Try:
    """What came of one try of a clerk of the body ``by`` on the letter of the body ``of``.

    ``reached``: None where no answer of the product itself said so, for the reason ``why``.
    """

    by: str
    of: str
    what: str
    reached: bool | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Crossed:
    """What all tries say: ``breaches`` and what stays ``unknown``, each as a line; ``refused``
    counts the tries that were refused to the other body and shown possible for one's own, and
    ``pairs`` who tried something on whose letter, both ways counted."""

    breaches: tuple[str, ...]
    unknown: tuple[str, ...]
    refused: int
    pairs: int


def pairs(bodies: Sequence[str]) -> list[tuple[str, str]]:
    """Each body with itself, and with the one before it: where every single way is tried, so that
    the requests grow with the number of bodies and not with its square."""
    if len(bodies) < 2:
        return [(body, body) for body in bodies]
    return [pair for n, by in enumerate(bodies) for pair in ((by, by), (by, bodies[n - 1]))]


def judge(tries: Iterable[Try]) -> Crossed:
    """Raises nothing: no try at all is nothing refused."""
    seen = list(tries)
    own = {(t.of, t.what): t.reached for t in seen if t.by == t.of}
    breaches, unknown, refused = [], [], 0
    for one in seen:
        line = f"{one.by} on a letter of {one.of}: {one.what}"
        why = one.why or "no answer"
        possible = own.get((one.of, one.what))
        if one.by == one.of:
            if one.what in SHOULD_REACH and not one.reached:
                why = why if one.reached is None else "refused"
                unknown.append(f"{line}: its own staff do not reach it ({why})")
        elif one.reached:
            breaches.append(line)
        elif one.reached is None:
            unknown.append(f"{line}: {why}")
        elif possible or one.what not in SHOULD_REACH:
            refused += 1
    between = {(one.by, one.of) for one in seen if one.by != one.of}
    return Crossed(tuple(breaches), tuple(unknown), refused, len(between))
