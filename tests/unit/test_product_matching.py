"""Which states and steps that stand in a product are the wished ones, after hands renamed some."""

from __future__ import annotations

from typing import Any

from onboarding.product_api.mayan import matching

FIELDS: dict[str, Any] = {
    "states": {"draft": True, "signed": False, "numbered": False, "sent": False, "in": False},
    "moves": {
        "sign": {"from": "draft", "to": "signed"},
        "number": {"from": "signed", "to": "numbered"},
        "number unsigned": {"from": "draft", "to": "numbered"},
        "send": {"from": "numbered", "to": "sent"},
        "receive": {"from": "draft", "to": "in"},
    },
}
STATES = {label: number for number, label in enumerate(FIELDS["states"], 1)}
MOVES = {label: number for number, label in enumerate(FIELDS["moves"], 11)}


def matched(
    states: dict[int, str] | None = None, moves: dict[int, tuple[str, int, int]] | None = None
) -> matching.Match:
    """The wished workflow as it was made, but for what is called or leads otherwise now."""
    called = {number: label for label, number in STATES.items()} | (states or {})
    lead = {
        MOVES[label]: (label, STATES[move["from"]], STATES[move["to"]])
        for label, move in FIELDS["moves"].items()
    } | (moves or {})
    told = {
        f"{label} {number}": {
            "id": number, "label": label, "origin_state": {"id": here},
            "destination_state": {"id": there},
        }
        for number, (label, here, there) in lead.items()
    }  # fmt: skip
    return matching.match(FIELDS, {n: {"label": label} for n, label in called.items()}, told)


def found(one: matching.Match) -> bool:
    return one.states == STATES and one.moves == MOVES and one.beside == []


def test_what_is_as_wished_is_found() -> None:
    assert found(matched())


def test_a_renamed_state_is_known_by_the_steps_to_and_from_it() -> None:
    assert found(matched({3: "waiting"}))
    assert found(matched({5: "arrived"}))


def test_a_renamed_step_is_known_by_its_way() -> None:
    assert found(matched(moves={11: ("approve", 1, 2)}))
    # Two that exchanged their names are each what they were.
    assert found(matched(moves={11: ("send", 1, 2), 14: ("sign", 3, 4)}))


def test_a_step_that_leads_elsewhere_is_known_by_its_name() -> None:
    assert found(matched(moves={15: ("receive", 1, 4)}))


def test_a_step_and_its_state_that_were_both_renamed_are_known_by_what_is_around_them() -> None:
    assert found(matched({4: "posted"}, {14: ("post", 3, 4)}))
    assert found(matched({3: "filed"}, {12: ("file", 2, 3), 13: ("file unsigned", 1, 3)}))


def test_what_could_be_several_is_none() -> None:
    both = matched({2: "x", 5: "y"}, {11: ("to x", 1, 2), 12: ("on", 2, 3), 15: ("to y", 1, 5)})
    # Only one of the two leads on to where "number" leads.
    assert both.states["signed"] == 2
    apart = matched({2: "x", 5: "y"}, {11: ("to x", 1, 2), 12: ("on", 4, 3), 15: ("to y", 1, 5)})
    assert {"signed", "in"} & apart.states.keys() == set()
    assert {"x", "y", "to x 11", "to y 15"} <= set(apart.beside)


def test_what_a_hand_made_is_beside() -> None:
    one = matched({9: "parked"}, {19: ("park", 1, 9), 20: ("sign", 1, 1)})
    assert (one.states, one.moves) == (STATES, MOVES)
    assert one.beside == ["parked", "park 19", "sign 20"]
