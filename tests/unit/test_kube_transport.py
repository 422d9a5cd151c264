"""Requests to an API server whose TLS does not come about: what is tried again, what is told."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from onboarding import errors, patience
from onboarding.kube import login, transport

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"

Serve = Callable[[int], int]
"""Starts a server that hangs up on so many clients before it answers; its port."""


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A self-signed certificate of 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    made = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def serve(certificate: Path) -> Iterator[Serve]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(hang_ups: int) -> None:
        try:
            for _ in range(hang_ups):
                listener.accept()[0].close()
            with context.wrap_socket(listener.accept()[0], server_side=True) as client:
                client.recv(65536)
                client.sendall(_ANSWER)
        except OSError:
            return

    def start(hang_ups: int) -> int:
        threading.Thread(target=answer, args=(hang_ups,), daemon=True).start()
        return int(listener.getsockname()[1])

    yield start
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _door(port: int, authority: Path | None) -> transport.Transport:
    trusted = ssl.create_default_context(cafile=str(authority) if authority else None)
    return transport.Transport(login.Login(f"https://127.0.0.1:{port}", trusted), "planner")


def test_a_read_is_repeated_where_the_handshake_was_cut_off(
    serve: Serve, certificate: Path
) -> None:
    door = _door(serve(2), certificate)
    assert door.call("GET", "/version") == {}
    assert door.requests_made == 3


def test_a_write_is_not_repeated_and_the_reason_is_told(serve: Serve, certificate: Path) -> None:
    door = _door(serve(2), certificate)
    with pytest.raises(errors.Unreachable, match="cannot be reached") as told:
        door.call("POST", "/api/v1/namespaces", body={})
    assert door.requests_made == 1
    assert told.value.details


def test_a_certificate_of_a_stranger_is_refused_at_once(serve: Serve) -> None:
    door = _door(serve(0), None)
    with pytest.raises(errors.Unreachable, match="not vouched for"):
        door.call("GET", "/version")
    assert door.requests_made == 1


def test_an_answer_that_trickles_is_given_up_in_time(certificate: Path) -> None:
    """Each byte comes in time; the answer as a whole does not."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        while True:
            try:
                with context.wrap_socket(listener.accept()[0], server_side=True) as client:
                    client.recv(65536)
                    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
                    for _ in range(1000):
                        client.sendall(b" ")
                        time.sleep(0.1)
            except OSError:
                if listener.fileno() < 0:
                    return

    threading.Thread(target=drip, daemon=True).start()
    trusted = ssl.create_default_context(cafile=str(certificate))
    at = login.Login(f"https://127.0.0.1:{listener.getsockname()[1]}", trusted)
    door = transport.Transport(at, "planner", patience.Limits(connect=1, request=1, retry=4))
    began = time.monotonic()
    with pytest.raises(errors.Unreachable):
        door.call("GET", "/version")
    assert time.monotonic() - began < 8
    assert door.requests_made > 1
    door.close()
    listener.close()


@pytest.mark.parametrize("body", [b"<html></html>", b"[]", b'{"items": ['])
def test_an_answer_that_is_no_object_is_not_taken_for_an_empty_one(
    serve: Serve, certificate: Path, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    monkeypatch.setattr(sys.modules[__name__], "_ANSWER", head + body)
    door = _door(serve(0), certificate)
    with pytest.raises(errors.Unreachable, match="cannot be understood"):
        door.call("GET", "/api/v1/namespaces")
