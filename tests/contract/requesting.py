"""Keys and certificate requests as an official would make them."""

from __future__ import annotations

from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import NameOID

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey
_PEM = serialization.Encoding.PEM


def request(
    path: Path,
    key: Key | None = None,
    *,
    common_name: str = "",
    email: str = "",
) -> Path:
    """Write a request in PEM to ``path``, by default with a new P-256 key."""
    names = [x509.NameAttribute(NameOID.COUNTRY_NAME, "TH")]
    if common_name:
        names.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name))
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name(names))
    if email:
        alternative = x509.SubjectAlternativeName([x509.RFC822Name(email)])
        builder = builder.add_extension(alternative, critical=False)
    key = key or ec.generate_private_key(ec.SECP256R1())
    if isinstance(key, ed25519.Ed25519PrivateKey):
        signed = builder.sign(key, None)
    else:
        signed = builder.sign(key, hashes.SHA256())
    path.write_bytes(signed.public_bytes(_PEM))
    return path


def private(path: Path, key: Key) -> Path:
    """Write a private key, which must never be taken for a request."""
    path.write_bytes(
        key.private_bytes(_PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path
