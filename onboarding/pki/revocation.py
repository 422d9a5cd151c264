"""The certificates that an agency's CA has issued, revoked, and the list that says so."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from onboarding import errors, tenant, vault
from onboarding.pki import certificates, listing


@dataclass(frozen=True, slots=True)
class Published:
    """A revocation list as it is published now; ``serials`` as Vault writes them."""

    pem: str
    number: int
    this_update: str
    next_update: str
    serials: frozenset[str]

    @property
    def sha256(self) -> str:
        """Digest of the list's DER form, as whoever fetches it can compute it."""
        of = x509.load_pem_x509_crl(self.pem.encode())
        return hashlib.sha256(of.public_bytes(serialization.Encoding.DER)).hexdigest()


def issuers(door: vault.Vault, mount: str) -> tuple[str, ...]:
    """Ids of a mount's own issuers, the default one first; the others are former ones."""
    default = (door.read(f"{mount}/config/issuers") or {}).get("default") or ""
    about = door.details(f"{mount}/issuers")
    own = [one for one in about if about[one].get("key_id")]
    return tuple(sorted(own, key=lambda one: (one != default, one)))


def published(door: vault.Vault, mount: str) -> dict[str, Published]:
    """The list of each issuer of a mount, in the order of ``issuers``.

    Raises ``errors.EngineFailed`` where one is missing, or damaged.
    """
    return {one: _of_issuer(door, mount, one) for one in issuers(door, mount)}


def _of_issuer(door: vault.Vault, mount: str, issuer: str) -> Published:
    pem = door.text(f"{mount}/issuer/{issuer}/crl/pem")
    facts = certificates.crl_facts(pem)
    of = x509.load_pem_x509_crl(pem.encode())
    number = of.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    serials = frozenset(certificates.serial(entry.serial_number) for entry in of)
    return Published(pem, number, facts["thisUpdate"], facts["nextUpdate"], serials)


def standing(issued: Iterable[listing.Certificate]) -> tuple[listing.Certificate, ...]:
    """The certificates that could still be used: neither revoked nor past their end."""
    now = datetime.now(UTC)
    return tuple(one for one in issued if one.is_valid(now))


def publish(door: vault.Vault, of: tenant.Tenant, *, anew: bool = False) -> Mapping[str, Published]:
    """The agency's lists with every revoked certificate on one; made anew where one is missing.

    Raises ``errors.EngineFailed`` where new lists still leave one out.
    """
    revoked = {one.serial for one in listing.leaves(door, of) if _listed(one)}
    found = {} if anew else published(door, of.pki_mount)
    if not found or not revoked <= serials(found):
        door.read(f"{of.pki_mount}/crl/rotate")
        found = published(door, of.pki_mount)
    missing = sorted(revoked - serials(found))
    if missing:
        raise errors.EngineFailed(
            f"the revocation lists of {of.pki_mount} leave out {len(missing)} certificate(s)",
            details=missing,
            resolution="Run the same command again; look at the settings of the list in Vault.",
        )
    return found


def serials(of: Mapping[str, Published]) -> frozenset[str]:
    """What stands on any of the lists."""
    return frozenset(serial for one in of.values() for serial in one.serials)


def _listed(one: listing.Certificate) -> bool:
    """A list may leave out what has ended anyway (RFC 5280, 3.3)."""
    return bool(one.revoked_at) and listing.moment(one.facts["notAfter"]) > datetime.now(UTC)
