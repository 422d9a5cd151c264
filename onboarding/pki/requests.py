"""Certificate signing requests of officials: what is taken, and why something is not."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from onboarding import errors
from onboarding.manifest import fields
from onboarding.pki import certificates

LARGEST_FILE = 64 * 1024
"""Bytes; a request is about one kilobyte."""
_WEAK_HASHES = frozenset({"md5", "sha1"})
_THIRTEEN_DIGITS = re.compile(r"(?<!\d)\d(?:[ -]?\d){12}(?!\d)")


@dataclass(frozen=True, slots=True)
class Request:
    """A request whose signature proves that its sender holds the private key."""

    csr: x509.CertificateSigningRequest
    pem: str
    key_sha256: str
    common_name: str


def load(path: Path) -> Request:
    """Read a request file (PEM). Raises ``errors.InvalidInput`` for whatever else it is."""
    try:
        raw = path.read_bytes()
    except OSError as problem:
        raise errors.InvalidInput(
            f"{path}: cannot be read", [errors.Problem(str(path), 0, 0, "", str(problem.strerror))]
        ) from problem
    if b"PRIVATE KEY" in raw:
        raise errors.InvalidInput(
            f"{path} holds a PRIVATE KEY, not a certificate request; it was not used",
            resolution="A private key stays with the official. If this file came by mail or over "
            "a network, have a new key made. Ask for the request, whose file begins with "
            "-----BEGIN CERTIFICATE REQUEST-----",
        )
    if len(raw) > LARGEST_FILE:
        raise _unreadable(path, f"is larger than {LARGEST_FILE} bytes")
    try:
        request = x509.load_pem_x509_csr(raw)
    except ValueError as problem:
        raise _unreadable(path, "is no certificate request in PEM") from problem
    return read(request, str(path))


def read(csr: x509.CertificateSigningRequest, name: str) -> Request:
    """The request as plain values. Raises ``errors.InvalidInput`` where it proves nothing."""
    if not csr.is_signature_valid:
        raise errors.InvalidInput(
            f"{name}: the signature of the request is wrong",
            resolution="The file was changed on its way, or was made without its key. "
            "Have it made and sent again.",
        )
    names = csr.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return Request(
        csr=csr,
        pem=csr.public_bytes(serialization.Encoding.PEM).decode(),
        key_sha256=certificates.key_id(csr.public_key()),
        common_name=str(names[0].value) if names else "",
    )


def faults(of: Request, least: Mapping[str, Any]) -> tuple[str, ...]:
    """Why a request is not good enough; ``least`` holds rsaBits and curves."""
    return (*_key_faults(of.csr, least), *_content_faults(of.csr))


def _key_faults(request: x509.CertificateSigningRequest, least: Mapping[str, Any]) -> Iterator[str]:
    key = request.public_key()
    curves = ", ".join(least["curves"])
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < least["rsaBits"]:
            yield f"its RSA key has {key.key_size} bits; at least {least['rsaBits']} are needed"
        if key.public_numbers().e < 65_537:
            yield f"its RSA key has the public exponent {key.public_numbers().e}; 65537 is usual"
    elif isinstance(key, ec.EllipticCurvePublicKey):
        if key.curve.name not in least["curves"]:
            yield f"its key is on the curve {key.curve.name}; one of {curves} is needed"
    else:
        found = certificates.key_facts(key)["keyAlgorithm"]
        yield f"its key is of the kind {found}; RSA, or EC on {curves}, is needed"
    used = request.signature_hash_algorithm
    if used is not None and used.name in _WEAK_HASHES:
        yield f"it is signed with {used.name.upper()}; SHA-256 or better is needed"


def _content_faults(request: x509.CertificateSigningRequest) -> Iterator[str]:
    """A personal id (PDP-009, PKI-011) in the subject, or anywhere in its extensions."""
    texts = [str(attribute.value) for attribute in request.subject]
    texts += [
        extension.value.public_bytes().decode("utf-8", "ignore") for extension in request.extensions
    ]
    if any(has_personal_id(text) for text in texts):
        yield "it holds a 13-digit personal id, which must never be in a certificate"


def has_personal_id(text: str) -> bool:
    """Whether a text holds 13 digits, however spaced, with the check digit of a personal id."""
    found = (re.sub(r"[ -]", "", m[0]) for m in _THIRTEEN_DIGITS.finditer(text))
    return any(fields.has_check_digit(digits) for digits in found)


def _unreadable(path: Path, why: str) -> errors.InvalidInput:
    return errors.InvalidInput(
        f"{path} {why}",
        resolution="Make one with: openssl req -new -sha256 -utf8 -key KEY -out REQUEST "
        "(the hand-over kit of the agency has the whole command).",
    )
