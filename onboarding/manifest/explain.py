"""Finding a field by the path people type, and saying in words what may stand there."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from typing import Any

from onboarding import errors
from onboarding.manifest import outline

LANGUAGES = ("en", "th")
_MOST_GUESSES = 4

# By sort of value: a single one, and a list of them.
_TYPES: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "en": {
        "object": ("group of keys", "list of groups"),
        "date": ("date as YYYY-MM-DD, Gregorian", "list of dates as YYYY-MM-DD, Gregorian"),
        "string": ("text", "list of texts"),
        "integer": ("whole number", "list of whole numbers"),
        "boolean": ("true or false", "list of true or false"),
    },
    "th": {
        "object": ("กลุ่มข้อมูล", "รายการของกลุ่มข้อมูล"),
        "date": ("วันที่ ปปปป-ดด-วว (ค.ศ.)", "รายการวันที่ ปปปป-ดด-วว (ค.ศ.)"),
        "string": ("ข้อความ", "รายการข้อความ"),
        "integer": ("จำนวนเต็ม", "รายการจำนวนเต็ม"),
        "boolean": ("true หรือ false", "รายการ true หรือ false"),
    },
}
_LIMITS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "range": "{minimum:,} to {maximum:,}",
        "maxLength": "at most {0} characters",
        "pattern": "of the form {0}",
    },
    "th": {
        "range": "{minimum:,} ถึง {maximum:,}",
        "maxLength": "ไม่เกิน {0} อักขระ",
        "pattern": "ตามรูปแบบ {0}",
    },
}


def find(field: str) -> outline.Node:
    """The field that ``field`` names, e.g. ``systems[0].eoffice``.

    Raises errors.UsageError with the nearest fields for one that does not exist.
    """
    wanted = re.sub(r"\[[^\]]*\]", "", field).strip(". ")
    nodes = {node.plain_path: node for node in outline.everything()}
    if wanted in nodes:
        return nodes[wanted]
    guesses = _guesses(wanted, list(nodes))
    raise errors.UsageError(
        f"the manifest has no field {field[:80]!r}",
        resolution=f"Did you mean {' or '.join(guesses)}?"
        if guesses
        else "See all of them with: onboard explain",
    )


def _guesses(wanted: str, paths: list[str]) -> list[str]:
    lowered = wanted.lower()
    same = [path for path in paths if path.lower() == lowered]
    inside = [path for path in paths if path.lower().endswith(f".{lowered}")]
    keys = {path.rpartition(".")[2].lower(): path for path in paths}
    near = difflib.get_close_matches(lowered.rpartition(".")[2], keys, n=1, cutoff=0.75)
    close = difflib.get_close_matches(wanted, paths, n=2, cutoff=0.75)
    return (same or inside or close or [keys[key] for key in near])[:_MOST_GUESSES]


def type_of(node: outline.Node, language: str) -> str:
    """What sort of value stands there, in words."""
    sort = "date" if node.shape.get("format") == "date" else str(node.shape["type"])
    return _TYPES[language][sort][node.is_list]


def values_of(node: outline.Node, language: str) -> str:
    """Which values are allowed; "" where the type says it all."""
    shape, words = node.shape, _LIMITS[language]
    if "const" in shape or "enum" in shape:
        return ", ".join(map(str, shape.get("enum") or [shape["const"]]))
    if "minimum" in shape and "maximum" in shape:
        return words["range"].format_map(shape)
    limits = [words[key].format(shape[key]) for key in ("maxLength", "pattern") if key in shape]
    return "" if shape.get("format") == "date" else ", ".join(limits)


def default_of(node: outline.Node) -> str:
    """The value of a field that is absent, as it would be written; "" where there is none."""
    if node.children or node.default in (None, []):
        return ""
    return json.dumps(node.default, ensure_ascii=False)


def described(node: outline.Node) -> dict[str, Any]:
    """Everything about a field as JSON values, for programs."""
    return {
        "path": node.path,
        "title": {"en": node.title_en, "th": node.title_th},
        "description": {"en": node.text_en, "th": node.text_th},
        "type": {language: type_of(node, language) for language in LANGUAGES},
        "values": {language: values_of(node, language) for language in LANGUAGES},
        "required": node.required,
        "default": node.default,
        "law": [{"en": law.text("en"), "th": law.text("th")} for law in node.meaning.law],
        "controls": list(node.controls),
        "drives": {engine: list(kinds) for engine, kinds in node.drives.items()},
        "fields": [child.path for child in node.children],
    }
