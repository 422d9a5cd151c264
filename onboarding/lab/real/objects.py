"""What a real node needs in its cluster: rights of its parts, names, sites, volumes."""

from __future__ import annotations

import string
from importlib import resources
from typing import Any

import yaml

from onboarding import labels
from onboarding.lab import cluster, component
from onboarding.lab.real import images, place


def settle(lab: component.Lab) -> None:
    """Apply them all; what is already there costs no write."""
    cluster.apply(lab, wanted(lab))


def wanted(lab: component.Lab) -> list[tuple[str, dict[str, Any]]]:
    """The path under which each object is applied, and the object."""
    template = (resources.files("onboarding.lab") / "objects" / "real.yaml").read_text()
    net = place.network(lab.ports["apiserver"])
    known = {
        "computer": str(net.computer),
        "apiserver": str(lab.ports["apiserver"]),
        "pool_label": labels.POOL,
        "pool": place.POOL,
        "node": str(net.node),
        "coredns": images.of_engine(lab, "coredns"),
        "traefik": images.of_engine(lab, "traefik"),
    }
    entries = yaml.safe_load(string.Template(template).substitute(known))
    return [(_path(entry), entry["object"]) for entry in entries]


def _path(entry: dict[str, Any]) -> str:
    whole = f"{entry['under']}/{entry['object']['metadata']['name']}"
    return f"{whole}/{entry['part']}" if "part" in entry else whole
