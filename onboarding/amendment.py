"""Amendments: what of an MOU changed between two manifests, and what must be signed anew. Pure.

What is signed for a change of which field, and by whom, is data: ``policies/data/amendments.yaml``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from onboarding import sizing, strict_yaml
from onboarding.manifest import fields, model

TABLE = "policies/data/amendments.yaml"
_KEYS: Mapping[str, tuple[str, ...]] = {
    "contacts": ("role", "email"),
    "links": ("id",),
    "mou.fees": ("item",),
    "mou.signatories": ("party", "position"),
    "populations": ("name_th",),
    "services": ("kind",),
    "signing.signers": ("id",),
    "systems": ("name",),
    "systems.oneStopService.payments": ("name",),
    "tenancy.shards": ("id",),
    "tenancy.subTenants": ("id",),
    "waivers": ("control", "object"),
}
"""What an entry of a list is known by. Entries that share it, or whose list is not here, are
compared whole: they are added or removed."""


class Way(StrEnum):
    """How a value changed. ``RAISED`` is more, later, opened or more sensitive."""

    ADDED = "added"
    REMOVED = "removed"
    RAISED = "raised"
    LOWERED = "lowered"
    CHANGED = "changed"


@dataclass(frozen=True, slots=True)
class Act:
    """Something to be signed. ``approver`` is the role that approves the change in the tool."""

    id: str
    en: str
    th: str
    signed_by_en: str
    signed_by_th: str
    approver: str
    source: str
    confirm: str = ""


@dataclass(frozen=True, slots=True)
class Amendment:
    """One field, block or entry that differs; values are JSON values, None where absent.

    ``path`` names entries (``signing.signers[ps].orderRef``), ``field`` does not.
    """

    path: str
    field: str
    way: Way
    before: Any
    after: Any
    acts: tuple[str, ...]


def compare(before: model.AgencyMou, after: model.AgencyMou) -> tuple[Amendment, ...]:
    """Everything that differs, in the order of the model; the order of entries does not count."""
    return tuple(_models(before, after, "", ""))


def to_sign(found: Iterable[Amendment]) -> tuple[tuple[Act, tuple[Amendment, ...]], ...]:
    """Each act that is asked for with what asks for it, in the order of the table."""
    listed = tuple(found)
    asked = ((act, tuple(a for a in listed if act.id in a.acts)) for act in acts().values())
    return tuple((act, of) for act, of in asked if of)


def _models(before: Any, after: Any, path: str, field: str) -> Iterator[Amendment]:
    for name, info in type(before).model_fields.items():
        old, new = getattr(before, name), getattr(after, name)
        if old == new:
            continue
        key = info.alias or name
        here, plain = f"{path}.{key}".lstrip("."), f"{field}.{key}".lstrip(".")
        if isinstance(old, fields.Model) and isinstance(new, fields.Model):
            yield from _models(old, new, here, plain)
        elif _is_list_of_models(old) or _is_list_of_models(new):
            yield from _entries(old, new, here, plain)
        else:
            yield _amended(here, plain, old, new)


def _is_list_of_models(value: Any) -> bool:
    return isinstance(value, tuple) and any(isinstance(one, fields.Model) for one in value)


def _entries(
    before: Sequence[Any], after: Sequence[Any], path: str, field: str
) -> Iterator[Amendment]:
    keys = _KEYS.get(field, ())
    old, new = ([_key(one, keys) for one in entries] for entries in (before, after))
    if not keys or len(set(old)) < len(old) or len(set(new)) < len(new):
        yield from _whole_entries(before, after, path, field)
        return
    there = dict(zip(new, after, strict=True))
    for key, entry in zip(old, before, strict=True):
        if key in there:
            yield from _models(entry, there[key], f"{path}[{key}]", field)
        else:
            yield _amended(f"{path}[{key}]", field, entry, None)
    for key, entry in there.items():
        if key not in old:
            yield _amended(f"{path}[{key}]", field, None, entry)


def _whole_entries(
    before: Sequence[Any], after: Sequence[Any], path: str, field: str
) -> Iterator[Amendment]:
    left = list(after)
    for entry in before:
        if entry in left:
            left.remove(entry)
        else:
            yield _amended(f"{path}[]", field, entry, None)
    for entry in left:
        yield _amended(f"{path}[]", field, None, entry)


def _key(entry: Any, keys: Sequence[str]) -> str:
    return "/".join(str(getattr(entry, key)) for key in keys)


def _amended(path: str, field: str, before: Any, after: Any) -> Amendment:
    way = _way(before, after)
    return Amendment(
        path, field, way, _plain(before), _plain(after), _acts(field, way, before, after)
    )


def _way(before: Any, after: Any) -> Way:
    match before, after:
        case None, _:
            return Way.ADDED
        case _, None:
            return Way.REMOVED
        case tuple(), tuple():
            return _way_of_list(before, after)
        case (int(), int()) | (date(), date()):
            return Way.RAISED if before < after else Way.LOWERED
        case _:
            ranks = next((o for o in table()["orders"] if before in o and after in o), None)
            if ranks is None:
                return Way.CHANGED
            return Way.RAISED if ranks.index(before) < ranks.index(after) else Way.LOWERED


def _way_of_list(before: tuple[Any, ...], after: tuple[Any, ...]) -> Way:
    lost, won = set(before) - set(after), set(after) - set(before)
    if won and not lost:
        return Way.ADDED
    return Way.REMOVED if lost and not won else Way.CHANGED


def _acts(field: str, way: Way, before: Any, after: Any) -> tuple[str, ...]:
    rule = rules()[field]
    holds = {way.value, "act"}
    if "otherClass" in rule and before and after and _size(before) != _size(after):
        holds.add("otherClass")
    if before is None and getattr(after, "personal_data", None) is not None:
        holds.add("personalData")
    asked = next(rule[name] for name in CONDITIONS if name in rule and name in holds)
    return (asked,) if isinstance(asked, str) else tuple(asked)


def _size(users: int) -> str:
    return sizing.size(users).klass


CONDITIONS = ("otherClass", "personalData", "added", "removed", "raised", "lowered", "act")
"""What a rule may tell apart, the first that is named and holds counts."""


def _plain(value: Any) -> Any:
    if isinstance(value, fields.Model):
        return value.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, date) else value


def table() -> Mapping[str, Any]:
    """``orders``, ``acts`` and ``fields`` as in the file."""
    return strict_yaml.shipped(TABLE)


@functools.cache
def acts() -> dict[str, Act]:
    """Every act by its id, the weightiest first."""
    return {
        name: Act(
            name, of["en"], of["th"], of["signedByEn"], of["signedByTh"], of["approver"],
            of["source"], of.get("confirm", ""),
        )
        for name, of in table()["acts"].items()
    }  # fmt: skip


@functools.cache
def rules() -> dict[str, Mapping[str, Any]]:
    """The rule of each field, by its path without list marks."""
    return {path: rule for rule in table()["fields"] for path in rule["paths"]}
