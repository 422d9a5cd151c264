"""Whole numbers as people write them: Thai or Arabic digits, with or without separators."""

from __future__ import annotations

import re

DIGITS = str.maketrans("๐๑๒๓๔๕๖๗๘๙", "0123456789")


def whole(text: str) -> int | None:
    """``text`` as a number of at most nine digits; None where it is none, or a longer one."""
    digits = text.translate(DIGITS)
    found = re.fullmatch(r"[0-9]{1,9}|[0-9]{1,3}(,[0-9]{3}){1,2}", digits)
    return int(digits.replace(",", "")) if found else None
