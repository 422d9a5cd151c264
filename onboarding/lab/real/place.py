"""Where a lab's real node is: its addresses, its folders, its names. Pure."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from pathlib import Path

from onboarding.lab import home as homes
from onboarding.lab import ports as ports_module

NODE = "real-1"
POOL = "real"
"""Pods that are to run on the node select and tolerate this pool."""
COMPONENT = "node"

_SHARED = ipaddress.IPv4Network("100.64.0.0/10")
"""RFC 6598: neither public nor in use within agencies' networks."""


@dataclass(frozen=True, slots=True)
class Network:
    """One /24 a lab: pods in the lower half, the link between computer and node at its end."""

    pods: ipaddress.IPv4Network
    computer: ipaddress.IPv4Address
    node: ipaddress.IPv4Address


def network(apiserver_port: int) -> Network:
    """No two labs share the API server's port, so none share a network."""
    start = _SHARED.network_address + (apiserver_port - ports_module.FIRST) * 256
    whole = ipaddress.IPv4Network(f"{start}/24")
    return Network(next(whole.subnets(prefixlen_diff=1)), whole[253], whole[254])


def mark(home: homes.Home) -> str:
    """Eight digits that tell this lab's folder from every other on the computer."""
    return hashlib.sha256(str(home.root).encode()).hexdigest()[:8]


def link(home: homes.Home) -> str:
    """The computer's end of the link to the node; names of interfaces have 15 bytes at most."""
    return f"onb-{mark(home)}"


def group(home: homes.Home) -> str:
    """Control group under which every pod of the lab runs."""
    return f"onboard-lab-{home.name}-{mark(home)}"


def folder(home: homes.Home) -> Path:
    return home.data(COMPONENT)


def pid_file(home: homes.Home) -> Path:
    """Holds the node's first process, as the computer counts it, once the node stands."""
    return folder(home) / "pid"


def volumes(home: homes.Home) -> Path:
    """A folder for each volume of a pod on the node."""
    return home.data("volumes")
