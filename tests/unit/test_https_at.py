"""An address that no name server knows is asked for at a gateway, and is still the one meant."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
import requests

from onboarding import https
from tests.probes import served


def test_the_gateway_is_asked_for_the_address_and_shows_its_certificate(tmp_path: Path) -> None:
    with served.serving(tmp_path, served.Address()) as address:
        tls = https.trusting(address.ca)
        with https.session(tls, connections=1, at=address.gateway) as session:
            answer = session.get(
                f"https://{served.HOST}/api/v4/project/", timeout=(5, 30), allow_redirects=False
            )
    assert answer.status_code == 302
    (asked,) = address.asked
    head, _, _ = asked.decode().partition("\r\n\r\n")
    assert head.splitlines()[0] == "GET /api/v4/project/ HTTP/1.1"
    assert f"Host: {served.HOST}" in head.splitlines()


def test_a_gateway_with_the_certificate_of_another_address_is_not_believed(tmp_path: Path) -> None:
    with served.serving(tmp_path, served.Address(name="other.example.go.th")) as address:
        tls = https.trusting(address.ca)
        with (
            https.session(tls, connections=1, at=address.gateway) as session,
            pytest.raises(requests.exceptions.SSLError, match="Hostname mismatch"),
        ):
            session.get(f"https://{served.HOST}/", timeout=(5, 30))
    assert address.asked == []


def test_a_tunnel_is_taken_in_place_of_what_the_address_says(tmp_path: Path) -> None:
    here, there = socket.socketpair()
    there.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    with served.serving(tmp_path, served.Address()) as address:
        tls = https.trusting(address.ca)
        with https.session(tls, connections=1, through=lambda: here) as session:
            answer = session.get(f"https://{served.HOST}/api/", timeout=(5, 30))
    assert answer.text == "ok"
    asked = there.recv(4096).decode()
    assert asked.startswith("GET /api/ HTTP/1.1\r\n")
    assert f"Host: {served.HOST}\r\n" in asked
    there.close()
    assert address.asked == []


def test_a_server_that_says_nothing_through_a_tunnel_is_not_waited_for(tmp_path: Path) -> None:
    here, there = socket.socketpair()
    with served.serving(tmp_path, served.Address()) as address:
        tls = https.trusting(address.ca)
        with (
            https.session(tls, connections=1, through=lambda: here) as session,
            pytest.raises(requests.exceptions.ReadTimeout),
        ):
            session.get(f"https://{served.HOST}/", timeout=(1, 1))
    there.close()
