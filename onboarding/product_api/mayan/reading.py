"""What Mayan EDMS holds of an agency's configuration, in the words of the contract; reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onboarding.product_api.mayan import ids, steps
from onboarding.product_api.mayan.api import Api
from onboarding.products import contract
from onboarding.products.mayan import rights, wanted

Found = dict[str, Any]


@dataclass(slots=True)
class Known:
    """What is there by the name that we know it by: number and fields of each thing."""

    fields: dict[str, Found] = field(default_factory=dict)
    groups: dict[str, Found] = field(default_factory=dict)
    roles: dict[str, Found] = field(default_factory=dict)
    elsewhere: dict[str, dict[str, Found]] = field(default_factory=dict)
    """By group: the roles of others that it has, by label. A right of theirs holds on all letters,
    whoever made them."""
    others: list[Found] = field(default_factory=list)
    """Roles that are not the agency's."""
    organisations: dict[str, Found] = field(default_factory=dict)
    types: list[Found] = field(default_factory=list)
    """All document types, whoever made them."""
    registers: dict[str, Found] = field(default_factory=dict)
    workflows: dict[str, Found] = field(default_factory=dict)
    templates: list[Found] = field(default_factory=list)
    """All workflows, whoever made them."""


def known(api: Api, agency: str) -> Known:
    """Everything of the agency's that the lists name: six lists, whatever their length, and one
    for each role that is not the agency's."""
    roles = list(api.every("/roles/", "id", "label"))
    others = [r for r in roles if not ids.is_ours(r["label"], agency)]
    types = list(api.every("/document_types/"))
    templates = list(api.every("/workflow_templates/"))
    return Known(
        fields={f["name"]: f for f in api.every("/metadata_types/") if f["name"] in wanted.FIELDS},
        groups={
            g["name"]: g
            for g in api.every("/groups/", "id", "name")
            if ids.is_ours(g["name"], agency)
        },
        roles={r["label"]: r for r in roles if ids.is_ours(r["label"], agency)},
        elsewhere=_elsewhere(api, agency, others),
        others=others,
        organisations=_marked(types, agency),
        types=types,
        registers=_named(api.every("/sequences/"), agency),
        workflows=_named(templates, agency),
        templates=templates,
    )


def _elsewhere(api: Api, agency: str, others: Iterable[Found]) -> dict[str, dict[str, Found]]:
    found: dict[str, dict[str, Found]] = {}
    for role in others:
        for group in role_groups(api, role):
            if ids.is_ours(group, agency):
                found.setdefault(group, {})[role["label"]] = role
    return found


def beyond(api: Api, seen: Known) -> Iterator[tuple[Found, list[str]]]:
    """Roles of others, each with its rights that reach the letters of everybody; one list each."""
    for role in seen.others:
        reader = role["label"] == contract.READS
        if too_many := rights.beyond(role_rights(api, role), reader=reader):
            yield role, too_many


def _marked(listed: Iterable[Found], agency: str) -> dict[str, Found]:
    """The first that was made of each name: a hand may have given our mark to another one."""
    found: dict[str, Found] = {}
    for one in sorted(listed, key=lambda one: int(one["id"])):
        if name := wanted.mark_in(one["label"], agency):
            found.setdefault(name, one)
    return found


def _named(listed: Iterable[Found], agency: str) -> dict[str, Found]:
    """By the internal name that we gave it, which a hand seldom changes; else by its mark."""
    every = list(listed)
    ours = {name: one for one in every if (name := ids.named(one["internal_name"], agency))}
    taken = {one["id"] for one in ours.values()}
    return {**_marked((one for one in every if one["id"] not in taken), agency), **ours}


def configuration(api: Api, agency: str) -> contract.Configuration:
    """Everything of the agency's with its fields."""
    seen = known(api, agency)
    made: dict[tuple[str, str], Mapping[str, Any]] = {}
    for name, one in seen.fields.items():
        granted = {role: r for role, (_, r) in acls(api, ids.FIELD, one["id"]).items()}
        made[contract.Kind.FIELD, name] = {**letter_field(one), "rights": granted}
    for name, one in seen.roles.items():
        made[contract.Kind.ROLE, name] = _role(api, seen, agency, name, one)
    for name, one in seen.organisations.items():
        made[contract.Kind.ORGANISATION, name] = organisation(api, one)
    for name, one in seen.registers.items():
        made[contract.Kind.REGISTER, name] = register(one)
    for name, one in seen.workflows.items():
        made[contract.Kind.WORKFLOW, name] = workflow(api, seen, one)
    return made


def _role(api: Api, seen: Known, agency: str, name: str, one: Mapping[str, Any]) -> Found:
    groups = sorted(role_groups(api, one))
    made: Found = {"groups": groups, "rights": role_rights(api, one)}
    if name in seen.groups:
        made["elsewhere"] = sorted(seen.elsewhere.get(name, ()))
    if name == wanted.everybody(agency):
        made["ofOthers"] = sorted(f"{of['label']}: {r}" for of, rs in beyond(api, seen) for r in rs)
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


def role_rights(api: Api, role: Mapping[str, Any]) -> list[str]:
    """Its rights of its own, which hold everywhere."""
    return sorted(p["pk"] for p in api.every(f"/roles/{role['id']}/permissions/", "pk"))


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
    """``oneByOne``: each letter takes the number that follows the last one, without an end."""
    said = {name: value for name, value in ids.arguments(one).items() if value is not None}
    first = said.pop("value_first", None)
    counts = one["backend_path"] == ids.COUNTER and said == ids.ONE_BY_ONE
    return {
        "label": one["label"],
        "firstNumber": first,
        "oneByOne": counts and one["value_is_unique"] is True,
    }


def numbers(seen: Known) -> steps.Numbers:
    return steps.Numbers(
        {name: int(one["id"]) for name, one in seen.organisations.items()},
        {name: int(one["id"]) for name, one in seen.registers.items()},
        int(seen.fields.get("letter_number", {"id": 0})["id"]),
    )


def workflow(api: Api, seen: Known, one: Mapping[str, Any]) -> Found:
    names = numbers(seen)
    return {
        **steps.workflow(api, one, names),
        "otherWorkflows": sorted(steps.other_workflows(api, one, seen.templates, names)),
        "rights": {role: r for role, (_, r) in acls(api, ids.WORKFLOW, one["id"]).items()},
    }
