"""Signers and their certificates side by side: who may sign, who can, and since when."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

from onboarding import tenant, vault
from onboarding.pki import certificates


class State(StrEnum):
    """Where a signer, or a certificate, stands."""

    ISSUED = "issued"
    EXPIRED = "expired"
    REVOKED = "revoked"
    AWAITING_ENROLMENT = "awaiting-enrolment"
    AWAITING_TRUST = "awaiting-trust"
    NOT_IN_MANIFEST = "not-in-manifest"


class Authority(StrEnum):
    """Whether the order of appointment holds on a day."""

    VALID = "valid"
    NOT_YET = "not-yet"
    LAPSED = "lapsed"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Row:
    """A signer with one certificate, a signer without any, or a certificate without a signer."""

    signer: str
    name: str
    organization: str
    state: State
    authority: Authority
    authority_from: date | None = None
    authority_to: date | None = None
    serial: str = ""
    not_before: str = ""
    not_after: str = ""
    revoked_at: str = ""


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate that the agency's mount has issued to a person, and whether it was revoked."""

    facts: Mapping[str, Any]
    revoked_at: str

    @property
    def serial(self) -> str:
        return str(self.facts["serial"])

    def is_for(self, signer: tenant.Signer) -> bool:
        """Whether it is the signer's, under the name of the agency or body or a former one."""
        return _nfc(self.facts["commonName"]) == _nfc(signer.common_name) and self._says(
            signer.organizations
        )

    def has_former_name(self, signer: tenant.Signer) -> bool:
        """Whether it is the signer's, but the agency or body is called otherwise by now."""
        return self.is_for(signer) and not self._says((signer.organization,))

    def _says(self, organizations: Iterable[str]) -> bool:
        return _nfc(self.facts["organization"]) in {_nfc(name) for name in organizations}

    def is_valid(self, now: datetime) -> bool:
        return not self.revoked_at and moment(self.facts["notAfter"]) > now


def authority(signer: tenant.Signer, today: date) -> Authority:
    """Both days of the order count as inside."""
    if today < signer.authority_from:
        return Authority.NOT_YET
    return Authority.LAPSED if today > signer.authority_to else Authority.VALID


def persons(door: vault.Vault, of: tenant.Tenant) -> tuple[Certificate, ...]:
    """The certificates of persons that the agency's mount has issued, newest first."""
    return tuple(one for one in leaves(door, of) if not one.facts["dnsNames"])


def leaves(door: vault.Vault, of: tenant.Tenant) -> tuple[Certificate, ...]:
    """All that the agency's mount has issued, to persons, hosts and devices, newest first.

    Of two from the same second the one that stands comes first.
    """
    mount = of.pki_mount
    if f"{mount}/" not in (door.read("sys/mounts") or {}):
        return ()
    serials = door.names(f"{mount}/certs")
    found = []
    for answer in door.read_all(f"{mount}/cert/{serial}" for serial in serials).values():
        if answer is None:
            continue
        facts = certificates.facts(str(answer["certificate"]))
        if not facts["isCa"]:
            revoked = str(answer.get("revocation_time_rfc3339") or "")
            found.append(Certificate(facts, revoked))
    found.sort(key=lambda c: (str(c.facts["notBefore"]), not c.revoked_at), reverse=True)
    return tuple(found)


def rows(
    of: tenant.Tenant, issued: Iterable[Certificate], now: datetime, today: date
) -> tuple[Row, ...]:
    """Every signer of the manifest with all of their certificates, then those of nobody in it."""
    rest = list(issued)
    made: list[Row] = []
    for signer in of.signers:
        own = [c for c in rest if c.is_for(signer)]
        rest = [c for c in rest if not c.is_for(signer)]
        made += _of_signer(of, signer, own, now, today)
    made += [_row(c, now, "", State.NOT_IN_MANIFEST if c.is_valid(now) else None) for c in rest]
    return tuple(made)


def _of_signer(
    of: tenant.Tenant, signer: tenant.Signer, own: list[Certificate], now: datetime, today: date
) -> Iterator[Row]:
    standing = authority(signer, today)
    period = (signer.authority_from, signer.authority_to)
    if not any(c.is_valid(now) for c in own):
        state = State.AWAITING_TRUST if awaits_trust(of) else State.AWAITING_ENROLMENT
        yield Row(signer.id, signer.common_name, signer.organization, state, standing, *period)
    for one in own:
        yield dataclasses.replace(
            _row(one, now, signer.id, None),
            authority=standing,
            authority_from=signer.authority_from,
            authority_to=signer.authority_to,
        )


def awaits_trust(of: tenant.Tenant) -> bool:
    """An agency under the national root waits until its CA, signed outside, is imported."""
    return of.manifest.signing is not None and of.manifest.signing.trust == "nrca"


def state_of(of: Certificate, now: datetime) -> State:
    """Where a certificate stands by itself."""
    if of.revoked_at:
        return State.REVOKED
    return State.ISSUED if of.is_valid(now) else State.EXPIRED


def _row(of: Certificate, now: datetime, signer: str, state: State | None) -> Row:
    return Row(
        signer,
        str(of.facts["commonName"]),
        str(of.facts["organization"]),
        state or state_of(of, now),
        Authority.NONE,
        serial=of.serial,
        not_before=str(of.facts["notBefore"]),
        not_after=str(of.facts["notAfter"]),
        revoked_at=of.revoked_at,
    )


def _nfc(text: Any) -> str:
    return unicodedata.normalize("NFC", str(text))


def moment(text: str) -> datetime:
    """A time of ``certificates.facts``, read back."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
