"""What a certificate, a request or a revocation list says, as plain JSON values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

from cryptography import exceptions, x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.x509.oid import AuthorityInformationAccessOID, NameOID

from onboarding import errors

ExtensionT = TypeVar("ExtensionT", bound=x509.ExtensionType)

USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


def load(pem: str) -> x509.Certificate:
    """Raises ``errors.EngineFailed`` where the text is no certificate."""
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError as problem:
        raise errors.EngineFailed(
            "what should be a certificate cannot be read as one", details=[str(problem)]
        ) from problem


def facts(pem: str) -> dict[str, Any]:
    """Everything the controls ask about a certificate. Times are UTC, ``2026-11-22T05:15:42Z``.

    ``keyUsage`` uses the names of RFC 5280, ``extendedKeyUsage`` holds OIDs; ``curve`` is "" and
    ``keyBits`` the modulus for RSA.
    """
    of = load(pem)
    constraints = _extension(of, x509.BasicConstraints)
    return {
        "certificate": pem.strip() + "\n",
        "serial": serial(of.serial_number),
        "subject": of.subject.rfc4514_string(),
        "issuer": of.issuer.rfc4514_string(),
        "commonName": _name(of.subject, NameOID.COMMON_NAME),
        "organization": _name(of.subject, NameOID.ORGANIZATION_NAME),
        "country": _name(of.subject, NameOID.COUNTRY_NAME),
        "notBefore": stamp(of.not_valid_before_utc),
        "notAfter": stamp(of.not_valid_after_utc),
        "isCa": bool(constraints and constraints.value.ca),
        "basicConstraintsCritical": bool(constraints and constraints.critical),
        "pathLength": constraints.value.path_length if constraints else None,
        **key_facts(of.public_key()),
        "signatureHash": of.signature_hash_algorithm.name if of.signature_hash_algorithm else "",
        "permittedNames": sorted(_permitted(of)),
        **_usage(of),
        **_names(of),
        **_addresses(of),
        "sha256": hashlib.sha256(of.public_bytes(serialization.Encoding.DER)).hexdigest(),
        "keySha256": key_id(of.public_key()),
        "selfIssued": of.subject == of.issuer,
    }


def is_signed_by(pem: str, issuer_pem: str) -> bool:
    """Whether the issuer's key made the certificate's signature and the names fit."""
    try:
        load(pem).verify_directly_issued_by(load(issuer_pem))
    except (ValueError, TypeError, exceptions.InvalidSignature):
        return False
    return True


def crl_facts(pem: str) -> dict[str, Any]:
    """``thisUpdate``, ``nextUpdate``, ``issuer`` and ``numberOfRevoked`` of a revocation list."""
    try:
        of = x509.load_pem_x509_crl(pem.encode())
    except ValueError as problem:
        raise errors.EngineFailed(
            "what should be a revocation list cannot be read as one", details=[str(problem)]
        ) from problem
    return {
        "issuer": of.issuer.rfc4514_string(),
        "thisUpdate": stamp(of.last_update_utc),
        "nextUpdate": stamp(of.next_update_utc) if of.next_update_utc else "",
        "numberOfRevoked": len(of),
    }


def key_facts(key: PublicKeyTypes) -> dict[str, Any]:
    """``keyAlgorithm`` (``ec``, ``rsa``, else the class name), ``keyBits``, ``curve``."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {"keyAlgorithm": "ec", "keyBits": key.curve.key_size, "curve": key.curve.name}
    if isinstance(key, rsa.RSAPublicKey):
        return {"keyAlgorithm": "rsa", "keyBits": key.key_size, "curve": ""}
    name = type(key).__name__.removesuffix("PublicKey").lower()
    return {"keyAlgorithm": name, "keyBits": 0, "curve": ""}


def key_id(key: PublicKeyTypes) -> str:
    """SHA-256 of the public key (SubjectPublicKeyInfo), which joins a request and a certificate."""
    spki = key.public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return hashlib.sha256(spki).hexdigest()


def serial(number: int) -> str:
    """As Vault writes serials: bytes in hexadecimal, colons between them."""
    digits = f"{number:x}"
    digits = digits.zfill(len(digits) + len(digits) % 2)
    return ":".join(digits[i : i + 2] for i in range(0, len(digits), 2))


def stamp(when: datetime) -> str:
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


def _extension(of: x509.Certificate, kind: type[ExtensionT]) -> x509.Extension[ExtensionT] | None:
    try:
        return of.extensions.get_extension_for_class(kind)
    except x509.ExtensionNotFound:
        return None


def _name(of: x509.Name, oid: x509.ObjectIdentifier) -> str:
    return "+".join(str(a.value) for a in of.get_attributes_for_oid(oid))


def _usage(of: x509.Certificate) -> dict[str, Any]:
    usage = _extension(of, x509.KeyUsage)
    extended = _extension(of, x509.ExtendedKeyUsage)
    return {
        "keyUsage": [u for u in USAGES if usage and getattr(usage.value, u)],
        "keyUsageCritical": bool(usage and usage.critical),
        "extendedKeyUsage": sorted(o.dotted_string for o in extended.value) if extended else [],
    }


def _names(of: x509.Certificate) -> dict[str, Any]:
    names = _extension(of, x509.SubjectAlternativeName)
    return {
        "dnsNames": sorted(names.value.get_values_for_type(x509.DNSName)) if names else [],
        "emails": sorted(names.value.get_values_for_type(x509.RFC822Name)) if names else [],
        "otherNames": [
            str(n) for n in names.value if not isinstance(n, x509.DNSName | x509.RFC822Name)
        ]
        if names
        else [],
    }


def _permitted(of: x509.Certificate) -> Iterator[str]:
    constraints = _extension(of, x509.NameConstraints)
    for name in (constraints.value.permitted_subtrees or ()) if constraints else ():
        yield str(name.value)


def _addresses(of: x509.Certificate) -> dict[str, Any]:
    access = _extension(of, x509.AuthorityInformationAccess)
    points = _extension(of, x509.CRLDistributionPoints)

    descriptions = list(access.value) if access else []

    def of_method(oid: x509.ObjectIdentifier) -> list[str]:
        return [str(d.access_location.value) for d in descriptions if d.access_method == oid]

    return {
        "issuerUrls": of_method(AuthorityInformationAccessOID.CA_ISSUERS),
        "ocspUrls": of_method(AuthorityInformationAccessOID.OCSP),
        "crlUrls": [str(n.value) for p in points.value for n in p.full_name or ()]
        if points
        else [],
    }
