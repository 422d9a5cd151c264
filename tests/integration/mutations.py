"""Every way in which a hand can change one field of an item: generated from what we want of it.

A mutation changes a value, deletes it, or adds something beside it (a key to a map, an entry to a
list). Of fields that are alike (the same path but for places in lists, the same kind) one stands
for all, on whichever object has the fewest.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from onboarding import item

Path = tuple[str | int, ...]

BESIDE = "by-hand"
"""Name of what is added beside our own."""


class Op(StrEnum):
    CHANGE = "change"
    DELETE = "delete"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Mutation:
    ref: item.Ref
    op: Op
    path: Path

    def __str__(self) -> str:
        return f"{self.op.value} {self.ref} {'.'.join(map(str, self.path))}"


def chosen(items: Iterable[item.Item]) -> dict[item.Ref, list[Mutation]]:
    """One mutation for each kind, shape and way, spread evenly over the objects."""
    alike: dict[tuple[str, Op, Path], list[Mutation]] = {}
    for one in items:
        for mutation in _of(one):
            shape = tuple("*" if isinstance(step, int) else step for step in mutation.path)
            alike.setdefault((one.ref.kind, mutation.op, shape), []).append(mutation)
    load: dict[item.Ref, list[Mutation]] = {}
    for mutations in alike.values():
        least = min(mutations, key=lambda m: len(load.get(m.ref, ())))
        load.setdefault(least.ref, []).append(least)
    return load


_THEIRS = frozenset({("HandoverKit", Op.ADD, ("files",))})
"""What people may add: a file that somebody puts beside the kit's is theirs, and stays."""


def _of(one: item.Item) -> Iterator[Mutation]:
    for op, path in _walk(one.fields, ()):
        if (one.ref.kind, op, path) not in _THEIRS:
            yield Mutation(one.ref, op, path)


def _walk(value: Any, path: Path) -> Iterator[tuple[Op, Path]]:
    if isinstance(value, Mapping):
        if path:
            yield Op.ADD, path
        for key, inner in value.items():
            yield from _walk(inner, (*path, key))
    elif isinstance(value, list | tuple):
        yield Op.ADD, path
        for index, inner in enumerate(value):
            if isinstance(inner, Mapping):
                yield Op.DELETE, (*path, index)
            yield from _walk(inner, (*path, index))
    else:
        yield Op.CHANGE, path
        yield Op.DELETE, path


_OPPOSITE = {
    "true": "false",
    "false": "true",
    "TCP": "UDP",
    "UDP": "TCP",
    "ClusterIP": "NodePort",
    "RollingUpdate": "Recreate",
    "Recreate": "RollingUpdate",
    "RuntimeDefault": "Unconfined",
    "restricted": "baseline",
    "Ingress": "Egress",
    "Egress": "Ingress",
    "Role": "ClusterRole",
    "Prefix": "Exact",
    "ReadWriteOnce": "ReadWriteMany",
    "DoNotSchedule": "ScheduleAnyway",
    "IfNotPresent": "Always",
    "REQUIRED": "ALTERNATIVE",
    "ALTERNATIVE": "REQUIRED",
    "CONDITIONAL": "REQUIRED",
    "all": "none",
    "ES256": "RS256",
    "HmacSHA1": "HmacSHA256",
    "totp": "hotp",
    "required": "preferred",
    "S256": "plain",
    "client-jwt": "client-secret",
    "openid-connect": "saml",
    "ec": "rsa",
    "read": "update",
    "update": "read",
    "list": "read",
    "err": "truncate",
    "oidc": "keycloak-oidc",
    "IMPORT": "FORCE",
    "th": "en",
    "serviceaccount_uid": "serviceaccount_name",
    "0700": "0755",
    "disabled": "hostname",
    "hostname": "email",
    "first broker login": "browser",
}


def others(value: Any) -> list[Any]:
    """Values to put in place of one, the likeliest to be taken first."""
    if isinstance(value, bool):
        return [not value]
    if isinstance(value, int | float):
        return [value + 1, value - 1, value * 2]
    if value is None:
        return [BESIDE]
    text = str(value)
    found: list[Any] = [_OPPOSITE[text]] if text in _OPPOSITE else []
    if number := re.search(r"\d+", text):
        raised = f"{text[: number.start()]}{int(number[0]) + 1}{text[number.end() :]}"
        found.append(raised)
    return [*found, f"{text}x", f"x{text}", "https://by-hand.example/", "other"]


def entries(value: Any) -> list[tuple[Any, Any]]:
    """What may be added to a map or list: ``(key or None, value)``, the likeliest first."""
    if isinstance(value, Mapping):
        like = next(iter(value.values()), "x")
        shaped = [copy.deepcopy(like)] if isinstance(like, list | Mapping) else []
        scalars: list[Any] = ["1", "x", ["x"], {}, True]
        keys = [BESIDE, "matchLabels", "endPort", "namespace", "readOnly"]
        found = [(BESIDE, v) for v in (*shaped, *scalars)]
        return [*found, *((key, v) for key in keys[1:] for v in ({"a": "b"}, 9999, "x", True))]
    if not value:
        return [(None, v) for v in ("x", "https://by-hand.example", {}, {"name": BESIDE})]
    return [(None, other) for other in _entries_like(value[-1])]


def _entries_like(last: Any) -> Iterator[Any]:
    if not isinstance(last, Mapping):
        yield from others(last)
        return
    for key, value in last.items():
        if isinstance(value, str):
            for other in others(value)[:2]:
                yield {**copy.deepcopy(last), key: other}
        if isinstance(value, int) and not isinstance(value, bool):
            yield {**copy.deepcopy(last), key: value + 1}
    yield {}
    yield copy.deepcopy(last)


def mutated(view: Any, mutation: Mutation) -> Iterator[Any]:
    """The view of an object after the mutation, once for each value that may be tried."""
    above: tuple[str | int, ...] = mutation.path
    last: str | int = ""
    if mutation.op is not Op.ADD:
        *before, last = mutation.path
        above = tuple(before)
    try:
        place = _at(view, above)
        if mutation.op is Op.DELETE:
            result = copy.deepcopy(view)
            del _at(result, above)[last]
            yield result
            return
        tries: list[tuple[Any, Any]]
        if mutation.op is Op.CHANGE:
            tries = [(last, other) for other in others(place[last])]
        else:
            tries = entries(place)
    except (KeyError, IndexError, TypeError):
        return
    for key, value in tries:
        result = copy.deepcopy(view)
        into = _at(result, above)
        if key is None:
            into.append(value)
        elif mutation.op is Op.CHANGE or key not in into:
            into[key] = value
        else:
            continue
        yield result


def _at(value: Any, path: Iterable[str | int]) -> Any:
    for step in path:
        value = value[step]
    return value
