"""The proof of a leaving as files beside the export, for the agency to keep."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from onboarding.cli import written
from onboarding.report import tombstone


def write(bag: Path, of: Mapping[str, Any]) -> tuple[Path, ...]:
    """Both languages, and the record with the evidence of each step; written anew where there.

    They stand beside the bag, not in it: its digests are part of what is proven.
    Raises ``errors.UsageError`` where they cannot be written.
    """
    texts = {
        "th.md": tombstone.text(of, language="th"),
        "en.md": tombstone.text(of, language="en"),
        "json": json.dumps(of, ensure_ascii=False, indent=2, sort_keys=True),
    }
    made = {bag.with_name(f"{bag.name}-tombstone.{end}"): text for end, text in texts.items()}
    for path, text in made.items():
        written.replace(path, f"{text}\n")
    return tuple(made)
