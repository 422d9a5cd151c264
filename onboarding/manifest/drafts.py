"""Draft values: placeholders that keep a manifest valid but hold back the part that needs them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pydantic

from onboarding import errors, strict_yaml
from onboarding.manifest import model
from onboarding.strict_yaml import Document, KeyPath

# "TBD", "PERMIT-TBD"; a code of zeros only; a text wholly in parentheses such as "(ชื่อผู้ลงนาม)".
_PLACEHOLDER = re.compile(r"(?:[A-Za-z0-9]+-)*TBD|0{5,}|\([^()]*\)")
_ENDS = ("TBD", "00000", ")")
"""How a placeholder ends; spares the pattern for all other texts."""


def is_draft(text: str) -> bool:
    """Whether ``text`` only holds the place of a value to come."""
    text = text.strip()
    return text.endswith(_ENDS) and _PLACEHOLDER.fullmatch(text) is not None


def count(value: dict[str, Any]) -> int:
    """How many warnings `draft_values` has for a file of plain dicts and lists ``value``.

    Quick enough for thousands of files.
    """
    return len(set(_kinds(value)))


def _kinds(value: dict[str, Any] | list[Any]) -> list[tuple[str, ...]]:
    """The place of every placeholder, without the numbers of list entries."""
    found: list[tuple[str, ...]] = []
    pairs = value.items() if isinstance(value, dict) else (("*", inner) for inner in value)
    for key, inner in pairs:
        if isinstance(inner, str):
            if inner.endswith(_ENDS) and is_draft(inner):
                found.append((key,))
        elif isinstance(inner, dict | list):
            found += [(key, *kind) for kind in _kinds(inner)]
    return found


def draft_values(
    manifest: model.AgencyMou, source: Document | None = None
) -> tuple[errors.Problem, ...]:
    """One warning per placeholder, placed where ``source`` is given.

    Placeholders in the same field of many list entries (bodies not yet named) are one warning.
    """
    groups: dict[tuple[str, ...], list[tuple[KeyPath, str]]] = {}
    for path, text in texts(manifest):
        if is_draft(text):
            kind = tuple("*" if isinstance(part, int) else part for part in path)
            groups.setdefault(kind, []).append((path, text))
    return tuple(_warning(source, found) for found in groups.values())


def _warning(source: Document | None, found: list[tuple[KeyPath, str]]) -> errors.Problem:
    path, text = found[0]
    others = f" and {len(found) - 1} more of the kind" if len(found) > 1 else ""
    return strict_yaml.problem(
        source,
        model.AgencyMou,
        path,
        f"draft value {text!r}{others}",
        "replace it; in production the part that rests on it is not provisioned",
    )


def texts(manifest: model.AgencyMou) -> Iterator[tuple[KeyPath, str]]:
    """Every text of the manifest with its path, keys as written in the file."""
    return _texts(manifest, ())


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, pydantic.BaseModel):
        for name, info in type(value).model_fields.items():
            yield from _texts(getattr(value, name), (*path, info.alias or name))
    elif isinstance(value, tuple):
        for index, entry in enumerate(value):
            yield from _texts(entry, (*path, index))
