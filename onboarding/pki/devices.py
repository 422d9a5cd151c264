"""Certificates of devices: asked for by their operator, signed by name, short-lived.

As with officials, the key is made where it is used and only the request is signed. The role in
Vault lists every device of the manifest, so it signs for no other even if asked past this tool.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from onboarding import clock, errors, tenant, vault
from onboarding.desired import device_vault, pki_profile
from onboarding.pki import certificates, issue, listing, requests

_MOST_NAMED = 5
"""Devices that an error lists."""


@dataclass(frozen=True, slots=True)
class Issued:
    """A device's certificate with its chain; ``new`` is False where the key had it already."""

    device: tenant.Device
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


@dataclass(frozen=True, slots=True)
class Row:
    """A device with one certificate, or one without any."""

    device: tenant.Device
    state: listing.State
    serial: str = ""
    not_before: str = ""
    not_after: str = ""
    revoked_at: str = ""


def device_of(of: tenant.Tenant, wanted: str) -> tenant.Device:
    """The device of an id, or of a whole name. Raises ``errors.UsageError`` for any other."""
    found = [d for d in of.devices if wanted in (d.id, d.name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise errors.UsageError(
            f"{of.id}: several systems have a device {wanted!r}",
            details=[device.name for device in found],
            resolution="Give its whole name.",
        )
    known = [device.id for device in of.devices]
    more = f", … ({len(known)} in all)" if len(known) > _MOST_NAMED else ""
    listed = ", ".join(known[:_MOST_NAMED]) + more
    raise errors.UsageError(
        f"{of.id}: the manifest has no device {wanted!r}",
        details=[f"devices of the manifest: {listed or 'none'}"],
        resolution="Add the device to telemetry.devices of its system, and run onboard apply.",
    )


def issue_to(
    door: vault.Vault,
    of: tenant.Tenant,
    device: tenant.Device,
    path: Path,
    now: clock.Clock,
    *,
    replace: bool = False,
) -> Issued:
    """Sign the request at ``path`` for ``device``.

    The same key gets its certificate again until a third of its life is left, then a new one.
    Another key gets one only with ``replace``, which revokes the old after the new was made.
    Raises ``errors.InvalidInput`` or ``errors.Refused`` before anything is written.
    """
    request = requests.load(path)
    _refuse_unfit(device, path, request)
    chain = issue.chain(door, of)
    _refuse_without_role(door, of, device)
    known = certificates_of(door, of)
    standing = [c for c in known if c.is_valid(now.now())]
    _refuse_reused_key(device, known, request)
    own = [c for c in standing if c.facts["commonName"] == device.name]
    same = [c for c in own if c.facts["keySha256"] == request.key_sha256]
    for one in same:
        if not is_due(one, now.now()):
            return Issued(device, one.facts, chain, new=False)
    others = [c for c in own if c not in same]
    if others and not replace:
        raise errors.Refused(
            f"{of.id}: device {device.id!r} has a valid certificate for another key",
            details=[f"serial {c.serial}, valid until {c.facts['notAfter']}" for c in others],
            resolution="If the device got a new key, add --replace: the old one is revoked.",
        )
    facts = _signed(door, of, device, request, chain[0])
    for one in others:
        issue.revoke(door, of, one.serial)
    return Issued(device, facts, chain, new=True, replaced=tuple(c.serial for c in others))


def is_due(of: listing.Certificate, now: datetime) -> bool:
    """Whether so little of its life is left that the same key gets a new certificate."""
    begins, ends = (listing.moment(str(of.facts[key])) for key in ("notBefore", "notAfter"))
    left: int = pki_profile.section("device")["renewWhenLeftPercent"]
    return (ends - now) * 100 <= (ends - begins) * left


def certificates_of(door: vault.Vault, of: tenant.Tenant) -> tuple[listing.Certificate, ...]:
    """Every certificate that the agency's mount has issued to a device of the manifest."""
    names = {device.name for device in of.devices}
    return tuple(c for c in listing.leaves(door, of) if c.facts["commonName"] in names)


def rows(of: tenant.Tenant, issued: Iterable[listing.Certificate], now: datetime) -> Iterator[Row]:
    """Every device of the manifest with its certificates, newest first."""
    by_name: dict[str, list[listing.Certificate]] = {}
    for one in issued:
        by_name.setdefault(str(one.facts["commonName"]), []).append(one)
    for device in of.devices:
        own = by_name.get(device.name, [])
        if not any(c.is_valid(now) for c in own):
            yield Row(device, listing.State.AWAITING_ENROLMENT)
        for one in own:
            yield Row(
                device,
                listing.state_of(one, now),
                serial=one.serial,
                not_before=str(one.facts["notBefore"]),
                not_after=str(one.facts["notAfter"]),
                revoked_at=one.revoked_at,
            )


def _refuse_unfit(device: tenant.Device, path: Path, request: requests.Request) -> None:
    key = certificates.key_facts(request.csr.public_key())
    curve = pki_profile.section("device")["curve"]
    faults = [*requests.faults(request, {"rsaBits": 2048, "curves": [curve]})]
    if key["keyAlgorithm"] != "ec" and not faults:
        faults.append(f"its key is of the kind {key['keyAlgorithm']}; EC on {curve} is needed")
    if request.common_name and request.common_name not in (device.id, device.name):
        faults.append(f"it is for {request.common_name!r}, not for {device.name!r}")
    if faults:
        raise errors.Refused(
            f"{path}: the request cannot be signed",
            details=faults,
            resolution="Have the device make it with: openssl req -new -newkey ec -pkeyopt"
            f" ec_paramgen_curve:P-256 -nodes -subj /CN={device.name} …",
        )


def _refuse_without_role(door: vault.Vault, of: tenant.Tenant, device: tenant.Device) -> None:
    role = door.read(f"{of.pki_mount}/roles/{device_vault.ROLE}") or {}
    if device.name not in (role.get("allowed_domains") or ()):
        raise errors.Refused(
            f"{of.id}: Vault does not sign for {device.name} yet",
            resolution="Run: onboard apply with its manifest.",
        )


def _refuse_reused_key(
    device: tenant.Device, known: Sequence[listing.Certificate], request: requests.Request
) -> None:
    used = [
        c
        for c in known
        if c.facts["keySha256"] == request.key_sha256
        and (c.revoked_at or c.facts["commonName"] != device.name)
    ]
    if used:
        raise errors.Refused(
            "the key of this request was used before, by another device or until it was revoked",
            details=[f"serial {c.serial} for {c.facts['commonName']!r}" for c in used],
            resolution=f"Have {device.id!r} make a new key.",
        )


def _signed(
    door: vault.Vault,
    of: tenant.Tenant,
    device: tenant.Device,
    request: requests.Request,
    issuer: str,
) -> Mapping[str, Any]:
    seconds = pki_profile.section("device")["days"] * pki_profile.SECONDS_PER_DAY
    answer = door.write(
        f"{of.pki_mount}/sign/{device_vault.ROLE}",
        {"csr": request.pem, "common_name": device.name, "ttl": seconds, "format": "pem"},
    )
    pem = str(answer["certificate"])
    facts = certificates.facts(pem)
    wrong = list(faults(facts, device, request.key_sha256))
    if not certificates.is_signed_by(pem, issuer):
        wrong.append("it is not signed by the agency's CA")
    if wrong:
        issue.revoke(door, of, facts["serial"])
        raise errors.EngineFailed(
            f"{of.id}: the certificate for {device.id!r} came out wrong and was revoked at once",
            details=[f"serial {facts['serial']}", *wrong],
            resolution="The role in Vault was changed: run onboard verify, then onboard apply.",
        )
    return facts


def faults(facts: Mapping[str, Any], device: tenant.Device, key_sha256: str) -> Iterator[str]:
    """Where a device's certificate is not what it is to get (PKI-024)."""
    profile = pki_profile.section("device")
    expected = {
        "commonName": device.name,
        "dnsNames": [device.name],
        "keyUsage": ["digital_signature"],
        "extendedKeyUsage": list(profile["extendedKeyUsage"]),
        "isCa": False,
        "keySha256": key_sha256,
        "emails": [],
        "otherNames": [],
    }
    for name, value in expected.items():
        if facts[name] != value:
            yield f"{name} is {facts[name]!r}, not {value!r}"
    life = listing.moment(facts["notAfter"]) - listing.moment(facts["notBefore"])
    if life > timedelta(days=profile["days"] + 1):
        yield f"it is valid for {life.days} days"
