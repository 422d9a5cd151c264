"""The manifest of an agency: from YAML text to a checked model."""

from __future__ import annotations

from onboarding.manifest.drafts import draft_values, is_draft
from onboarding.manifest.model import AgencyMou
from onboarding.manifest.reading import load, loads, read

__all__ = ["AgencyMou", "draft_values", "is_draft", "load", "loads", "read"]
