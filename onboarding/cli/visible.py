"""Text of others on a terminal: what would move the cursor, hide or turn text is spelt out.

Names of objects in Kubernetes and Keycloak may hold control characters, and so may whatever
else a live system answers; printed as they are they could rewrite what the reader sees.
"""

from __future__ import annotations

import re
from collections.abc import Collection

_UNSAFE = re.compile(
    # Controls but tab and line feed, then characters that turn the direction or separate lines.
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


def spelt(text: str, ours: Collection[str] = ()) -> str:
    """``text`` with unsafe characters as ``\\u001b``; the sequences ``ours`` stay as they are."""
    if not ours:
        return _UNSAFE.sub(_escaped, text)
    between = re.compile("(" + "|".join(map(re.escape, ours)) + ")")
    return "".join(
        part if part in ours else _UNSAFE.sub(_escaped, part) for part in between.split(text)
    )


def _escaped(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"
