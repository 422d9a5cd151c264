"""Characters that look right and are not: each would make names differ that look equal."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple


class Fault(NamedTuple):
    """``column`` counts from 1."""

    column: int
    message: str
    remedy: str


# Zero-width and direction-control characters: invisible, so two ids can look the same.
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff]")
# SARA AM typed as NIKHAHIT + SARA AA; NFC leaves it apart (the mapping is a compatibility one).
_SARA_AM = re.compile("\u0e4d[\u0e48-\u0e4b]?\u0e32|[\u0e48-\u0e4b]\u0e4d\u0e32")
# SARA AE typed as SARA E twice.
_SARA_AE = re.compile("\u0e40\u0e40")
_SUSPECT = re.compile(f"{_INVISIBLE.pattern}|{_SARA_AM.pattern}|{_SARA_AE.pattern}")
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bhvs\.[A-Za-z0-9_-]{20}|\bs\.[A-Za-z0-9]{24}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30}|\bAKIA[A-Z0-9]{16}\b|\beyJ[A-Za-z0-9_-]{10,}\.eyJ|\bxox[bp]-"
)
_WORD = re.compile(r"\S+")
_NFC = "normalise the text to Unicode NFC, e.g. with: uconv -x any-nfc"


def is_plain(text: str) -> bool:
    """True where `faults` would find nothing; cheap enough for every file."""
    return unicodedata.is_normalized("NFC", text) and not _SUSPECT.search(text)


def is_invisible(text: str) -> bool:
    """Whether ``text`` holds a zero-width or direction-control character."""
    return _INVISIBLE.search(text) is not None


def is_secret(text: str) -> bool:
    """Whether ``text`` holds a private key or a token of a known form; such text is not echoed."""
    return _SECRET.search(text) is not None


def faults(line: str) -> Iterator[Fault]:
    """Everything wrong in one line, in no particular order."""
    for match in _INVISIBLE.finditer(line):
        name = unicodedata.name(match[0], "unnamed")
        yield Fault(
            match.start() + 1,
            f"invisible character U+{ord(match[0]):04X} ({name.lower()})",
            "delete it; it often comes along when text is copied from a web page or PDF",
        )
    for match in _SARA_AM.finditer(line):
        yield Fault(
            match.start() + 1,
            "SARA AM (ำ) is written as two characters, nikhahit and sara aa",
            "type it as one character, U+0E33",
        )
    for match in _SARA_AE.finditer(line):
        yield Fault(
            match.start() + 1,
            "SARA AE (แ) is written as two SARA E (เ)",
            "type it as one character, U+0E41",
        )
    for match in _WORD.finditer(line):
        if not unicodedata.is_normalized("NFC", match[0]):
            yield Fault(
                match.start() + 1,
                f"the text {match[0][:40]!r} is not in Unicode normal form C (it looks like NFD)",
                _NFC,
            )
