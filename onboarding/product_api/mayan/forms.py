"""What is said of letters, as files of an archive that any computer opens."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Sequence
from typing import Any

from onboarding import product_api


def as_json(path: str, value: Any, *, tells: bool = False) -> product_api.Stored:
    text = json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True)
    return _made(path, f"{text}\n".encode(), tells)


def as_table(path: str, head: Sequence[str], rows: Sequence[Sequence[Any]]) -> product_api.Stored:
    """With a byte order mark, by which office programs know Thai text."""
    out = io.StringIO()
    csv.writer(out).writerows([head, *rows])
    return _made(path, ("\ufeff" + out.getvalue()).encode(), tells=False)


def _made(path: str, content: bytes, tells: bool) -> product_api.Stored:
    return product_api.Stored(path, hashlib.sha256(content).hexdigest(), lambda: content, tells)
