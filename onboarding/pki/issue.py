"""Sign an official's request. Every reason against it comes before the first write.

The private key is made and kept by the official (Electronic Transactions Act s.26): only the path
``sign`` is ever called. OpenBao cannot check Thai names, so the certificate that comes back is
read again and revoked at once where it is not exactly what was asked for.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from onboarding import clock, errors, tenant, vault
from onboarding.desired import pki_profile
from onboarding.pki import certificates, listing, requests

_SAFETY = timedelta(minutes=5)
"""Kept below a limit, so that clocks that differ a little and backdating never pass it."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A certificate with its chain; ``new`` is False where the same key had it already."""

    signer: tenant.Signer
    facts: Mapping[str, Any]
    chain: tuple[str, ...]
    new: bool
    replaced: tuple[str, ...] = ()

    @property
    def serial(self) -> str:
        return str(self.facts["serial"])

    def pem(self) -> str:
        """The certificate first, then its issuers."""
        return "".join(part.strip() + "\n" for part in (self.facts["certificate"], *self.chain))


def signer_of(of: tenant.Tenant, signer_id: str) -> tenant.Signer:
    """Raises ``errors.UsageError`` for an id that the manifest lacks, naming those it has."""
    for signer in of.signers:
        if signer.id == signer_id:
            return signer
    known = ", ".join(s.id for s in of.signers) or "none"
    raise errors.UsageError(
        f"{of.id}: the manifest has no signer {signer_id!r}",
        details=[f"signers of the manifest: {known}"],
        resolution="Add the signer to signing.signers, with the order that gives the authority.",
    )


def refuse_unless_entitled(of: tenant.Tenant, signer: tenant.Signer, today: date) -> None:
    """Raise ``errors.Refused`` with every reason why this signer may get no certificate today."""
    reasons = list(_reasons(of, signer, today))
    if reasons:
        raise errors.Refused(
            f"{of.id}: no certificate for signer {signer.id!r}",
            details=reasons,
            resolution="Correct the manifest where it is wrong; nothing was signed.",
        )


def _reasons(of: tenant.Tenant, signer: tenant.Signer, today: date) -> Iterator[str]:
    signing = of.manifest.signing
    entry = next((s for s in (signing.signers if signing else ()) if s.id == signer.id), None)
    if signing is None or entry is None:
        yield "the manifest has no section signing for it"
        return
    if signer.draft:
        yield (
            f"{signer.common_name!r}, its order or its evidence is a placeholder: "
            "a certificate names a real person"
        )
    if listing.awaits_trust(of):
        yield (
            "awaiting trust: signing.trust is nrca, and the agency's CA has not yet been signed "
            "by a member CA of the national root and imported"
        )
    if not entry.ial_evidence_ref.strip():
        yield "ialEvidenceRef is empty: identity proofing has no evidence"
    if signing.ra.approver in {signer.id, signer.common_name, signer.email, entry.requested_by}:
        yield f"ra.approver {signing.ra.approver!r} also asks for it: two persons are needed"
    standing = listing.authority(signer, today)
    if standing is listing.Authority.LAPSED:
        yield f"the authority ended on {signer.authority_to} (today is {today})"
    if standing is listing.Authority.NOT_YET:
        yield f"the authority begins on {signer.authority_from} (today is {today})"


def refuse_unfit(
    of: tenant.Tenant, signer: tenant.Signer, path: Path, request: requests.Request
) -> None:
    """Raise ``errors.Refused`` with every fault of a request that can be read."""
    least = pki_profile.section("signer")["leastKeys"]
    branch = of.manifest.agency.branch
    faults = list(requests.faults(request, pki_profile.by_branch(least, branch)))
    if request.common_name and _nfc(request.common_name) != signer.common_name:
        faults.append(
            f"it is for {request.common_name!r}, but {signer.id!r} is {signer.common_name!r}"
        )
    if faults:
        raise errors.Refused(
            f"{path}: the request cannot be signed",
            details=faults,
            resolution="Have a new key and request made as the hand-over kit says.",
        )


def issue(
    door: vault.Vault,
    of: tenant.Tenant,
    signer: tenant.Signer,
    path: Path,
    now: clock.Clock,
    *,
    replace: bool = False,
) -> Issued:
    """Sign the request at ``path`` for ``signer``.

    The same key gets its valid certificate again. Another key, or a certificate that says a former
    name of the agency, needs ``replace``: the old certificate is revoked after the new one was
    made and verified (PKI-014: one each).
    Raises ``errors.InvalidInput`` or ``errors.Refused`` before anything is written.
    """
    refuse_unless_entitled(of, signer, now.today())
    request = requests.load(path)
    refuse_unfit(of, signer, path, request)
    issuers = chain(door, of)
    known = listing.persons(door, of)
    own = [c for c in known if c.is_for(signer) and c.is_valid(now.now())]
    for one in own:
        if one.facts["keySha256"] == request.key_sha256 and not one.has_former_name(signer):
            return Issued(signer, one.facts, issuers, new=False)
    _refuse_reused_key(signer, known, request)
    if own and not replace:
        raise _has_one(of, signer, own)
    end = _end(signer, now.now(), certificates.facts(issuers[0]))
    facts = _signed(door, of, signer, request, end, issuers[0])
    for one in own:
        revoke(door, of, one.serial)
    return Issued(signer, facts, issuers, new=True, replaced=tuple(c.serial for c in own))


