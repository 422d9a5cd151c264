"""Writes the steps of a letter as a workflow template of Mayan EDMS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from onboarding import errors
from onboarding.product_api.mayan import ids, keeping, matching, reading, steps
from onboarding.product_api.mayan.api import Api


def text_of(value: Any) -> str:
    """JSON, as Mayan keeps the arguments of a backend."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def write(
    api: Api, known: reading.Known, agency: str, name: str, fields: Mapping[str, Any]
) -> list[str]:
    """Make it so. Rights on it are written by the caller, document types that are not ours stay
    (see ``only``), and so do the states and steps that are returned, by label: letters may be in
    them or have taken them, and while they stay no other is made or changed."""
    have = known.workflows.get(name)
    body = {"label": fields["label"], "auto_launch": fields["startsByItself"]}
    if have is None:
        internal = ids.internal(agency, name)
        made = api.make("/workflow_templates/", {"internal_name": internal, **body})
        have = known.workflows[name] = made
    elif any(have[key] != value for key, value in body.items()):
        api.change(f"/workflow_templates/{have['id']}/", body)
    base = steps.base(have)
    _organisations(api, known, base, fields)
    states = {state["id"]: state for state in api.every(f"{base}/states/")}
    moving = steps.moves(api, base)
    for path in steps.by_itself(api, base, states.values(), moving).values():
        api.remove(path)
    found = matching.match(fields, states, moving)
    kept = found.beside if found.beside and keeping.in_workflow(api, base) else []
    if not kept:
        _states(api, base, fields["states"], states, found)
        _moves(api, base, fields["moves"], moving, found)
        _delete(api, base, states, found)
    names = reading.numbers(known)
    called = {number: label for label, number in found.states.items()}
    for number, state in states.items():
        numbers = fields["numbers"].get(called.get(number), {})
        _actions(api, base, state, numbers, names)
    return kept


def _organisations(api: Api, known: reading.Known, base: str, fields: Mapping[str, Any]) -> None:
    have = {kind["id"] for kind in api.every(f"{base}/document_types/", "id")}
    wished = {known.organisations[unit]["id"] for unit in fields["organisations"]}
    for kind in sorted(wished - have):
        api.make(f"{base}/document_types/add/", {"document_type_id": kind})


def only(api: Api, known: reading.Known, name: str, fields: Mapping[str, Any]) -> None:
    """No document type but ours takes our steps. Raises ``errors.Refused`` where that would delete
    what they tell of letters: Mayan does so as a document type is taken off a workflow."""
    base = steps.base(known.workflows[name])
    wished = {known.organisations[unit]["id"] for unit in fields["organisations"]}
    for kind in list(api.every(f"{base}/document_types/", "id", "label")):
        if kind["id"] not in wished:
            keeping.steps_of(api, kind)
            api.make(f"{base}/document_types/remove/", {"document_type_id": kind["id"]})


def _states(
    api: Api,
    base: str,
    wished: Mapping[str, bool],
    states: dict[int, dict[str, Any]],
    found: matching.Match,
) -> None:
    for label, first in wished.items():
        body = {"label": label, "initial": first}
        number = found.states.get(label)
        if number is None:
            made = api.make(f"{base}/states/", body)
            found.states[label] = made["id"]
            states[made["id"]] = made
        elif any(states[number][key] != value for key, value in body.items()):
            api.change(f"{base}/states/{number}/", body)


def _moves(
    api: Api,
    base: str,
    wished: Mapping[str, Mapping[str, Any]],
    moving: Mapping[str, Mapping[str, Any]],
    found: matching.Match,
) -> None:
    have = {
        move["id"]: {
            "label": move["label"],
            "origin_state_id": move["origin_state"]["id"],
            "destination_state_id": move["destination_state"]["id"],
            "condition": ids.condition(move),
        }
        for move in moving.values()
    }
    for label, move in wished.items():
        body = {
            "label": label,
            "origin_state_id": found.states[move["from"]],
            "destination_state_id": found.states[move["to"]],
            "condition": ids.for_letter_types(move["only"]),
        }
        number = found.moves.get(label)
        if number is None:
            api.make(f"{base}/transitions/", body)
        elif have[number] != body:
            api.change(f"{base}/transitions/{number}/", body)


def _delete(api: Api, base: str, states: dict[int, dict[str, Any]], found: matching.Match) -> None:
    """What is beside the wished ones; what Mayan tells of letters by it goes with it."""
    for number in found.moves_beside:
        api.remove(f"{base}/transitions/{number}/")
    for number in found.states_beside:
        api.remove(f"{base}/states/{number}/")
        del states[number]


def alone(api: Api, known: reading.Known, name: str) -> None:
    """No other workflow for our letters.

    Raises ``errors.Refused`` where letters are in one, or may be (Mayan's list of them leaves out
    those in the bin, and on request those at the end): what it tells of them would go with it.
    """
    names = reading.numbers(known)
    others = steps.other_workflows(api, known.workflows[name], known.templates, names)
    for said, (other, kind) in others.items():
        base = steps.base(other)
        if (
            other["ignore_completed"]
            or keeping.listed(api, f"{base}/documents/", kind)
            or keeping.listed(api, "/trashed_documents/", kind)
        ):
            raise errors.Refused(
                f"letters go through another workflow in the e-Office too: {said}",
                resolution="Decide whether what it tells of these letters is still needed, then "
                "take it off the document type there and run the same command again.",
            )
        api.make(f"{base}/document_types/remove/", {"document_type_id": kind})


def _actions(
    api: Api,
    base: str,
    state: Mapping[str, Any],
    numbers: Mapping[str, str],
    names: steps.Numbers,
) -> None:
    """Exactly those that give letters their numbers: each organisation's from its register."""
    path = f"{base}/states/{state['id']}/actions/"
    have = steps.actions(api, base, state)
    bodies = [
        steps.take_number(register, names.registers[register], names.organisations[unit])
        for unit, register in numbers.items()
    ]
    if numbers:
        bodies.append(steps.write_number(names.letter_number))
    wished = {body["label"]: body for body in bodies}
    for label, body in wished.items():
        whole = {**body, "backend_data": text_of(body["backend_data"])}
        if label not in have:
            api.make(path, whole)
        elif steps.as_written(have[label]) != body:
            api.change(f"{path}{have[label]['id']}/", whole)
    for label, one in have.items():
        if label not in wished:
            api.remove(f"{path}{one['id']}/")
