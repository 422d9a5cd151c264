"""Which fields of a manifest each control reads, watched while it judges; see `tests.effects`."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pydantic

from onboarding import environment, policy, tenant
from onboarding.manifest import fields
from onboarding.policies import table
from tests.policies import world

_READS_EVERYTHING = 100
"""A control that reads more fields than this searches all texts and says nothing about one."""

Attribute = tuple[str, str]
"""A dataclass of the resolved tenant and one of its fields."""


def attributes(of: tenant.Tenant) -> dict[Attribute, list[str]]:
    """The plain values of a resolved tenant by dataclass and field; no manifest is among them."""
    found: dict[Attribute, list[str]] = defaultdict(list)
    for part in _parts(of):
        for one in dataclasses.fields(part):
            value = getattr(part, one.name)
            if not _inner(value) and not isinstance(value, pydantic.BaseModel):
                found[type(part).__name__, one.name].append(repr(value))
    return found


def _parts(part: Any) -> Iterator[Any]:
    """A dataclass and every dataclass in it."""
    yield part
    for one in dataclasses.fields(part):
        for entry in _inner(getattr(part, one.name)):
            yield from _parts(entry)


def _inner(value: Any) -> list[Any]:
    entries = value if isinstance(value, tuple) else (value,)
    return [entry for entry in entries if dataclasses.is_dataclass(entry)]


def controls(
    resolved: Iterable[tenant.Tenant],
    at: environment.Environment,
    rests: Mapping[Attribute, set[str]],
) -> Mapping[str, set[str]]:
    """Ids of controls by path; ``rests`` says which fields an attribute of a tenant depends on."""
    found: dict[str, set[str]] = defaultdict(set)
    for of in resolved:
        places = {id(block): path for path, block in _blocks(of.manifest)}
        for stage in policy.Stage:
            build = world.live_view if stage is policy.Stage.LIVE else world.plan_view
            view = dataclasses.replace(build(of, at), stage=stage)
            for control in table.CONTROLS:
                if stage in control.stages:
                    for path in _read_by(control, view, places, rests):
                        found[path].add(control.id)
    return found


def _blocks(value: pydantic.BaseModel, path: str = "") -> Iterator[tuple[str, Any]]:
    yield path, value
    for name, info in type(value).model_fields.items():
        inner, here = getattr(value, name), f"{path}.{info.alias or name}".lstrip(".")
        for entry in inner if isinstance(inner, tuple) else (inner,):
            if isinstance(entry, pydantic.BaseModel):
                yield from _blocks(entry, here)


def _read_by(
    control: policy.Control,
    view: policy.View,
    places: Mapping[int, str],
    rests: Mapping[Attribute, set[str]],
) -> set[str]:
    read: set[str] = set()

    def of_manifest(block: Any, name: str) -> None:
        if id(block) in places:
            alias = type(block).model_fields[name].alias or name
            read.add(f"{places[id(block)]}.{alias}".lstrip("."))

    def of_tenant(part: Any, name: str) -> None:
        behind = rests.get((type(part).__name__, name), set())
        is_name = "metadata.id" in behind
        if not is_name or (view.stage is policy.Stage.MANIFEST and name != "id"):
            read.update(behind)

    with _watched({type(part) for part in _parts(view.tenant)}, of_manifest, of_tenant):
        policy.evaluate(control, view)
    # Who reads mou.coordinator.kind passed through mou and mou.coordinator.
    leaves = {path for path in read if not any(p.startswith(f"{path}.") for p in read)}
    return leaves if len(leaves) <= _READS_EVERYTHING else set()


@contextmanager
def _watched(parts: Iterable[Any], of_manifest: Any, of_tenant: Any) -> Iterator[None]:
    """Tell every read of a field of the manifest and of the resolved tenant."""
    plain = fields.Model.__getattribute__

    def manifest_read(self: Any, name: str) -> Any:
        if name in type(self).model_fields:
            of_manifest(self, name)
        return plain(self, name)

    names = {part: set(part.__dataclass_fields__) for part in parts}

    def tenant_read(self: Any, name: str) -> Any:
        if name in names.get(type(self), ()):
            of_tenant(self, name)
        return object.__getattribute__(self, name)

    watched = {fields.Model: manifest_read, **dict.fromkeys(names, tenant_read)}
    for kind, read in watched.items():
        type.__setattr__(kind, "__getattribute__", read)
    try:
        yield
    finally:
        for kind in watched:
            type.__delattr__(kind, "__getattribute__")
