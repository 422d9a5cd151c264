"""Policy values out of the package: thresholds, applicability, trust anchors.

They are data with a source because none of them is ours to decide; ``confirm`` marks what a
person still has to.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import item, strict_yaml

FOLDER = "policies/data"
FILES = (
    "access.yaml",
    "applicability.yaml",
    "authorities.yaml",
    "ecms.yaml",
    "eoffice.yaml",
    "gateway.yaml",
    "identity.yaml",
    "leaving.yaml",
    "links.yaml",
    "mail.yaml",
    "nrca.yaml",
    "pki.yaml",
    "safety.yaml",
    "sizing.yaml",
    "thresholds.yaml",
)


def read(name: str) -> Mapping[str, Any]:
    """The content of one policy file, e.g. ``thresholds.yaml``."""
    return strict_yaml.shipped(f"{FOLDER}/{name}")


def thresholds() -> dict[str, Any]:
    """Every threshold by its key, e.g. ``net.dnsApps``; what a view carries."""
    entries = {**read("thresholds.yaml")["values"], **read("access.yaml")["values"]}
    return {key: entry["value"] for key, entry in entries.items()}


def confirm(key: str) -> str:
    """What a person has to confirm about a threshold; "" where nothing."""
    entry: Mapping[str, Any] = read("thresholds.yaml")["values"][key]
    return str(entry.get("confirm", ""))


def branch(name: str) -> Mapping[str, Any]:
    """The row of applicability of one branch of the state."""
    row: Mapping[str, Any] = read("applicability.yaml")["branches"][name]
    return row


def version() -> str:
    """Which policy judged: the version as written, and a hash over the content of the files."""
    content = {name: read(name) for name in FILES}
    return f"{read('thresholds.yaml')['version']}+{item.content_hash(content)[:12]}"
