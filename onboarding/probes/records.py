"""What probes make, in an agency's journal, so that a crash leaves none of it behind.

Each run writes ``probe-begun`` with what it is about to make before the first is made, and
``probe-ended`` with those that are gone.
"""

from __future__ import annotations

from collections.abc import Iterable

from onboarding import actor
from onboarding.state import interface

_BEGUN = "probe-begun"
_ENDED = "probe-ended"

PODS, OFFICES = "pods", "offices"
"""What is made: a pod, or accounts and letters in an e-Office, whose name is how theirs begin."""

Pod = tuple[str, str]
"""Namespace and name."""


def begin(store: interface.StateStore, agency: str, made: Iterable[Pod], what: str = PODS) -> None:
    details = {what: [list(one) for one in made]}
    store.record(agency, _BEGUN, **details, by=actor.name())


def end(store: interface.StateStore, agency: str, gone: Iterable[Pod]) -> None:
    store.record(agency, _ENDED, gone=[list(pod) for pod in gone])


def left(store: interface.StateStore, agency: str, what: str = PODS) -> tuple[Pod, ...]:
    """Those that earlier runs began to make and that were not seen to go."""
    begun: dict[Pod, None] = {}
    for entry in store.journal(agency):
        if entry.event == _BEGUN:
            begun |= dict.fromkeys(_pods(entry.details.get(what, ())))
        elif entry.event == _ENDED:
            for pod in _pods(entry.details["gone"]):
                begun.pop(pod, None)
    return tuple(begun)


def _pods(listed: Iterable[tuple[str, str]]) -> Iterable[Pod]:
    return ((namespace, name) for namespace, name in listed)
