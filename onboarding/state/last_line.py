"""The end of a journal's file: its last whole record, without reading the rest."""

from __future__ import annotations

import json
import os

_BLOCK = 4096


def drop_torn(handle: int) -> None:
    """Cut off a last record that a crash left without its end of line."""
    size = os.fstat(handle).st_size
    end = _after_newline(handle, size)
    if end < size:
        os.ftruncate(handle, end)


def number(handle: int) -> int:
    """The number of the last record; 0 in an empty journal, -1 where it cannot be told."""
    end = os.fstat(handle).st_size
    if not end:
        return 0
    start = _after_newline(handle, end - 1)
    body = os.pread(handle, end - start, start).partition(b" ")[2]
    try:
        value = json.loads(body)
        if "v" in value:
            return int(value["seq"])
    except (ValueError, KeyError, TypeError):
        return -1
    # Records of the first form have no number: they are counted.
    return os.pread(handle, end, 0).count(b"\n")


def _after_newline(handle: int, end: int) -> int:
    """Where the line begins that reaches to ``end``."""
    while end > 0:
        start = max(0, end - _BLOCK)
        newline = os.pread(handle, end - start, start).rfind(b"\n")
        if newline >= 0:
            return start + newline + 1
        end = start
    return 0
