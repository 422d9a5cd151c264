"""How names are put together: namespaces, hosts, mounts. Deterministic, no random part.

`tenant` decides which names an agency has; this module only says how they read, so that a
manifest can be checked for names that would be too long before anything is resolved.
"""

from __future__ import annotations

import re

PRODUCTION = "prod"
E_OFFICE = "e-office"
MAX_LABEL = 63
"""Longest DNS-1123 label (RFC 1123), so the longest name of a namespace."""
LINK = "link"
"""Label of links' names in certificates; a system of this name would have devices named alike."""

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?\Z")


def is_dns_label(name: str) -> bool:
    """DNS-1123 label: what Kubernetes takes as the name of a namespace."""
    return len(name) <= MAX_LABEL and _LABEL.match(name) is not None


def short_shard(agency: str, shard: str) -> str:
    """A shard's id without the agency's prefix: ``moph-central`` of ``moph`` is ``central``."""
    return shard.removeprefix(f"{agency}-")


def namespace(agency: str, shard: str, environment: str, system: str, kind: str) -> str:
    """``ga-<id>[-<shard>]-<env>[-<system>]``; the e-Office has no system part.

    ``shard`` is "" where the agency has none.
    """
    parts = ["ga", agency]
    if shard:
        parts.append(short_shard(agency, shard))
    parts.append(environment)
    if kind != E_OFFICE:
        parts.append(system)
    return "-".join(parts)


def host_label(agency: str, shard: str, environment: str, system: str, kind: str) -> str:
    """First label of an instance's host: ``e-office-central-uat``; production has no suffix."""
    parts = [E_OFFICE if kind == E_OFFICE else system]
    if shard:
        parts.append(short_shard(agency, shard))
    if environment != PRODUCTION:
        parts.append(environment)
    return "-".join(parts)


def device(identity: str, system: str, domain: str) -> str:
    """Name of a device in its certificate, below the host of the system that it sends to."""
    return f"{identity}.{system}.{domain}"


def pki_mount(agency: str, generation: int = 1) -> str:
    """Mount of the agency's intermediate CA.

    An agency that left and came back gets a mount of its own: the first one stays, for its
    certificates name the address at which it publishes their revocation.
    """
    return f"pki-{agency}-sign" + (f"-{generation}" if generation > 1 else "")


def pki_role(body: str = "") -> str:
    """Role that signs officials' certificates: one per body of a pooled agency, else one."""
    return f"signer-{body}" if body else "signer"


def link_client(agency: str, link: str) -> str:
    """Id of an agency's OIDC client for one of its links."""
    return f"ga-{agency}-link-{link}"


def link_role(link: str) -> str:
    """PKI role that signs the client certificate of one link."""
    return f"link-{link}"


def link_host(link: str, domain: str) -> str:
    """Name in the client certificate of one link, inside the agency's domain."""
    return f"{link}.{LINK}.{domain}"


def public_client(agency: str) -> str:
    """Id of the OIDC client of people at public access points."""
    return f"ga-{agency}-public"


def juristic_broker(agency: str, system: str) -> str:
    """Alias of the identity provider by which companies sign in to a system."""
    return f"{agency}-{system}-juristic"
