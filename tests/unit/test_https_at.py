"""An address that no name server knows is asked for at a gateway, and is still the one meant."""

from __future__ import annotations

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
