"""Every field of the manifest with its texts, type and meaning, as one tree.

The JSON Schema, ``onboard explain`` and the reference page are all made from it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from onboarding.manifest import meaning, model

Schema = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Node:
    """One field of the manifest.

    ``path`` is dotted, with ``[]`` behind the name of a list: ``systems[].kind``. ``owner`` is the
    model that has it. ``shape`` is the JSON Schema of its value, in a list of each entry.
    """

    path: str
    key: str
    owner: str
    title_en: str
    title_th: str
    text_en: str
    text_th: str
    required: bool
    default: Any
    shape: Schema
    is_list: bool
    meaning: meaning.Meaning
    children: tuple[Node, ...]

    @property
    def plain_path(self) -> str:
        """The path as people type it: ``systems.kind``."""
        return self.path.replace("[]", "")

    @property
    def controls(self) -> tuple[str, ...]:
        """Ids of the controls that read this field or what stands in it."""
        return tuple(
            sorted({control for node in self.below() for control in node.meaning.controls})
        )

    @property
    def drives(self) -> dict[str, tuple[str, ...]]:
        """Kinds of objects by engine that this field or what stands in it decides about."""
        found: dict[str, set[str]] = {}
        for node in self.below():
            for engine, kinds in node.meaning.drives.items():
                found.setdefault(engine, set()).update(kinds)
        return {engine: tuple(sorted(found[engine])) for engine in sorted(found)}

    def below(self) -> Iterator[Node]:
        """This field and everything in it."""
        yield self
        for child in self.children:
            yield from child.below()


@functools.cache
def tree() -> tuple[Node, ...]:
    """The fields at the top, in the order of the model."""
    root = model.AgencyMou.model_json_schema(by_alias=True)
    return tuple(_fields(root, root["$defs"], "AgencyMou", ""))


def everything() -> Iterator[Node]:
    """Every field, a block before what stands in it."""
    for node in tree():
        yield from node.below()


def _fields(block: Schema, models: Schema, owner: str, path: str) -> Iterator[Node]:
    for key, own in block["properties"].items():
        shape, model_name = _resolved(own, models)
        is_list = shape.get("type") == "array"
        if is_list:
            shape, model_name = _resolved(shape["items"], models)
        here = f"{path}{key}{'[]' if is_list else ''}"
        of = meaning.of(here.replace("[]", ""))
        title = own["titleEn"]
        described = own.get("description", title)
        children = tuple(_fields(shape, models, model_name, f"{here}.")) if model_name else ()
        if described == title:
            described = shape.get("description", "") if children else ""
        yield Node(
            path=here,
            key=key,
            owner=owner,
            title_en=title,
            title_th=own["titleTh"],
            text_en=described,
            text_th=of.text_th,
            required=key in block.get("required", ()),
            default=own.get("default"),
            shape=shape,
            is_list=is_list,
            meaning=of,
            children=children,
        )


def _resolved(shape: Schema, models: Schema) -> tuple[Schema, str]:
    """What a value must look like where it is given, and the name of its model."""
    options = [one for one in shape.get("anyOf", ()) if _is_given(one)]
    if len(options) == 1:
        return _resolved(options[0], models)
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return models[name], name
    return shape, ""


def _is_given(shape: Schema) -> bool:
    return shape.get("type") != "null" and shape.get("const") is not False
