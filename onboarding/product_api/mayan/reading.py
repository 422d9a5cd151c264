"""What Mayan EDMS holds of an agency's configuration, in the words of the contract; reads only."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onboarding.product_api.mayan import ids
from onboarding.product_api.mayan.api import Api
from onboarding.products import contract
from onboarding.products.mayan import wanted

Found = dict[str, Any]


@dataclass(slots=True)
class Known:
    """What is there by the name that we know it by: number and fields of each thing."""

    fields: dict[str, Found] = field(default_factory=dict)
    groups: dict[str, Found] = field(default_factory=dict)
    roles: dict[str, Found] = field(default_factory=dict)
    organisations: dict[str, Found] = field(default_factory=dict)
    registers: dict[str, Found] = field(default_factory=dict)
    workflows: dict[str, Found] = field(default_factory=dict)


def known(api: Api, agency: str) -> Known:
    """Everything of the agency's that the lists name: six lists, whatever their length."""
    return Known(
        fields={f["name"]: f for f in api.every("/metadata_types/") if f["name"] in wanted.FIELDS},
        groups={
            g["name"]: g
            for g in api.every("/groups/", "id", "name")
            if ids.is_ours(g["name"], agency)
        },
        roles={
            r["label"]: r
            for r in api.every("/roles/", "id", "label")
            if ids.is_ours(r["label"], agency)
        },
        organisations=_marked(api, "/document_types/", agency),
        registers=_marked(api, "/sequences/", agency),
        workflows=_marked(api, "/workflow_templates/", agency),
    )


def _marked(api: Api, path: str, agency: str) -> dict[str, Found]:
    found = ((wanted.mark_in(one["label"], agency), one) for one in api.every(path))
    return {name: one for name, one in found if name}


def configuration(api: Api, agency: str) -> contract.Configuration:
    """Everything of the agency's with its fields."""
    seen = known(api, agency)
    made: dict[tuple[str, str], Mapping[str, Any]] = {}
    for name, one in seen.fields.items():
        granted = {role: r for role, (_, r) in acls(api, ids.FIELD, one["id"]).items()}
        made[contract.Kind.FIELD, name] = {**letter_field(one), "rights": granted}
    for name, one in seen.roles.items():
        made[contract.Kind.ROLE, name] = {"groups": sorted(role_groups(api, one))}
    for name, one in seen.organisations.items():
        made[contract.Kind.ORGANISATION, name] = organisation(api, one)
    for name, one in seen.registers.items():
        made[contract.Kind.REGISTER, name] = register(one)
    for name, one in seen.workflows.items():
        made[contract.Kind.WORKFLOW, name] = workflow(api, seen, one)
    return made


def letter_field(one: Mapping[str, Any]) -> Found:
    values = [value.strip() for value in (one["lookup"] or "").split(",")]
    return {
        "label": one["label"],
        "values": [value for value in values if value],
        "default": one["default"] or "",
    }


def role_groups(api: Api, role: Mapping[str, Any]) -> dict[str, Found]:
    return {g["name"]: g for g in api.every(f"/roles/{role['id']}/groups/", "id", "name")}


def acls(api: Api, model: str, number: int) -> dict[str, tuple[int, list[str]]]:
    """By label of the role: the number of what grants it rights there, and its rights."""
    base = f"/objects/{model}/{number}/acls/"
    return {
        acl["role"]["label"]: (
            acl["id"],
            sorted(p["pk"] for p in api.every(f"{base}{acl['id']}/permissions/", "pk")),
        )
        for acl in api.every(base, "id", "role__label")
    }


def type_fields(api: Api, number: int) -> dict[str, Found]:
    path = f"/document_types/{number}/metadata_types/"
    only = ("id", "required", "metadata_type__name")
    return {entry["metadata_type"]["name"]: entry for entry in api.every(path, *only)}


def models(api: Api, number: int) -> Iterator[Found]:
    """Of the drivers that read letters of a type those that hand them to a language model."""
    path = f"/document_types/{number}/file_metadata/drivers/"
    for entry in api.every(path, "id", "enabled", "stored_driver__driver_path"):
        if ids.hands_to_ai(entry["stored_driver"]["driver_path"]):
            yield entry


def organisation(api: Api, one: Mapping[str, Any]) -> Found:
    number = one["id"]
    return {
        "label": one["label"],
        "fields": {name: f["required"] for name, f in type_fields(api, number).items()},
        "rights": {role: r for role, (_, r) in acls(api, ids.TYPE, number).items()},
        "binnedAfter": span(one, "trash"),
        "deletedAfter": span(one, "delete"),
        "readByAi": any(entry["enabled"] for entry in models(api, number)),
    }


def span(one: Mapping[str, Any], what: str) -> str:
    """After how long it happens by itself; "" where it does not."""
    period = one[f"{what}_time_period"]
    return "" if period is None else f"{period} {one[f'{what}_time_unit']}"


def register(one: Mapping[str, Any]) -> Found:
    return {"label": one["label"], "firstNumber": backend(one).get("value_first")}


def backend(one: Mapping[str, Any]) -> Found:
    """The arguments of a sequence or an action, which Mayan keeps as text."""
    said = one["backend_data"] or {}
    read = json.loads(said) if isinstance(said, str) else said
    return dict(read)


def workflow(api: Api, seen: Known, one: Mapping[str, Any]) -> Found:
    base = f"/workflow_templates/{one['id']}"
    states = list(api.every(f"{base}/states/"))
    of_type = {o["id"]: name for name, o in seen.organisations.items()}
    acting = {state["label"]: actions(api, base, state) for state in states}
    return {
        "label": one["label"],
        "startsByItself": one["auto_launch"],
        "states": {state["label"]: state["initial"] for state in states},
        "moves": {
            move["label"]: {
                "from": move["origin_state"]["label"],
                "to": move["destination_state"]["label"],
                "only": ids.letter_types_in(condition(move)),
            }
            for move in api.every(f"{base}/transitions/")
        },
        "numbers": {
            label: numbers
            for label, found in acting.items()
            if (numbers := _numbers(seen, found.values()))
        },
        "numbersOnLetters": sorted(
            label for label, found in acting.items() if any(map(_writes_number, found.values()))
        ),
        "organisations": sorted(
            of_type.get(kind["id"], kind["label"]) for kind in api.every(f"{base}/document_types/")
        ),
        "rights": {role: r for role, (_, r) in acls(api, ids.WORKFLOW, one["id"]).items()},
    }


def condition(one: Mapping[str, Any]) -> str:
    return str(one["condition"] or "")


def actions(api: Api, base: str, state: Mapping[str, Any]) -> dict[str, Found]:
    only = ("id", "label", "when", "enabled", "condition", "backend_path", "backend_data")
    path = f"{base}/states/{state['id']}/actions/"
    return {action["label"]: action for action in api.every(path, *only)}


def _numbers(seen: Known, acting: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Which register a letter of an organisation takes its number from."""
    registers = {one["id"]: name for name, one in seen.registers.items()}
    types = {one["id"]: name for name, one in seen.organisations.items()}
    found = {}
    for action in acting:
        if action["backend_path"] == ids.TAKE_NUMBER and action["enabled"]:
            of = types.get(ids.type_in(condition(action)), f"? {action['label']}")
            found[of] = registers.get(int(backend(action).get("sequence", 0)), "")
    return found


def _writes_number(action: Mapping[str, Any]) -> bool:
    return (
        action["backend_path"] == ids.WRITE_FIELD
        and action["enabled"]
        and not condition(action)
        and backend(action).get("value") == ids.NUMBER_OF_YEAR
    )
