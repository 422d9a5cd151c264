"""The synthetic letters of an agency in its journal, so that a crash leaves none behind.

Each run writes ``exchange-begun`` with its letters before the first is sent, and ``exchange-ended``
with those that are gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from onboarding import actor
from onboarding.ecms import exercise, messages
from onboarding.state import interface

_BEGUN = "exchange-begun"
_ENDED = "exchange-ended"


def begin(
    store: interface.StateStore, agency: str, address: str, letters: Sequence[messages.Letter]
) -> None:
    store.record(
        agency,
        _BEGUN,
        address=address,
        letters=[_json(letter) for letter in letters],
        by=actor.name(),
    )


def end(store: interface.StateStore, agency: str, address: str, seen: exercise.Seen) -> None:
    store.record(
        agency,
        _ENDED,
        address=address,
        gone=[letter.id for letter in seen.gone],
        left=sorted(seen.left),
        verdicts={name: verdict.value for name, (verdict, _) in seen.checks.items()},
    )


def earlier(
    store: interface.StateStore, agency: str, address: str
) -> tuple[frozenset[str], tuple[messages.Letter, ...]]:
    """The ids of all letters that were begun at an exchange, and those not seen to go."""
    begun: dict[str, messages.Letter] = {}
    gone: set[str] = set()
    for entry in store.journal(agency):
        if entry.details.get("address") != address:
            continue
        if entry.event == _BEGUN:
            begun |= {value["id"]: _letter(value) for value in entry.details["letters"]}
        elif entry.event == _ENDED:
            gone |= set(entry.details["gone"])
    left = tuple(letter for name, letter in begun.items() if name not in gone)
    return frozenset(begun), left


def _json(letter: messages.Letter) -> dict[str, str]:
    return {
        "id": letter.id,
        "day": letter.day.isoformat(),
        "ministry": letter.ministry,
        "department": letter.department,
    }


def _letter(value: dict[str, Any]) -> messages.Letter:
    return messages.Letter(
        value["id"], date.fromisoformat(value["day"]), value["ministry"], value["department"]
    )
