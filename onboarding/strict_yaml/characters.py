"""Characters that look right and are not: each would make names differ that look equal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

from onboarding.strict_yaml import private


class Fault(NamedTuple):
    """``column`` counts from 1."""

    column: int
    message: str
    remedy: str


# Invisible, so two ids can look the same: zero-width and joining characters, direction controls,
# fillers, variation selectors, tags, and the line separators that only YAML takes for line ends.
_INVISIBLE = re.compile(
    "[\u0085\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
# Spaces that are not U+0020: a name with one differs from the same name typed on a keyboard.
_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# Private use: old Thai fonts keep raised and shifted vowels and tone marks there.
_PRIVATE_USE = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
# SARA AM typed as NIKHAHIT + SARA AA; NFC leaves it apart (the mapping is a compatibility one).
_SARA_AM = re.compile("\u0e4d[\u0e48-\u0e4b]?\u0e32|[\u0e48-\u0e4b]\u0e4d\u0e32")
# SARA AE typed as SARA E twice.
_SARA_AE = re.compile("\u0e40\u0e40")
_WORD = re.compile(r"\S+")
_REMEDIES = (
    (
        _INVISIBLE,
        "invisible character {code} ({name})",
        "delete it; it often comes along when text is copied from a web page or PDF",
    ),
    (_SPACE, "unusual space {code} ({name})", "type a plain space instead"),
    (
        _PRIVATE_USE,
        "character {code} of a private font",
        "type the letter anew; copies from old Thai documents hold such letters",
    ),
    (
        _SARA_AM,
        "SARA AM (ำ) is written as two characters, nikhahit and sara aa",
        "type it as one character, U+0E33",
    ),
    (
        _SARA_AE,
        "SARA AE (แ) is written as two SARA E (เ)",
        "type it as one character, U+0E41",
    ),
)
_SUSPECT = re.compile("|".join(pattern.pattern for pattern, _, _ in _REMEDIES))
# Letters of these scripts, and wide forms, pass for Latin ones.
_LOOK_ALIKE = re.compile(
    "[\u0370-\u03ff\u0400-\u052f\u0531-\u058f\u13a0-\u13ff\u1d00-\u1dbf\u2010-\u2015\u2100-\u214f"
    "\u2212\uff01-\uff5e\U0001d400-\U0001d7ff]"
)


def is_plain(text: str) -> bool:
    """True where `faults` would find nothing; cheap enough for every file."""
    return unicodedata.is_normalized("NFC", text) and not _SUSPECT.search(text)


def invisible(text: str) -> re.Match[str] | None:
    """The first zero-width, direction-control or other invisible character of ``text``."""
    return _INVISIBLE.search(text)


def look_alike(text: str) -> str:
    """What to say of the first letter that passes for a Latin one; empty where there is none."""
    match = _LOOK_ALIKE.search(text)
    return f"{match[0]!r} is {_named(match[0])}" if match else ""


def spelt(text: str) -> str:
    """``text`` with its invisible characters as escapes."""
    return _INVISIBLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def faults(line: str) -> Iterator[Fault]:
    """Everything wrong in one line, in no particular order."""
    for pattern, message, remedy in _REMEDIES:
        for match in pattern.finditer(line):
            code, name = f"U+{ord(match[0][0]):04X}", _name(match[0][0])
            yield Fault(match.start() + 1, message.format(code=code, name=name), remedy)
    if unicodedata.is_normalized("NFC", line):
        return
    open_ = private.may_show(line)
    for match in _WORD.finditer(line):
        if not unicodedata.is_normalized("NFC", match[0]):
            word = private.shown(match[0]) if open_ else "a word (not shown)"
            yield Fault(
                match.start() + 1,
                f"{word} is not in Unicode normal form C",
                "type the word anew, or run: uconv -x any-nfc FILE > NEW",
            )


def _named(one: str) -> str:
    return f"U+{ord(one):04X} ({_name(one)})"


def _name(one: str) -> str:
    return unicodedata.name(one, "without a name").lower()
