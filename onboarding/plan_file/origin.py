"""What a plan rests on: the versions and texts that it was made from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import onboarding
from onboarding import catalogue, environment
from onboarding.policies import load, table

_PEER = "peer "


def basis(
    target: environment.Environment, manifest: str, peers: Mapping[str, str]
) -> dict[str, str]:
    """The ``plan.Plan.basis`` of a plan for one manifest.

    ``manifest`` is its text, ``peers`` the texts of the manifests at the other end of its links
    by agency id.
    """
    return {
        "tool": onboarding.__version__,
        "catalogue": catalogue.version(),
        "policies": f"{load.version()}.{table.version()}",
        "environment": target.name,
        "manifest": sha256(manifest),
        **{f"{_PEER}{agency}": sha256(text) for agency, text in sorted(peers.items())},
    }


def peer_of(key: str) -> str:
    """The agency whose manifest an entry of a basis is about; "" for any other entry."""
    return key.removeprefix(_PEER) if key.startswith(_PEER) else ""


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
