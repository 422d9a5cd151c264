"""Dates of the Buddhist Era in a manifest, rewritten as Gregorian ones; all else stays as it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from onboarding import errors, strict_yaml
from onboarding.manifest import convert, convert_edit, model, thai_dates, versions
from onboarding.strict_yaml import KeyPath


def converted(text: str, name: str) -> convert.Conversion:
    """``text`` with every date of a date field written as YYYY-MM-DD.

    A date in any other field is left and noted. Raises errors.InvalidInput for a file that is no
    YAML, and for every date that has two readings or is not in the calendar.
    """
    document = strict_yaml.loads(text, name)
    schema = model.AgencyMou.model_json_schema()
    moves = versions.moves(document.value) if isinstance(document.value, dict) else ()
    edits: list[convert_edit.Edit] = []
    changes: list[convert.Change] = []
    notes: list[str] = []
    problems: list[errors.Problem] = []
    for path, node in convert_edit.scalars(convert_edit.outline(text)):
        found = _read(node.value, path, document)
        if isinstance(found, errors.Problem):
            if _is_day(schema, _now(path, moves)):
                problems.append(found)
        elif found and found != node.value:
            line, column = node.start_mark.line + 1, node.start_mark.column + 1
            field = strict_yaml.problem(document, model.AgencyMou, path, "").field
            if not _is_day(schema, _now(path, moves)):
                notes.append(f"{name}:{line}:{column}: {field}: no date field, left as it is")
            elif node.style in ("|", ">"):
                problems.append(
                    strict_yaml.problem(
                        document, model.AgencyMou, path, "is a text block", "write it in one line"
                    )
                )
            else:
                edits.append(convert_edit.replaced(node, found))
                changes.append(convert.Change(line, column, field, node.value, found))
    if problems:
        raise errors.InvalidInput(
            f"{name} has {len(problems)} date(s) that a person must decide",
            problems,
            resolution="Write these as YYYY-MM-DD; then run the command again.",
        )
    return convert.Conversion(convert_edit.edited(text, edits), tuple(changes), tuple(notes))


def _read(value: str, path: KeyPath, document: strict_yaml.Document) -> str | errors.Problem | None:
    """The Gregorian form, what is wrong with it, or None where it is no date."""
    try:
        day = thai_dates.read(value)
    except thai_dates.UnclearError as unclear:
        return strict_yaml.problem(document, model.AgencyMou, path, unclear.message, unclear.remedy)
    return day.isoformat() if day else None


def _now(path: KeyPath, moves: Iterable[versions.Move]) -> KeyPath:
    """``path`` of the file as the current version has it."""
    for move in moves:
        if path[: len(move.old)] == move.old:
            return move.new + path[len(move.old) :]
    return path


def _is_day(schema: Mapping[str, Any], path: KeyPath) -> bool:
    """Whether the manifest's JSON Schema has a date at ``path``."""
    level = [schema]
    for part in path:
        below = []
        for one in level:
            for option in _options(one, schema):
                if isinstance(part, int):
                    inner = option.get("items")
                else:
                    inner = option.get("properties", {}).get(part)
                if isinstance(inner, Mapping):
                    below.append(inner)
        level = below
    return any(option.get("format") == "date" for one in level for option in _options(one, schema))


def _options(one: Mapping[str, Any], schema: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """``one`` with its references and alternatives followed."""
    if "$ref" in one:
        yield from _options(schema["$defs"][one["$ref"].rpartition("/")[2]], schema)
    for alternative in (*one.get("anyOf", ()), *one.get("allOf", ())):
        yield from _options(alternative, schema)
    yield one
