"""When a token that Vault holds for the cluster ends: it stands in the description of its mount."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from onboarding.desired import pki_profile

NOT_DUE = "not due"
_UNTIL = re.compile(r"token (?:reviewer )?until (\d{4}-\d{2}-\d{2})")


def note(mark: str, ends: datetime) -> str:
    """The description: whose the mount is, and until when its token lasts."""
    return f"{mark}; token until {ends:%Y-%m-%d}"


def state(description: str) -> str:
    """``not due``, ``ends <day>`` in the last third of its life, ``unknown`` where nothing says."""
    found = _UNTIL.search(description)
    if not found:
        return "unknown"
    ends = datetime.fromisoformat(found[1]).replace(tzinfo=UTC)
    left = ends - datetime.now(UTC)
    due = timedelta(days=pki_profile.section("tokens")["reviewerDays"] / 3)
    return NOT_DUE if left > due else f"ends {found[1]}"
