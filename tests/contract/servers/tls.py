"""A certificate of a test's own for 127.0.0.1, and free ports there."""

from __future__ import annotations

import ipaddress
import os
import socket
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def certificate(name: str, alternative: x509.GeneralName) -> tuple[str, str]:
    """A certificate for a day that vouches for itself, and its key; both PEM."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(called)
        .issuer_name(called)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([alternative]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem, form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    secret = key.private_bytes(pem, form, serialization.NoEncryption())
    return made.public_bytes(pem).decode(), secret.decode()


def write(folder: Path) -> tuple[Path, Path]:
    """``tls.crt`` of 127.0.0.1, which is its own CA, and ``tls.key`` (0600)."""
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made, key = certificate("a server of the tests", address)
    certificate_file, key_file = folder / "tls.crt", folder / "tls.key"
    certificate_file.write_text(made, encoding="ascii")
    private(key_file, key)
    return certificate_file, key_file


def private(path: Path, content: str) -> Path:
    """A file of mode 0600."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(content)
    return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
