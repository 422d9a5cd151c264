"""Certificate authorities and certificates for the tests of the controls."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from onboarding.pki import certificates


@dataclass(frozen=True, slots=True)
class Authority:
    key: ec.EllipticCurvePrivateKey
    pem: str


def _name(common: str, organization: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "TH"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        content_commitment=not signs,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs,
        crl_sign=signs,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(of: x509.Certificate) -> str:
    return of.public_bytes(serialization.Encoding.PEM).decode()


@functools.cache
def authority(name: str) -> Authority:
    """A self-signed root."""
    key = ec.generate_private_key(ec.SECP384R1())
    made = (
        x509.CertificateBuilder()
        .subject_name(_name(name, "GDCC"))
        .issuer_name(_name(name, "GDCC"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2046, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .sign(key, hashes.SHA384())
    )
    return Authority(key, _pem(made))


@functools.cache
def intermediate(
    domains: tuple[str, ...],
    *,
    root: str = "Root",
    ca: bool = True,
    path_length: int | None = 0,
) -> Authority:
    """An agency's issuing CA under a root of ``authority``."""
    above = authority(root)
    key = ec.generate_private_key(ec.SECP256R1())
    permitted = [x509.DNSName(name) for name in domains]
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name("Issuing CA", "Agency"))
        .issuer_name(certificates.load(above.pem).subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2031, 1, 1, tzinfo=UTC))
        .add_extension(
            x509.BasicConstraints(ca=ca, path_length=path_length if ca else None), critical=True
        )
        .add_extension(_usage(signs=ca), critical=True)
    )
    if permitted:
        builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
    return Authority(key, _pem(builder.sign(above.key, hashes.SHA384())))


def leaf(
    issuer: Authority,
    common: str,
    organization: str,
    *,
    days: int = 300,
    purposes: tuple[x509.ObjectIdentifier, ...] = (x509.ObjectIdentifier("1.3.6.1.5.5.7.3.36"),),
    dns: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Evidence of an issued certificate, in the shape of the engine's."""
    key = ec.generate_private_key(ec.SECP256R1())
    begins = datetime(2026, 11, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(common, organization))
        .issuer_name(certificates.load(issuer.pem).subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(begins + timedelta(days=days))
        .add_extension(_usage(signs=False), critical=True)
    )
    if purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(purposes), critical=False)
    if dns:
        names = x509.SubjectAlternativeName([x509.DNSName(name) for name in dns])
        builder = builder.add_extension(names, critical=False)
    pem = _pem(builder.sign(issuer.key, hashes.SHA256()))
    return {**certificates.facts(pem), "revoked": False, "revokedAt": ""}


SERVER = (ExtendedKeyUsageOID.SERVER_AUTH,)
CLIENT = (ExtendedKeyUsageOID.CLIENT_AUTH,)
