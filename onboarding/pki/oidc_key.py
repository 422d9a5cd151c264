"""Key pairs with which an OIDC client proves who it is (``private_key_jwt``, RFC 7523)."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private key (PKCS #8 PEM) and its public half as a JWK (RFC 7517) in JSON."""

    private_pem: str = field(repr=False)
    public_jwk: str


def generate() -> KeyPair:
    """A new EC P-256 pair, made in memory. ``kid`` is the key's thumbprint (RFC 7638)."""
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return KeyPair(pem.decode(), json.dumps(public_jwk(key.public_key()), sort_keys=True))


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """The JWK of an EC P-256 public key, for signatures with ES256."""
    numbers = key.public_numbers()
    core = {"crv": "P-256", "kty": "EC", "x": _coordinate(numbers.x), "y": _coordinate(numbers.y)}
    thumbprint = hashlib.sha256(
        json.dumps(core, sort_keys=True, separators=(",", ":")).encode()
    ).digest()
    return {**core, "alg": "ES256", "use": "sig", "kid": _base64url(thumbprint)}


def _coordinate(value: int) -> str:
    return _base64url(value.to_bytes(32, "big"))


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
