"""An address as somebody might serve it: a certificate to order, TLS versions, one page, faults."""

from __future__ import annotations

import socket
import ssl
import threading
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.contract.servers import tls

HOST = "e-office.village.example.go.th"
YEAR = "max-age=31536000"


@dataclass
class Address:
    """How an address is served, and what it was asked.

    ``fault``: ``silent`` says nothing at all, ``hangs-up`` ends after the handshake, ``drips``
    sends a header that never ends, ``no-alert`` ends a connection that offers old versions only.
    """

    name: str = HOST
    days: int = 90
    hsts: str | None = YEAR
    oldest: str = "TLSv1_2"
    newest: str = "TLSv1_3"
    fault: str = ""
    ahead: float | None = 0.0
    """Seconds by which its clock is ahead of the real one; None: it tells no time."""
    pages: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Status and location of the answer by path; elsewhere 302 to /."""
    opens: str = ""
    """A path that any token opens."""
    ca: Path = Path()
    port: int = 0
    asked: list[bytes] = field(default_factory=list)

    @property
    def gateway(self) -> str:
        return f"127.0.0.1:{self.port}"


class Authority:
    """A CA of its own; ``file`` vouches for what it signs."""

    def __init__(self, folder: Path, name: str = "ca") -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        certificate = self._signed(self._name, self._key, 3650, ca=True)
        self.file = folder / f"{name}.crt"
        self.file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def issue(self, folder: Path, host: str, days: int) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        certificate = self._signed(name, key, days, host=host)
        pem = serialization.Encoding.PEM
        path = folder / f"{host}.crt"
        path.write_bytes(certificate.public_bytes(pem))
        private = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return path, tls.private(folder / f"{host}.key", private.decode())

    def _signed(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        days: int,
        *,
        host: str = "",
        ca: bool = False,
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=400))
            .not_valid_after(now + timedelta(days=days, hours=1))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), True)
        )
        if host:
            made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), False)
        return made.sign(self._key, hashes.SHA256())


@contextmanager
def serving(folder: Path, address: Address) -> Iterator[Address]:
    """Serve it on a free port of this computer; ``address.ca`` is the CA that signed."""
    authority = Authority(folder)
    address.ca = authority.file
    context = _context(address, *authority.issue(folder, address.name, address.days))
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    address.port = listening.getsockname()[1]
    stop = threading.Event()
    thread = threading.Thread(target=_accept, args=(listening, context, address, stop))
    thread.start()
    try:
        yield address
    finally:
        stop.set()
        thread.join()
        listening.close()


def _context(address: Address, certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion[address.oldest]
        context.maximum_version = ssl.TLSVersion[address.newest]
    return context


def _accept(
    listening: socket.socket, context: ssl.SSLContext, address: Address, stop: threading.Event
) -> None:
    connections = 0
    while not stop.is_set():
        try:
            plain, _ = listening.accept()
        except TimeoutError:
            continue
        connections += 1
        with plain:
            plain.settimeout(10)
            if address.fault == "silent":
                stop.wait(5)
            elif address.fault != "no-alert" or connections < 3:
                _serve(plain, context, address, stop)


def _answer(address: Address, request: str) -> tuple[int, str]:
    path = request.split(" ")[1].partition("?")[0]
    if path == address.opens and "Authorization: Bearer " in request:
        return 200, ""
    return address.pages.get(path, (302, "/"))


def _date(address: Address) -> str:
    if address.ahead is None:
        return ""
    told = datetime.now(UTC) + timedelta(seconds=address.ahead)
    return f"Date: {format_datetime(told, usegmt=True)}\r\n"


def _serve(
    plain: socket.socket, context: ssl.SSLContext, address: Address, stop: threading.Event
) -> None:
    try:
        with context.wrap_socket(plain, server_side=True) as connection:
            request = connection.recv(65536)
            if not request or address.fault == "hangs-up":
                return
            address.asked.append(request)
            status, location = _answer(address, request.decode("latin-1"))
            connection.sendall(f"HTTP/1.1 {status} Said\r\n".encode())
            ends = time.monotonic() + 8
            while address.fault == "drips" and not stop.is_set() and time.monotonic() < ends:
                connection.sendall(b"x-slow: 1\r\n")
                time.sleep(0.1)
            hsts = "" if address.hsts is None else f"Strict-Transport-Security: {address.hsts}\r\n"
            to = f"Location: {location}\r\n" if location else ""
            connection.sendall(f"{_date(address)}{hsts}{to}Content-Length: 0\r\n\r\n".encode())
    except OSError:
        return
