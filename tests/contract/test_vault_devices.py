"""Certificates of devices on a real OpenBao: issued by name, refused, renewed, listed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from onboarding import clock, environment, errors, tenant, vault
from onboarding.pki import certificates, devices, listing
from tests.contract import agencies, requesting
from tests.contract.openbao import OpenBao
from tests.contract.test_vault_engine import applied, errors_of

NOW = clock.Clock()
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"


def enrolled(server: OpenBao, agency: str, *changes: agencies.Change) -> tenant.Tenant:
    """An agency like DLT with its CA and its role for devices in place."""
    of = agencies.example("dlt", agencies.renamed(agency), *changes)
    assert not errors_of(applied(server, of))
    return of


def door(server: OpenBao) -> vault.Vault:
    return vault.connect(server.environment, environment.Role.APPLIER)


def issued(
    server: OpenBao, of: tenant.Tenant, device: str, csr: Path, **more: Any
) -> devices.Issued:
    return devices.issue_to(door(server), of, devices.device_of(of, device), csr, NOW, **more)


def rows(server: OpenBao, of: tenant.Tenant) -> dict[str, list[str]]:
    auditor = vault.connect(server.environment, environment.Role.AUDITOR)
    found: dict[str, list[str]] = {}
    for row in devices.rows(of, devices.certificates_of(auditor, of), NOW.now()):
        found.setdefault(row.device.id, []).append(row.state.value)
    return found


def test_a_device_gets_a_short_certificate_for_itself_alone(
    openbao: OpenBao, tmp_path: Path
) -> None:
    of = enrolled(openbao, "bus")
    done = issued(openbao, of, "station-07", requesting.request(tmp_path / "a.csr"))
    facts = done.facts
    assert facts["commonName"] == "station-07.smart-bus.dlt.go.th"
    assert facts["dnsNames"] == ["station-07.smart-bus.dlt.go.th"]
    assert facts["extendedKeyUsage"] == [CLIENT_AUTH]
    assert facts["keyUsage"] == ["digital_signature"]
    life = listing.moment(facts["notAfter"]) - listing.moment(facts["notBefore"])
    assert timedelta(days=89) < life <= timedelta(days=90, minutes=1)
    assert certificates.is_signed_by(str(facts["certificate"]), done.chain[0])
    assert done.pem().count("BEGIN CERTIFICATE") == 3
    found = rows(openbao, of)
    assert found["station-07"] == ["issued"]
    assert found["station-08"] == ["awaiting-enrolment"]
    assert len(found) == 81


def test_a_device_is_no_official(openbao: OpenBao, tmp_path: Path) -> None:
    of = enrolled(openbao, "nobody")
    issued(openbao, of, "station-01", requesting.request(tmp_path / "a.csr"))
    assert listing.persons(door(openbao), of) == ()


def test_the_same_key_is_answered_again_and_another_replaces_it(
    openbao: OpenBao, tmp_path: Path
) -> None:
    of = enrolled(openbao, "keys")
    old = requesting.request(tmp_path / "old.csr")
    new = requesting.request(tmp_path / "new.csr")
    first, again = issued(openbao, of, "station-01", old), issued(openbao, of, "station-01", old)
    assert (again.serial, again.new) == (first.serial, False)
    with pytest.raises(errors.Refused, match="valid certificate for another key"):
        issued(openbao, of, "station-01", new)
    second = issued(openbao, of, "station-01", new, replace=True)
    assert second.replaced == (first.serial,)
    assert rows(openbao, of)["station-01"] == ["issued", "revoked"]
    with pytest.raises(errors.Refused, match="was used before"):
        issued(openbao, of, "station-01", old, replace=True)
    with pytest.raises(errors.Refused, match="was used before"):
        issued(openbao, of, "station-02", new)


def test_a_certificate_near_its_end_is_renewed_for_the_same_key(
    openbao: OpenBao, tmp_path: Path
) -> None:
    of = enrolled(openbao, "renewing")
    csr = requesting.request(tmp_path / "a.csr")
    first = issued(openbao, of, "station-01", csr)
    known = devices.certificates_of(door(openbao), of)
    assert not devices.is_due(known[0], NOW.now())
    assert devices.is_due(known[0], NOW.now() + timedelta(days=61))
    later = clock.Clock(NOW.today() + timedelta(days=70))
    device = devices.device_of(of, "station-01")
    second = devices.issue_to(door(openbao), of, device, csr, later)
    assert second.new
    assert second.serial != first.serial
    assert second.replaced == ()


@pytest.mark.parametrize(
    ("key", "why"),
    [
        (ec.generate_private_key(ec.SECP384R1()), "secp384r1"),
        (rsa.generate_private_key(65537, 2048), "EC on secp256r1 is needed"),
    ],
    ids=["P-384", "RSA"],
)
def test_other_keys_are_refused(
    openbao: OpenBao, tmp_path: Path, key: requesting.Key, why: str
) -> None:
    of = enrolled(openbao, "weak")
    csr = requesting.request(tmp_path / "a.csr", key)
    with pytest.raises(errors.Refused) as refused:
        issued(openbao, of, "station-01", csr)
    assert why in " ".join(refused.value.details)


def test_a_request_for_another_name_is_refused(openbao: OpenBao, tmp_path: Path) -> None:
    of = enrolled(openbao, "other")
    csr = requesting.request(tmp_path / "a.csr", common_name="station-02.smart-bus.dlt.go.th")
    with pytest.raises(errors.Refused) as refused:
        issued(openbao, of, "station-01", csr)
    assert "not for 'station-01.smart-bus.dlt.go.th'" in refused.value.details[0]


def test_a_device_outside_the_manifest_is_unknown() -> None:
    of = agencies.example("dlt")
    with pytest.raises(errors.UsageError, match="no device 'station-99'") as refused:
        devices.device_of(of, "station-99")
    assert "(81 in all)" in refused.value.details[0]


def test_vault_itself_signs_for_no_other_device(openbao: OpenBao, tmp_path: Path) -> None:
    of = enrolled(openbao, "guarded")
    csr = requesting.request(tmp_path / "a.csr").read_text()
    body = {"csr": csr, "common_name": "station-99.smart-bus.dlt.go.th"}
    with pytest.raises(errors.OnboardError, match=r"not allowed|station-99"):
        door(openbao).write(f"{of.pki_mount}/sign/device", body)


def test_a_device_new_in_the_manifest_waits_for_apply(openbao: OpenBao, tmp_path: Path) -> None:
    enrolled(openbao, "growing")

    def more(content: dict[str, Any]) -> None:
        content["systems"][0]["telemetry"]["devices"]["count"] = 82

    grown = agencies.example("dlt", agencies.renamed("growing"), more)
    csr = requesting.request(tmp_path / "a.csr")
    with pytest.raises(errors.Refused, match="does not sign for station-82"):
        issued(openbao, grown, "station-82", csr)
