"""What must stand in no file that people pass around, and in no message either.

A private key, a token or a password; and the 13-digit id of a person (เลขประจำตัวประชาชน).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

# A text without any of these needs no look at the patterns below, which cost more than all the
# rest of reading a file.
_MARKS = (
    "PRIVATE KEY", "SECRET-KEY", "hvs.", "hvb.", "hvr.", "ghp_", "gho_", "ghu_", "ghs_", "ghr_",
    "github_pat_", "glpat-", "AKIA", "ASIA", "AIza", "eyJ",
    "xoxa-", "xoxb-", "xoxp-", "xoxr-", "xoxs-",
)  # fmt: skip
_MARK = re.compile(r"\.[A-Za-z0-9]{24}|://[^/\s:@\"']+:")
# In small letters, without hyphens and underscores.
_NAMES = (
    "passw", "passphrase", "รหัสผ่าน", "clientsecret", "appsecret", "apikey", "secretkey",
    "privatekey", "accesskey", "accesstoken", "authtoken", "refreshtoken",
)  # fmt: skip
_TOKEN = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|\bAGE-SECRET-KEY-1[0-9A-Z]{20}"
    r"|\bhv[sbr]\.[A-Za-z0-9_-]{20}|\b[sb]\.[A-Za-z0-9]{24}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{30}|\bgithub_pat_[A-Za-z0-9_]{20}|\bglpat-[A-Za-z0-9_-]{20}"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[A-Za-z0-9_-]{35}|\bxox[abprs]-[A-Za-z0-9-]{10}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ"
    r"|://[^/\s:@\"']+:[^/\s:@\"']+@"
)
_PASSWORD = re.compile(
    r"(?:passwo?r?d|passphrase|รหัสผ่าน|(?:client|app)[_-]?secret|api[_-]?key"
    r"|(?:secret|private|access)[_-]?key|(?:access|auth|refresh)[_-]?token)"
    r"[\"']?\s*[:=]\s*[\"']?[^\s\"',{}\[\]()<>$#]{4}",
    re.IGNORECASE,
)
# A line of a key in base64, whose first line stands elsewhere.
_BASE64 = re.compile(r"[A-Za-z0-9+/]{48,}")
_DIGIT = "[0-9\u0e50-\u0e59]"
# A text that goes on in the next line has a space there when it is read.
_DIGITS = re.compile(f"{_DIGIT}(?:(?:[ .-]|\n *)?{_DIGIT}){{12,}}")
_THAI_DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")
_SHOWN = 60

SECRET = "a secret"  # noqa: S105 - the word, not one
PERSONAL_ID = "what reads as a 13-digit personal id"


class Piece(NamedTuple):
    """Something private: `SECRET` or `PERSONAL_ID`, where it begins, and the text itself."""

    kind: str
    start: int
    text: str


def found(text: str) -> str:
    """What ``text`` holds of the above: `SECRET`, `PERSONAL_ID`, or nothing (empty)."""
    return next((piece.kind for piece in pieces(text)), "")


def holds_secret(text: str) -> bool:
    """Whether ``text`` holds a secret, whatever else."""
    return any(piece.kind == SECRET for piece in pieces(text))


def pieces(text: str) -> Iterator[Piece]:
    """Everything private in ``text``."""
    if any(mark in text for mark in _MARKS) or _MARK.search(text):
        yield from (Piece(SECRET, match.start(), match[0]) for match in _TOKEN.finditer(text))
    plain = text.casefold().replace("_", "").replace("-", "")
    if any(name in plain for name in _NAMES):
        yield from (Piece(SECRET, match.start(), match[0]) for match in _PASSWORD.finditer(text))
    for match in _DIGITS.finditer(text):
        digits = plain_digits(match[0])
        if len(digits) == 13 and has_check_digit(digits):
            yield Piece(PERSONAL_ID, match.start(), match[0])


def plain_digits(text: str) -> str:
    """``text`` without hyphens, spaces and dots, Thai digits as 0-9."""
    return re.sub("[ .\n-]", "", text).translate(_THAI_DIGITS)


def has_check_digit(digits: str) -> bool:
    """Whether 13 digits carry the check digit of Thai personal, tax and juristic ids."""
    total = sum(int(digit) * (13 - place) for place, digit in enumerate(digits[:12]))
    return (11 - total % 11) % 10 == int(digits[12])


def may_show(text: str) -> bool:
    """Whether a message may repeat ``text``."""
    return not found(text) and not any(_is_mixed(match[0]) for match in _BASE64.finditer(text))


def _is_mixed(text: str) -> bool:
    """Whether capital and small letters and digits all occur, as in a key and in no name."""
    return all(re.search(kind, text) for kind in ("[A-Z]", "[a-z]", "[0-9]"))


def shown(text: str) -> str:
    """``text`` in quotes for a message, cut to a readable length; nothing private is shown."""
    if not may_show(text):
        return "(not shown)"
    return repr(text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…")
