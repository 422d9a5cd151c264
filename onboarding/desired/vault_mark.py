"""The owner mark of objects in Vault, which has no labels: text in descriptions and headers."""

from __future__ import annotations

import re

from onboarding import labels

_MARK = re.compile(
    rf"{re.escape(labels.AGENCY)}=([a-z0-9-]+) {labels.MANAGED_BY.removeprefix(labels.PREFIX)}="
    rf"{labels.MANAGER}\b"
)


def of(agency: str) -> str:
    """``gdcc.go.th/agency=<id> managed-by=onboard``."""
    return f"{labels.AGENCY}={agency} managed-by={labels.MANAGER}"


def owner(text: str | None) -> str:
    """The agency that a description or header names; "" where it is not ours."""
    found = _MARK.search(text or "")
    return found[1] if found else ""