def revoke(door: vault.Vault, of: tenant.Tenant, serial: str) -> None:
    """Revoke a certificate and publish the revocation list that says so."""
    door.write(f"{of.pki_mount}/revoke", {"serial_number": serial})
    door.read(f"{of.pki_mount}/crl/rotate")


def chain(door: vault.Vault, of: tenant.Tenant) -> tuple[str, ...]:
    """The agency's issuing CA, then the root. Raises ``errors.Refused`` where there is none."""
    there = f"{of.pki_mount}/" in (door.read("sys/mounts") or {})
    default = (door.read(f"{of.pki_mount}/config/issuers") or {}).get("default") if there else None
    if not default:
        raise errors.Refused(
            f"{of.id} has no issuing CA yet", resolution="Run: onboard apply with its manifest."
        )
    answer = door.read(f"{of.pki_mount}/issuer/{default}") or {}
    return tuple(str(pem) for pem in answer["ca_chain"])


def _end(signer: tenant.Signer, now: datetime, issuer: Mapping[str, Any]) -> datetime:
    """The earliest of our ceiling, the issuer's end and the end of the authority (PKI-007)."""
    days = pki_profile.section("signer")["longestDays"]
    authority = datetime.combine(signer.authority_to, time(23, 59, 59), clock.BANGKOK)
    return min(
        now + timedelta(days=days) - _SAFETY,
        listing.moment(issuer["notAfter"]) - _SAFETY,
        authority.astimezone(UTC),
    )


def _signed(
    door: vault.Vault,
    of: tenant.Tenant,
    signer: tenant.Signer,
    request: requests.Request,
    end: datetime,
    issuer: str,
) -> Mapping[str, Any]:
    answer = door.write(
        f"{of.pki_mount}/sign/{signer.pki_role}",
        {
            "csr": request.pem,
            "common_name": signer.common_name,
            "exclude_cn_from_sans": True,
            "not_after": certificates.stamp(end),
            "format": "pem",
        },
    )
    pem = str(answer["certificate"])
    facts = certificates.facts(pem)
    wrong = [*faults(facts, signer, request.key_sha256, end)]
    if not certificates.is_signed_by(pem, issuer):
        wrong.append("it is not signed by the agency's CA")
    if wrong:
        revoke(door, of, facts["serial"])
        raise errors.EngineFailed(
            f"{of.id}: the certificate for {signer.id!r} came out wrong and was revoked at once",
            details=[f"serial {facts['serial']}", *wrong],
            resolution="The role in Vault was changed: run onboard verify, then onboard apply.",
        )
    return facts


def faults(
    facts: Mapping[str, Any], signer: tenant.Signer, key_sha256: str, end: datetime
) -> Sequence[str]:
    """Where a letter-signing certificate is not what the signer is to get (PKI-007 to PKI-011)."""
    profile = pki_profile.section("signer")
    expected = {
        "commonName": signer.common_name,
        "organization": _nfc(signer.organization),
        "country": "TH",
        "keyUsage": ["digital_signature", "content_commitment"],
        "keyUsageCritical": True,
        "extendedKeyUsage": sorted(profile["extendedKeyUsage"]),
        "isCa": False,
        "keySha256": key_sha256,
        "dnsNames": [],
        "emails": [],
        "otherNames": [],
    }
    wrong = [
        f"{name} is {facts[name]!r}, not {value!r}"
        for name, value in expected.items()
        if facts[name] != value
    ]
    if listing.moment(facts["notAfter"]) > end:
        wrong.append(f"it ends {facts['notAfter']}, after {certificates.stamp(end)}")
    if not facts["crlUrls"] or not facts["issuerUrls"]:
        wrong.append("it does not say where its revocation list and issuer are published")
    if requests.has_personal_id(str(facts["subject"])):
        wrong.append("its subject holds a personal id")
    return wrong


def _refuse_reused_key(
    signer: tenant.Signer, known: Sequence[listing.Certificate], request: requests.Request
) -> None:
    used = [
        c
        for c in known
        if c.facts["keySha256"] == request.key_sha256 and (c.revoked_at or not c.is_for(signer))
    ]
    if used:
        raise errors.Refused(
            "the key of this request was used before, by someone else or until it was revoked",
            details=[f"serial {c.serial} for {c.facts['commonName']!r}" for c in used],
            resolution=f"Have {signer.id!r} make a new key.",
        )


def _has_one(
    of: tenant.Tenant, signer: tenant.Signer, own: Sequence[listing.Certificate]
) -> errors.Refused:
    details = [f"serial {c.serial}, valid until {c.facts['notAfter']}" for c in own]
    if all(c.has_former_name(signer) for c in own):
        return errors.Refused(
            f"{of.id}: signer {signer.id!r} has a valid certificate that says the former name",
            details=[*details, f"it says O={own[0].facts['organization']}"],
            resolution="It stays valid until its end. To have one with the name of today, add "
            "--replace: the former one is revoked.",
        )
    return errors.Refused(
        f"{of.id}: signer {signer.id!r} has a valid certificate for another key",
        details=details,
        resolution="If the old key is lost or retired, add --replace: the old one is revoked.",
    )


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
