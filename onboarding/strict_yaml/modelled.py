"""What a pydantic model says of a path in its file: the field's names, its keys, its meaning."""

from __future__ import annotations

import difflib
import types
import typing
from collections.abc import Iterator
from typing import Any

import pydantic
from pydantic import fields

from onboarding.strict_yaml import reader


def thai(model: type[pydantic.BaseModel], path: reader.KeyPath) -> str:
    """The Thai name of the field at ``path``, of its list for an entry; empty where none is."""
    name = ""
    for part, info in _walk(model, path):
        if info is not None:
            extra = info.json_schema_extra
            name = str(extra.get("titleTh", "")) if isinstance(extra, dict) else ""
        elif isinstance(part, str):
            name = ""
    return name


def guess(model: type[pydantic.BaseModel], path: reader.KeyPath) -> str:
    """The key that was meant by the unknown one at ``path``; empty where there is none alike."""
    key, known = str(path[-1]), keys(model, path[:-1])
    lowered = {one.lower(): one for one in known}
    same = lowered.get(key.replace("_", "").replace("-", "").lower())
    return same or next(iter(difflib.get_close_matches(key, known, n=1, cutoff=0.6)), "")


def _walk(
    model: type[pydantic.BaseModel], path: reader.KeyPath
) -> Iterator[tuple[str | int, fields.FieldInfo | None]]:
    current: type[pydantic.BaseModel] | None = model
    for part in path:
        if isinstance(part, int) or current is None:
            yield part, None
            continue
        info = _field(current, part)
        yield part, info
        current = _model_in(info.annotation) if info else None


def _field(model: type[pydantic.BaseModel], key: str) -> fields.FieldInfo | None:
    for name, info in model.model_fields.items():
        if key == (info.alias or name):
            return info
    return None


def _model_in(annotation: Any) -> type[pydantic.BaseModel] | None:
    """The model that a field holds directly, in a list, as a mapping's value or optionally."""
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return annotation
    origin = typing.get_origin(annotation)
    if origin in (tuple, list, dict, typing.Union, types.UnionType, typing.Annotated):
        for inner in typing.get_args(annotation):
            found = _model_in(inner)
            if found is not None:
                return found
    return None


def keys(model: type[pydantic.BaseModel], path: reader.KeyPath) -> list[str]:
    """The keys of the group at ``path``, as written in the file."""
    current: type[pydantic.BaseModel] | None = model
    for part in path:
        if isinstance(part, str) and current is not None:
            info = _field(current, part)
            current = _model_in(info.annotation) if info else None
    if current is None:
        return []
    return [info.alias or name for name, info in current.model_fields.items()]


def description(model: type[pydantic.BaseModel], path: reader.KeyPath) -> str:
    """What the field is or drives; empty where its title says as much."""
    infos = [info for _part, info in _walk(model, path) if info is not None]
    said = infos[-1].description if infos else None
    return said if said and said != infos[-1].title else ""


def only_value(model: type[pydantic.BaseModel], path: reader.KeyPath) -> str:
    """The value of a field that can have but one."""
    info = next((info for _part, info in reversed(list(_walk(model, path)))), None)
    values = typing.get_args(info.annotation) if info else ()
    return str(values[0]) if len(values) == 1 and isinstance(values[0], str) else ""
