"""Writes the steps of a letter as a workflow template of Mayan EDMS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from onboarding.product_api.mayan import ids, reading
from onboarding.product_api.mayan.api import Api


def text_of(value: Any) -> str:
    """JSON, as Mayan keeps the arguments of a backend."""
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def write(api: Api, known: reading.Known, agency: str, name: str, fields: Mapping[str, Any]) -> int:
    """Make it so and return its number; rights on it are written by the caller."""
    have = known.workflows.get(name)
    body = {"label": fields["label"], "auto_launch": fields["startsByItself"]}
    if have is None:
        internal = ids.internal(agency, name)
        made = api.make("/workflow_templates/", {"internal_name": internal, **body})
        have = known.workflows[name] = made
    elif any(have[key] != value for key, value in body.items()):
        api.change(f"/workflow_templates/{have['id']}/", body)
    number = int(have["id"])
    base = f"/workflow_templates/{number}"
    _organisations(api, known, base, fields)
    states = _states(api, base, fields)
    _moves(api, base, states, fields["moves"])
    for label, numbers in fields["numbers"].items():
        _numbers(api, known, base, states[label], numbers)
    return number


def _organisations(api: Api, known: reading.Known, base: str, fields: Mapping[str, Any]) -> None:
    have = {kind["id"] for kind in api.every(f"{base}/document_types/")}
    wished = {known.organisations[name]["id"] for name in fields["organisations"]}
    for kind in sorted(wished - have):
        api.make(f"{base}/document_types/add/", {"document_type_id": kind})
    for kind in sorted(have - wished):
        api.make(f"{base}/document_types/remove/", {"document_type_id": kind})


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
    wished: Mapping[str, Mapping[str, Any]],
) -> None:
    have = {m["label"]: m for m in api.every(f"{base}/transitions/")}
    for label, move in wished.items():
        one = have.get(label)
        body = {
            "label": label,
            "origin_state_id": states[move["from"]]["id"],
            "destination_state_id": states[move["to"]]["id"],
            "condition": ids.for_letter_types(move["only"]),
        }
        if one is None:
            api.make(f"{base}/transitions/", body)
        elif (
            one["origin_state"]["label"] != move["from"]
            or one["destination_state"]["label"] != move["to"]
            or reading.condition(one) != body["condition"]
        ):
            api.change(f"{base}/transitions/{one['id']}/", body)
    for label, one in have.items():
        if label not in wished:
            api.remove(f"{base}/transitions/{one['id']}/")


def _numbers(
    api: Api,
    known: reading.Known,
    base: str,
    state: Mapping[str, Any],
    numbers: Mapping[str, str],
) -> None:
    """Actions run in the order of their labels: a number is taken, then written on the letter."""
    path = f"{base}/states/{state['id']}/actions/"
    have = reading.actions(api, base, state)
    wished = {
        f"1 {register}": {
            "backend_path": ids.TAKE_NUMBER,
            "backend_data": text_of(
                {"sequence": known.registers[register]["id"], "value_store_name": ids.STORED_AS}
            ),
            "condition": ids.for_type(int(known.organisations[unit]["id"])),
        }
        for unit, register in numbers.items()
    }
    wished["2 letter_number"] = {
        "backend_path": ids.WRITE_FIELD,
        "backend_data": text_of(
            {"metadata_type": known.fields["letter_number"]["id"], "value": ids.NUMBER_OF_YEAR}
        ),
        "condition": "",
    }
    for label, body in wished.items():
        one = have.get(label)
        whole = {"label": label, "when": ids.ON_ENTRY, "enabled": True, **body}
        if one is None:
            api.make(path, whole)
        elif _differs(one, whole):
            api.change(f"{path}{one['id']}/", whole)
    for label, one in have.items():
        if label not in wished:
            api.remove(f"{path}{one['id']}/")


def _differs(one: Mapping[str, Any], wished: Mapping[str, Any]) -> bool:
    plain = ("backend_path", "enabled", "when")
    return (
        any(one[key] != wished[key] for key in plain)
        or reading.condition(one) != wished["condition"]
        or reading.backend(one) != json.loads(wished["backend_data"])
    )
