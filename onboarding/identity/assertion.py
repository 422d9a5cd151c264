"""Keys with which our own clients sign in (private_key_jwt, RFC 7523), and their public half."""

from __future__ import annotations

import base64
import json
import stat
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onboarding import errors, whole_file

ALGORITHM = "ES256"
LIFETIME_SECONDS = 30
PUBLIC_FILE = "public.jwks.json"


@dataclass(frozen=True, slots=True)
class HeldElsewhere:
    """A key that signs where it is: its public half (PEM), and the JWS signature (RFC 7515)."""

    public: str
    sign: Callable[[str], str]


def make_key(path: Path) -> None:
    """Write a new EC P-256 private key (PEM, 0600) and its public set beside it.

    The key appears under its name only when it is complete.
    """
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    pem = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole_file.put(path, pem)
    path.with_name(PUBLIC_FILE).write_text(public_set(path) + "\n", encoding="utf-8")


def private_key(path: Path) -> Any:
    """The EC private key of a file. Raises ``errors.Denied`` where it cannot be used."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise errors.Denied(
                f"key file {path} may be read by others",
                resolution=f"Run: chmod 600 {path}",
            )
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError) as problem:
        raise errors.Denied(
            f"key file {path} cannot be used",
            details=[problem.strerror or "" if isinstance(problem, OSError) else "not a PEM key"],
            resolution="Run: onboard bootstrap",
        ) from problem
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.curve.name != "secp256r1":
        raise errors.Denied(
            f"key file {path} does not hold an EC P-256 key",
            resolution="Remove the file and run: onboard bootstrap",
        )
    return key


def public_pem(path: Path) -> str:
    """The public half as PEM (SubjectPublicKeyInfo)."""
    from cryptography.hazmat.primitives import serialization

    raw: bytes = (
        private_key(path)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    return raw.decode()


def public_set(path: Path) -> str:
    """The public half as a JWK set in canonical JSON; the key id is the RFC 7638 thumbprint."""
    return as_set(_public_jwk(private_key(path).public_key()))


def public_set_of(pem: str) -> str:
    """As ``public_set``, of the PEM of a public key."""
    from cryptography.hazmat.primitives import serialization

    return as_set(_public_jwk(serialization.load_pem_public_key(pem.encode())))


def joined(sets: Iterable[str]) -> str:
    """One JWK set with the keys of several."""
    keys = [key for one in sets for key in json.loads(one)["keys"]]
    return json.dumps({"keys": keys}, sort_keys=True, separators=(",", ":"))


def as_set(jwk: Mapping[str, Any]) -> str:
    """A JWK set of one public key, as ``jwks.string`` of a client takes it."""
    named = {name: jwk[name] for name in ("crv", "kid", "kty", "x", "y") if name in jwk}
    # Keycloak passes over a key that does not say its use.
    wanted = {**named, "alg": ALGORITHM, "use": "sig"}
    return json.dumps({"keys": [wanted]}, sort_keys=True, separators=(",", ":"))


def same_key(left: str, right: str) -> bool:
    """Whether two JWK sets hold the same public points, in any spelling."""
    try:
        return bool(_points(left)) and _points(left) == _points(right)
    except (ValueError, TypeError, KeyError, AttributeError):
        return False


def _points(text: str) -> set[tuple[str, str, str]]:
    return {(k["crv"], k["x"], k["y"]) for k in json.loads(text)["keys"]}


def _public_jwk(key: Any) -> dict[str, str]:
    import hashlib

    numbers = key.public_numbers()
    jwk = {"crv": "P-256", "kty": "EC", "x": _number(numbers.x), "y": _number(numbers.y)}
    print_of = hashlib.sha256(
        json.dumps(jwk, sort_keys=True, separators=(",", ":")).encode()
    ).digest()
    return {**jwk, "alg": ALGORITHM, "use": "sig", "kid": _text(print_of)}


def signed(path: Path, client_id: str, audience: str) -> str:
    """A client assertion for one sign-in, valid for half a minute."""
    import jwt

    key = private_key(path)
    headers = {"kid": _public_jwk(key.public_key())["kid"]}
    return jwt.encode(_claims(client_id, audience), key, algorithm=ALGORITHM, headers=headers)


def signed_by(key: HeldElsewhere, client_id: str, audience: str) -> str:
    """As ``signed``, by a key that is held elsewhere."""
    header = {"alg": ALGORITHM, "kid": json.loads(public_set_of(key.public))["keys"][0]["kid"]}
    parts = (json.dumps(part).encode() for part in (header, _claims(client_id, audience)))
    text = ".".join(_text(part) for part in parts)
    return f"{text}.{key.sign(text)}"


def _claims(client_id: str, audience: str) -> dict[str, Any]:
    now = int(time.time())
    return {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": str(uuid.uuid4()),
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME_SECONDS,
    }


def _number(value: int) -> str:
    return _text(value.to_bytes(32, "big"))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
