"""What of an MOU changed and what must be signed anew, in English or formal Thai, and as JSON."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from onboarding import agreed, amendment
from onboarding.manifest import outline
from onboarding.report import dates

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "differs": "Changed",
        "nothing": "Nothing of the MOU changed.",
        "sign": "To be signed anew",
        "by": "signed by",
        "approved": "approved in the tool by",
        "for": "for",
        "source": "source",
        "confirm": "to be confirmed",
        "added": "added",
        "removed": "removed",
        "raised": "raised",
        "lowered": "lowered",
        "later": "later",
        "earlier": "earlier",
        "order": "in another order",
    },
    "th": {
        "differs": "รายการที่เปลี่ยนแปลง",
        "nothing": "ข้อตกลงไม่มีการเปลี่ยนแปลง",
        "sign": "เอกสารที่ต้องลงนามใหม่",
        "by": "ผู้ลงนาม",
        "approved": "ผู้อนุมัติในระบบ",
        "for": "สำหรับ",
        "source": "ที่มา",
        "confirm": "รอการยืนยัน",
        "added": "เพิ่ม",
        "removed": "ตัดออก",
        "raised": "เพิ่มขึ้น",
        "lowered": "ลดลง",
        "later": "เลื่อนออกไป",
        "earlier": "เลื่อนเข้ามา",
        "order": "เรียงลำดับใหม่",
    },
}
_STEP = re.compile(r"([A-Za-z]+)(?:\[([^]]*)\])?\.?")
"""A step of a path: the key, and of a list what its entry is known by."""
_UNSIGNED = ("notice", "record")
"""Acts that nobody signs: told in full, left out of the short form."""


def text(found: Sequence[amendment.Amendment], *, language: str = "en") -> str:
    """Each change in its section, then each act with who signs it."""
    words = _WORDS[language]
    if not found:
        return words["nothing"]
    lines = [words["differs"]]
    section = ""
    for one in found:
        top = one.field.partition(".")[0]
        if top != section:
            section = top
            lines.append(f"  {_title(top, language)}")
        lines.append(f"    {_where(one, language)}: {_difference(one, language)}")
    lines += ["", words["sign"]]
    for number, (act, asking) in enumerate(amendment.to_sign(found), 1):
        lines += _act(number, act, asking, language)
    return "\n".join(lines)


def short(of: agreed.Since) -> list[str]:
    """A few lines for a plan and an empty one; none where nothing changed."""
    since = f"since the manifest applied {of.day or 'last'}"
    if of.unknown:
        return [f"MOU: what changed {since} is unknown: {of.unknown}", ""]
    if not of.found:
        return []
    counted = f"{len(of.found)} change" + ("s" if len(of.found) > 1 else "")
    lines = [f"MOU: {counted} {since}"]
    for act, asking in amendment.to_sign(of.found):
        paths = [one.path for one in asking]
        more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
        lines.append(f"  {_verb(act)} {act.en}: {', '.join(paths[:3])}{more}")
    return [*lines, ""]


def since_json(of: agreed.Since) -> dict[str, Any] | None:
    """As ``json``; None where nothing can be said."""
    return None if of.unknown else json(of.found)


def json(found: Sequence[amendment.Amendment]) -> dict[str, Any]:
    """Changes and acts, stable for machines."""
    return {
        "changes": [
            {
                "path": one.path,
                "field": one.field,
                "way": one.way.value,
                "before": one.before,
                "after": one.after,
                "acts": list(one.acts),
            }
            for one in found
        ],
        "toSign": [
            {
                "act": act.id,
                "en": act.en,
                "th": act.th,
                "signedByEn": act.signed_by_en,
                "signedByTh": act.signed_by_th,
                "approver": act.approver,
                "source": act.source,
                "confirm": act.confirm or None,
                "for": [one.path for one in asking],
            }
            for act, asking in amendment.to_sign(found)
        ],
    }


def _verb(act: amendment.Act) -> str:
    return "told, not signed:" if act.id in _UNSIGNED else "to be signed:"


def _act(
    number: int, act: amendment.Act, asking: Sequence[amendment.Amendment], language: str
) -> Iterator[str]:
    words, thai = _WORDS[language], language == "th"
    yield f"  {number}. {act.th if thai else act.en}"
    yield f"     {words['by']}: {act.signed_by_th if thai else act.signed_by_en}"
    yield f"     {words['approved']}: {act.approver}"
    yield f"     {words['for']}: {', '.join(one.path for one in asking)}"
    yield f"     {words['source']}: {act.source}"
    if act.confirm:
        yield f"     {words['confirm']}: {act.confirm}"


@functools.cache
def _titles() -> dict[str, outline.Node]:
    return {node.plain_path: node for node in outline.everything()}


def _title(field: str, language: str) -> str:
    node = _titles()[field]
    return node.title_th if language == "th" else node.title_en


def _where(one: amendment.Amendment, language: str) -> str:
    """The way below the section: each block by its title, each entry by what it is known by."""
    parts: list[str] = []
    field = ""
    for name, entry in _STEP.findall(one.path):
        field = f"{field}.{name}".lstrip(".")
        # The section's title stands above already.
        named = (field == one.field and not entry) or "." in field
        parts.append(f"{_title(field, language) if named else ''} {entry}".strip())
    return " › ".join(part for part in parts if part)


def _difference(one: amendment.Amendment, language: str) -> str:
    words, way = _WORDS[language], one.way.value
    if isinstance(one.before, list) and isinstance(one.after, list):
        lost = [value for value in one.before if value not in one.after]
        won = [value for value in one.after if value not in one.before]
        told = [_with(words["removed"], _value(lost, language))] if lost else []
        told += [_with(words["added"], _value(won, language))] if won else []
        return "; ".join(told) or words["order"]
    if one.before is None:
        return _with(words["added"], _value(one.after, language))
    if one.after is None:
        return _with(words["removed"], _value(one.before, language))
    told_values = f"{_value(one.before, language)} → {_value(one.after, language)}"
    if isinstance(one.before, str) and _is_day(one.before):
        way = {"raised": "later", "lowered": "earlier"}.get(way, way)
    return f"{told_values} ({words[way]})" if way in words else told_values


def _with(word: str, value: str) -> str:
    return f"{word} {value}".rstrip()


def _value(value: Any, language: str) -> str:
    """A value in one line; of a whole entry nothing, its name was told already."""
    match value:
        case dict():
            return ""
        case list():
            return ", ".join(_value(one, language) for one in value) or "-"
        case bool() | None:
            return {True: "yes", False: "no", None: "-"}[value]
        case int():
            return f"{value:,}"
        case str() if _is_day(value):
            return dates.day(date.fromisoformat(value), language)
        case _:
            return str(value)


def _is_day(value: str) -> bool:
    return len(value) == 10 and value[4] == value[7] == "-" and value.replace("-", "").isdigit()
