"""The steps of a letter as Mayan EDMS holds them; reads only.

What was not wished is told by name: every action that is not one of ours to the letter, every step
that is taken by itself, and every other workflow of the same letters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from onboarding.product_api.mayan import ids
from onboarding.product_api.mayan.api import Api

Found = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Numbers:
    """Mayan's own numbers of things: ``organisations`` and ``registers`` by name, and of the field
    that holds a letter's number."""

    organisations: Mapping[str, int]
    registers: Mapping[str, int]
    letter_number: int


def base(one: Mapping[str, Any]) -> str:
    return f"/workflow_templates/{one['id']}"


def take_number(register: str, sequence: int, kind: int) -> Found:
    """The action by which letters of one document type take a number. Actions run in the order of
    their labels: a number is taken, then written on the letter."""
    return {
        "label": f"1 {register}",
        "when": ids.ON_ENTRY,
        "enabled": True,
        "backend_path": ids.TAKE_NUMBER,
        "backend_data": {"sequence": sequence, "value_store_name": ids.STORED_AS},
        "condition": ids.for_type(kind),
    }


def write_number(metadata_type: int) -> Found:
    """The action that writes the number that was taken on the letter."""
    return {
        "label": "2 letter_number",
        "when": ids.ON_ENTRY,
        "enabled": True,
        "backend_path": ids.WRITE_FIELD,
        "backend_data": {"metadata_type": metadata_type, "value": ids.NUMBER_OF_YEAR},
        "condition": "",
    }


def as_written(action: Mapping[str, Any]) -> Found:
    """An action in the form of the two above."""
    plain = {key: action[key] for key in ("label", "when", "enabled", "backend_path")}
    said = {"backend_data": ids.arguments(action), "condition": ids.condition(action)}
    return {**plain, **said}


def workflow(api: Api, one: Mapping[str, Any], numbers: Numbers) -> Found:
    """All but its rights and the other workflows of its letters."""
    at = base(one)
    states = list(api.every(f"{at}/states/"))
    moving = moves(api, at)
    taken, written, others = _actions(api, at, states, numbers)
    of_type = {number: name for name, number in numbers.organisations.items()}
    return {
        "label": one["label"],
        "startsByItself": one["auto_launch"],
        "states": {state["label"]: state["initial"] for state in states},
        "moves": {
            label: {
                "from": move["origin_state"]["label"],
                "to": move["destination_state"]["label"],
                "only": ids.letter_types_in(ids.condition(move)),
            }
            for label, move in moving.items()
        },
        "numbers": taken,
        "numbersOnLetters": written,
        "otherActions": others,
        "byItself": sorted(by_itself(api, at, states, moving)),
        "organisations": sorted(
            of_type.get(kind["id"], kind["label"]) for kind in api.every(f"{at}/document_types/")
        ),
    }


def moves(api: Api, at: str) -> dict[str, Found]:
    """By label, the first that was made; Mayan takes one label for several, and the others show
    from where to where they lead."""
    found: dict[str, Found] = {}
    for move in sorted(api.every(f"{at}/transitions/"), key=lambda m: int(m["id"])):
        way = f"{move['origin_state']['label']} → {move['destination_state']['label']}"
        label = str(move["label"])
        found[f"{label} ({way})" if label in found else label] = move
    return found


def actions(api: Api, at: str, state: Mapping[str, Any]) -> dict[str, Found]:
    """By label, of which Mayan takes each but once in a state."""
    only = ("id", "label", "when", "enabled", "condition", "backend_path", "backend_data")
    path = f"{at}/states/{state['id']}/actions/"
    return {action["label"]: action for action in api.every(path, *only)}


def by_itself(
    api: Api, at: str, states: Iterable[Mapping[str, Any]], moving: Mapping[str, Mapping[str, Any]]
) -> dict[str, str]:
    """Steps that nobody takes: after a time in a state, or when something happens; with the path of
    what makes them so."""
    found = {}
    labels = {move["id"]: label for label, move in moving.items()}
    for state in states:
        path = f"{at}/states/{state['id']}/escalations/"
        for one in api.every(path):
            step = labels.get(one["workflow_template_transition_id"], "?")
            said = f"{state['label']}: {step} after {one['amount']} {one['unit']}"
            found[said] = f"{path}{one['id']}/"
    for label, move in moving.items():
        path = f"{at}/transitions/{move['id']}/triggers/"
        for one in api.every(path):
            found[f"{label}: on {one['event_type']['id']}"] = f"{path}{one['id']}/"
    return found


def other_workflows(
    api: Api, one: Mapping[str, Any], templates: Iterable[Mapping[str, Any]], numbers: Numbers
) -> dict[str, tuple[Mapping[str, Any], int]]:
    """Every other template that letters of ours go through, and the number of their type."""
    of_type = {number: name for name, number in numbers.organisations.items()}
    return {
        f"{of_type[kind['id']]}: {other['label']}": (other, int(kind["id"]))
        for other in templates
        if other["id"] != one["id"]
        for kind in api.every(f"{base(other)}/document_types/", "id")
        if kind["id"] in of_type
    }


def _actions(
    api: Api, at: str, states: Iterable[Mapping[str, Any]], numbers: Numbers
) -> tuple[dict[str, dict[str, str]], list[str], list[str]]:
    """By state which organisation takes its number from which register; the states that write it on
    the letter; and all other actions, without their arguments, in which secrets may be."""
    taken: dict[str, dict[str, str]] = {}
    written, others = [], []
    for state in states:
        of_state: dict[str, str] = {}
        for label, action in actions(api, at, state).items():
            organisation, register = _takes(action, numbers)
            if organisation and organisation not in of_state:
                of_state[organisation] = register
            elif as_written(action) == write_number(numbers.letter_number):
                written.append(state["label"])
            else:
                name = action["backend_path"].rpartition(".")[2]
                others.append(f"{state['label']}: {label} ({name})")
        if of_state:
            taken[state["label"]] = of_state
    return taken, sorted(written), sorted(others)


def _takes(action: Mapping[str, Any], numbers: Numbers) -> tuple[str, str]:
    """Whose letters take a number by it, from which register; empty where it is another action."""
    register = str(action["label"]).removeprefix("1 ")
    kind = ids.type_in(ids.condition(action))
    whose = next((name for name, number in numbers.organisations.items() if number == kind), "")
    sequence = numbers.registers.get(register, 0)
    ours = whose and as_written(action) == take_number(register, sequence, kind)
    return (whose, register) if ours else ("", "")
