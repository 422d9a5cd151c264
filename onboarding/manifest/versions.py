"""Versions of the manifest: an older file is read as the current one, its places kept.

``gdcc.go.th/v1alpha1`` allowed one block ``eoffice`` at the top of the file, with ``ai`` in it.
Since ``gdcc.go.th/v1alpha2`` these settings stand in the entry of the e-Office system: ``eoffice``
beside ``features.ai``. A v1alpha1 file that has them there already differs by its version only.
"""

from __future__ import annotations

import copy
import dataclasses
import difflib
from collections.abc import Mapping
from typing import Any, NamedTuple

from onboarding import errors, names, strict_yaml
from onboarding.manifest import model
from onboarding.strict_yaml import KeyPath

V1ALPHA1 = "gdcc.go.th/v1alpha1"
CURRENT = model.API_VERSION
KNOWN = (V1ALPHA1, CURRENT)


class Converted(NamedTuple):
    """``document`` is of the current version; ``problems`` are what could not be converted."""

    document: strict_yaml.Document
    problems: tuple[errors.Problem, ...] = ()


class Move(NamedTuple):
    """Something that stands elsewhere in the current version."""

    old: KeyPath
    new: KeyPath


def convert(document: strict_yaml.Document) -> Converted:
    """``document``, whose value is a mapping, in the current version.

    What moved is still found at its place in the file. Raises errors.InvalidInput for an unknown
    version; a missing one is left to the model.
    """
    value = document.value
    version = value.get("apiVersion")
    if version is None:
        return Converted(document)
    if version not in KNOWN:
        raise _unknown(document, version)
    problems: tuple[errors.Problem, ...] = ()
    found: tuple[Move, ...] = ()
    obstacle = _obstacle(value, version)
    if obstacle:
        problems = (strict_yaml.problem(document, model.AgencyMou, ("eoffice",), *obstacle),)
    else:
        found = moves(value)
    value = copy.deepcopy(value) if "eoffice" in value else dict(value)
    value["apiVersion"] = CURRENT
    carry_out(value, found)
    value.pop("eoffice", None)
    places = {move.new: move.old for move in found}
    return Converted(dataclasses.replace(document, value=value, moved=places), problems)


def moves(value: Mapping[str, Any]) -> tuple[Move, ...]:
    """What of a v1alpha1 manifest stands elsewhere now; nothing where there is no obstacle."""
    block, index = value.get("eoffice"), _office(value)
    if block is None or index is None:
        return ()
    office: KeyPath = ("systems", index)
    if not isinstance(block, Mapping) or "ai" not in block:
        return (Move(("eoffice",), (*office, "eoffice")),)
    ai = Move(("eoffice", "ai"), (*office, "features", "ai"))
    return (ai, Move(("eoffice",), (*office, "eoffice"))) if len(block) > 1 else (ai,)


def carry_out(value: Any, found: tuple[Move, ...]) -> None:
    """Do the moves in ``value``, plain or as ruamel.yaml loaded it; groups are made as needed."""
    for move in found:
        part = value
        for key in move.old[:-1]:
            part = part[key]
        moved = part.pop(move.old[-1])
        part = value
        for key in move.new[:-1]:
            if isinstance(part, dict) and key not in part:
                part[key] = {}
            part = part[key]
        part[move.new[-1]] = moved


def _office(value: Mapping[str, Any]) -> int | None:
    """The place of the e-Office; None where the model will refuse what is there instead."""
    systems = value.get("systems")
    for index, system in enumerate(systems if isinstance(systems, list) else ()):
        if isinstance(system, dict) and system.get("kind") == names.E_OFFICE:
            return index if isinstance(system.get("features", {}), dict) else None
    return None


def _obstacle(value: Mapping[str, Any], version: str) -> tuple[str, str] | None:
    """Why the block ``eoffice`` at the top cannot be read, with the remedy."""
    block = value.get("eoffice")
    if "eoffice" not in value:
        return None
    if version != V1ALPHA1:
        return (
            "stands in the entry of the e-Office system since gdcc.go.th/v1alpha2",
            "move it to systems[].eoffice, and ai to systems[].features.ai",
        )
    systems = value.get("systems")
    if not isinstance(systems, list) or not all(isinstance(entry, dict) for entry in systems):
        return None  # the model refuses the systems, which says more
    offices = [n for n, entry in enumerate(systems) if entry.get("kind") == names.E_OFFICE]
    if not offices:
        return "there is no system of kind e-office", "add the system, or remove this block"
    office = systems[offices[0]]
    has_ai = isinstance(block, dict) and "ai" in block
    ai_twice = has_ai and isinstance(office.get("features"), dict) and "ai" in office["features"]
    if "eoffice" in office or ai_twice:
        return (
            f"stands here and in systems[{offices[0]}]",
            "keep one of them; systems[] is the place since gdcc.go.th/v1alpha2",
        )
    return None


def _unknown(document: strict_yaml.Document, version: Any) -> errors.InvalidInput:
    close = difflib.get_close_matches(str(version), reversed(KNOWN), n=1)
    shown = strict_yaml.shown(str(version))
    problem = strict_yaml.problem(
        document,
        model.AgencyMou,
        ("apiVersion",),
        f"{shown} is not known to this version; known: {', '.join(KNOWN)}",
        f"did you mean {close[0]!r}?" if close else f"write {CURRENT}",
    )
    return errors.InvalidInput(
        f"{document.name} is of an unknown version",
        [problem],
        resolution="Correct apiVersion; start a new manifest with: onboard init",
    )
