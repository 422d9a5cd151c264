"""Secrets and personal ids, which have no place in a manifest: not in a value, a key, a comment."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from onboarding import errors, strict_yaml
from onboarding.manifest import model
from onboarding.strict_yaml import KeyPath, private

_REMEDIES = {
    private.SECRET: "remove it, store it in Vault, and replace it: it must count as leaked",
    private.PERSONAL_ID: "remove it; officials are named without their citizen id",
}


def problems(document: strict_yaml.Document) -> list[errors.Problem]:
    """Every place that holds something private, up to a limit; the messages do not repeat it."""
    own = _tax_id(document.value)
    written = list(_pieces(document.text, own))
    # Escapes may hide in the text what the value holds.
    if not written and ("\\" not in document.text or not _in_value(document, own)):
        return []
    found: list[errors.Problem] = []
    told: set[str] = set()
    for path, text in _texts(document.value, ()):
        inside = list(_pieces(text, own))
        if len(found) >= strict_yaml.MAX_PROBLEMS:
            return found
        if inside:
            told.update(piece.text for piece in inside)
            message, remedy = _words("holds", inside[0].kind)
            found.append(strict_yaml.problem(document, model.AgencyMou, path, message, remedy))
    others = [piece for piece in written if piece.text not in told]
    for piece in others[: strict_yaml.MAX_PROBLEMS]:
        line = document.text.count("\n", 0, piece.start) + 1
        column = piece.start - document.text.rfind("\n", 0, piece.start)
        message, remedy = _words("here stands", piece.kind)
        found.append(errors.Problem(document.name, line, column, "", message, remedy))
    return found


def _in_value(document: strict_yaml.Document, own: str) -> bool:
    return any(_pieces(json.dumps(document.value, ensure_ascii=False), own))


def _words(verb: str, kind: str) -> tuple[str, str]:
    return f"{verb} {kind} (not shown)", _REMEDIES[kind]


def _pieces(text: str, own: str) -> Iterator[private.Piece]:
    for piece in private.pieces(text):
        if not own or private.plain_digits(piece.text) != own:
            yield piece


def _tax_id(value: Any) -> str:
    """The agency's own juristic id, which is public; those of juristic persons begin with 0."""
    agency = value.get("agency")
    own = agency.get("organizationId") if isinstance(agency, dict) else None
    digits = private.plain_digits(own) if isinstance(own, str) else ""
    return digits if digits.startswith("0") else ""


def _texts(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    """Every key and every value but groups and lists, as text with its path."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield (*path, key), key
            yield from _texts(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _texts(inner, (*path, index))
    else:
        yield path, str(value)
