"""Columns of text on a screen, where Thai vowels and tone marks take no place of their own."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def width(text: str) -> int:
    """Columns on the screen: Thai vowels and tone marks above and below take none."""
    return sum(unicodedata.category(letter) != "Mn" for letter in text)


def left(text: str, columns: int) -> str:
    return text + " " * (columns - width(text))


def right(text: str, columns: int) -> str:
    return " " * (columns - width(text)) + text


def table(rows: Sequence[Sequence[str]], align: str, indent: str = "  ") -> list[str]:
    """Lines with the cells below each other; ``align`` has ``<`` or ``>`` for each column."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    pad = {"<": left, ">": right}
    return [
        (
            indent + "  ".join(pad[a](c, w) for c, w, a in zip(row, widths, align, strict=True))
        ).rstrip()
        for row in rows
    ]
