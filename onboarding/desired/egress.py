"""Which hosts outside an instance may reach. The egress gateway lets through these and no others.

The pods can reach the gateway only (network policy ``allow-egress-gateway``). The gateway reads
the hosts from an annotation of that policy, which no agency may change.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from urllib import parse

from onboarding import labels, tenant
from onboarding.desired import exchange

HOSTS = labels.PREFIX + "egress-hosts"
"""Annotation: ``host:port`` of each, sorted, with commas between; empty where there is none."""
POLICY = "allow-egress-gateway"


def hosts(of: tenant.Tenant, instance: tenant.Instance) -> tuple[str, ...]:
    """``host:port`` of everything outside that the manifest agrees on, sorted."""
    return tuple(sorted(set(_agreed(of, instance))))


def in_country(url: str, suffixes: Sequence[str]) -> bool:
    """Whether the host of an address ends in one of the suffixes that stand for Thailand."""
    return (parse.urlsplit(url).hostname or "").endswith(tuple(suffixes))


def _agreed(of: tenant.Tenant, instance: tenant.Instance) -> Iterator[str]:
    system = of.system(instance)
    if system.features.ai:
        yield _place(system.features.ai.endpoint)
    if system.one_stop_service:
        yield from (_place(gateway.endpoint) for gateway in system.one_stop_service.payments)
    if system.eoffice and system.eoffice.ecms and exchange.rights(of, instance):
        yield _place(system.eoffice.ecms.endpoint)


def _place(url: str) -> str:
    parts = parse.urlsplit(url)
    return f"{parts.hostname}:{parts.port or 443}"
