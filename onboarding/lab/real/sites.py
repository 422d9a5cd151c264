"""Where the sites of agencies are reached: the real node's own address serves their Ingresses."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onboarding import errors
from onboarding.lab import component, wire
from onboarding.lab.real import office, place

CLASSES = ("gdcc", "gdcc-internal")
"""Ingress classes that are served. What is open to the public is not: no web application firewall
stands here."""


@dataclass(frozen=True, slots=True)
class Sites:
    """The address, and the hosts that are asked for there; no name server knows them.

    ``authority`` is the file with who vouches for their certificates.
    """

    address: str
    authority: Path
    hosts: tuple[str, ...]


def address(lab: component.Lab) -> str:
    return str(place.network(lab.ports["apiserver"]).node)


def of(lab: component.Lab) -> Sites | None:
    """None without a real node; no hosts while the API server does not answer."""
    if not lab.real:
        return None
    at, authority = address(lab), office.authority(lab)
    url = lab.url("apiserver", "/apis/networking.k8s.io/v1/ingresses")
    try:
        answer = wire.request("GET", url, lab.trust(client="admin"))
    except errors.Unreachable:
        return Sites(at, authority, ())
    specs = [one["spec"] for one in answer.json().get("items", [])]
    served = [spec for spec in specs if spec.get("ingressClassName") in CLASSES]
    hosts = {rule["host"] for spec in served for rule in spec.get("rules", []) if "host" in rule}
    return Sites(at, authority, tuple(sorted(hosts)))
