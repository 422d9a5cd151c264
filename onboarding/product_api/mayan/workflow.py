"""Writes the steps of a letter as a workflow template of Mayan EDMS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from onboarding import errors
from onboarding.product_api.mayan import ids, keeping, reading, steps
from onboarding.product_api.mayan.api import Api


def text_of(value: Any) -> str:
    """JSON, as Mayan keeps the arguments of a backend."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def write(api: Api, known: reading.Known, agency: str, name: str, fields: Mapping[str, Any]) -> int:
    """Make it so and return its number; rights on it are written by the caller, and document types
    that are not ours stay: see ``only``."""
    have = known.workflows.get(name)
    body = {"label": fields["label"], "auto_launch": fields["startsByItself"]}
    if have is None:
        internal = ids.internal(agency, name)
        made = api.make("/workflow_templates/", {"internal_name": internal, **body})
        have = known.workflows[name] = made
    elif any(have[key] != value for key, value in body.items()):
        api.change(f"/workflow_templates/{have['id']}/", body)
    number = int(have["id"])
    base = steps.base(have)
    _organisations(api, known, base, fields)
    states = _states(api, base, fields)
    moving = steps.moves(api, base)
    for path in steps.by_itself(api, base, states.values(), moving).values():
        api.remove(path)
    _moves(api, base, states, moving, fields["moves"])
    names = reading.numbers(known)
    for label, state in states.items():
        _actions(api, base, state, fields["numbers"].get(label, {}), names)
    return number


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


def _states(api: Api, base: str, fields: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The states by label. One that is wanted no more stays while letters may be in it: without a
    move to it none comes there anew."""
    have: dict[str, Mapping[str, Any]] = {s["label"]: s for s in api.every(f"{base}/states/")}
    for label, first in fields["states"].items():
        if label not in have:
            have[label] = api.make(f"{base}/states/", {"label": label, "initial": first})
        elif have[label]["initial"] != first:
            api.change(f"{base}/states/{have[label]['id']}/", {"initial": first})
    return have


def _moves(
    api: Api,
    base: str,
    states: Mapping[str, Mapping[str, Any]],
    have: Mapping[str, Mapping[str, Any]],
    wished: Mapping[str, Mapping[str, Any]],
) -> None:
    for label, one in have.items():
        if label not in wished:
            api.remove(f"{base}/transitions/{one['id']}/")
    for label, move in wished.items():
        found = have.get(label)
        body = {
            "label": label,
            "origin_state_id": states[move["from"]]["id"],
            "destination_state_id": states[move["to"]]["id"],
            "condition": ids.for_letter_types(move["only"]),
        }
        if found is None:
            api.make(f"{base}/transitions/", body)
        elif (
            found["origin_state"]["label"] != move["from"]
            or found["destination_state"]["label"] != move["to"]
            or ids.condition(found) != body["condition"]
        ):
            api.change(f"{base}/transitions/{found['id']}/", body)


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
