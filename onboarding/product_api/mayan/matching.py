"""Which states and steps of a workflow are which of the wished ones, whatever they are called now.

Mayan tells of a letter by the number of a state or step: one that was renamed must get its name
back. Made anew beside it, it would have no letters, and what was told would stay with the old one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

_ENDS = ("from", "to")


@dataclass(frozen=True, slots=True)
class Move:
    """A step as it stands there; ``ends``: the numbers of the states from and to which it leads.

    ``said``: its label, and where that stands there more than once also its way.
    """

    number: int
    label: str
    said: str
    ends: tuple[int, int]


_Rule = Callable[[str, Mapping[str, Any], Move], bool]
"""Whether what is there is the step that is wished by this label."""


@dataclass(slots=True)
class Match:
    """Number by wished label, of what there is; ``*_beside`` are all others by number."""

    states: dict[str, int]
    states_beside: dict[int, str]
    moves: dict[str, int] = field(default_factory=dict)
    moves_beside: dict[int, Move] = field(default_factory=dict)

    @property
    def beside(self) -> list[str]:
        """What nobody wished, by label."""
        return [*self.states_beside.values(), *(m.said for m in self.moves_beside.values())]

    def leads(self, want: Mapping[str, Any], move: Move) -> bool:
        """Whether both ends are the wished ones."""
        return all(
            self.states.get(want[end]) == number
            for end, number in zip(_ENDS, move.ends, strict=True)
        )

    def may_lead(self, want: Mapping[str, Any], move: Move) -> bool:
        """Whether one end is the wished one, and the other too or it may have been renamed."""
        known = [self.states.get(want[end]) for end in _ENDS]
        return any(number is not None for number in known) and all(
            number in self.states_beside if have is None else have == number
            for have, number in zip(known, move.ends, strict=True)
        )

    def take(self, label: str, want: Mapping[str, Any], move: Move) -> None:
        """It is this one; an end of it that has another name is the wished state."""
        self.moves[label] = move.number
        del self.moves_beside[move.number]
        for end, number in zip(_ENDS, move.ends, strict=True):
            if want[end] not in self.states and number in self.states_beside:
                self.states[want[end]] = number
                del self.states_beside[number]


def match(
    fields: Mapping[str, Any],
    states: Mapping[int, Mapping[str, Any]],
    moves: Mapping[str, Mapping[str, Any]],
) -> Match:
    """``fields``: of the workflow that is wished; ``states`` by number and ``moves`` by what is
    said of them, as Mayan tells them."""
    wished = fields["states"]
    found = Match(
        {s["label"]: number for number, s in states.items() if s["label"] in wished},
        {number: s["label"] for number, s in states.items() if s["label"] not in wished},
        moves_beside={
            m["id"]: Move(
                m["id"], m["label"], said, (m["origin_state"]["id"], m["destination_state"]["id"])
            )
            for said, m in sorted(moves.items(), key=lambda one: int(one[1]["id"]))
        },
    )
    _by(lambda label, want, move: move.label == label and found.leads(want, move), found, fields)
    _by(lambda _, want, move: found.leads(want, move), found, fields)
    _by(lambda label, _, move: move.label == label, found, fields)
    _by(lambda _, want, move: found.may_lead(want, move), found, fields, alone=True)
    return found


def _by(rule: _Rule, found: Match, fields: Mapping[str, Any], *, alone: bool = False) -> None:
    """As often as it finds one: a step that was found may tell which its states are.

    With ``alone`` only where no other step could be meant.
    """
    before = -1
    while before < len(found.moves):
        before = len(found.moves)
        for label, want in fields["moves"].items():
            left = {k: w for k, w in fields["moves"].items() if k not in found.moves}
            fit = [m for m in found.moves_beside.values() if label in left and rule(label, want, m)]
            sure = len(fit) == 1 and sum(rule(k, w, fit[0]) for k, w in left.items()) == 1
            if fit and (sure or not alone):
                found.take(label, want, fit[0])
