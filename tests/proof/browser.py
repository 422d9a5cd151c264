"""A person's browser: headless Chromium of the system, in Thai, at the time of Bangkok.

Hosts of agencies lead to this computer, as their DNS would lead to a gateway. Certificates are not
overlooked: only the keys of the very servers that the test started are accepted.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from playwright import sync_api

from tests.proof import steady

_SLOW = 240_000
"""Milliseconds that a page may take where the computer is busy."""


def program() -> str:
    found = shutil.which("chromium") or shutil.which("google-chrome")
    if found is None:
        pytest.fail("a browser is needed: apt-get install chromium fonts-thai-tlwg", pytrace=False)
    return found


def key_of(host: str, port: int) -> str:
    """SHA-256 of the public key that a server shows, as Chromium takes it."""
    shown = ssl.get_server_certificate((host, port), timeout=60)
    key = x509.load_pem_x509_certificate(shown.encode()).public_key()
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    der = key.public_bytes(serialization.Encoding.DER, spki)
    return base64.b64encode(hashlib.sha256(der).digest()).decode()


@contextmanager
def started(*servers: tuple[str, int], hosts: Mapping[str, int] | None = None) -> Iterator[Any]:
    """A browser that trusts these servers, each by host and port; ``hosts``: names whose port 443
    is another one of this computer."""
    leads = dict(hosts or {})
    keys = [key_of(host, port) for host, port in servers]
    keys += [key_of("127.0.0.1", port) for port in leads.values()]
    rules = ", ".join(f"MAP {name}:443 127.0.0.1:{port}" for name, port in leads.items())
    words = [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--host-resolver-rules={rules}",
        f"--ignore-certificate-errors-spki-list={','.join(keys)}",
    ]
    with sync_api.sync_playwright() as door:
        made = door.chromium.launch(
            executable_path=steady.__file__,
            env={**os.environ, "STEADY_PROGRAM": program()},
            args=words,
            timeout=_SLOW,
        )
        try:
            yield made
        finally:
            made.close()


@contextmanager
def person(of: Any) -> Iterator[Any]:
    """A page in a browser profile that nobody used before."""
    profile = of.new_context(
        locale="th-TH", timezone_id="Asia/Bangkok", viewport={"width": 720, "height": 760}
    )
    profile.set_default_timeout(_SLOW)
    try:
        yield profile.new_page()
    finally:
        profile.close()


@dataclass(frozen=True, slots=True)
class SecurityKey:
    """A security key (WebAuthn) at the computer of a person, who touches it whenever it asks."""

    door: Any
    number: str

    def held(self) -> list[dict[str, Any]]:
        """What it signs in with: one entry for each place and account."""
        told = self.door.send("WebAuthn.getCredentials", {"authenticatorId": self.number})
        return list(told["credentials"])


def security_key(
    page: Any, held: Sequence[Mapping[str, Any]] = (), *, verifies: bool = True
) -> SecurityKey:
    """Put a key into the computer of a page: a new one, or one that holds something already.

    ``verifies``: it asks who uses it, by PIN or finger.
    """
    door = page.context.new_cdp_session(page)
    door.send("WebAuthn.enable")
    about = {
        "protocol": "ctap2",
        "transport": "usb",
        "hasUserVerification": verifies,
        "isUserVerified": verifies,
        "automaticPresenceSimulation": True,
    }
    number = door.send("WebAuthn.addVirtualAuthenticator", {"options": about})["authenticatorId"]
    for one in held:
        said = {"authenticatorId": number, "credential": dict(one)}
        door.send("WebAuthn.addCredential", said)
    return SecurityKey(door, number)


def printed(of: Any, html: str, to: Path) -> Path:
    """A page as a PDF of size A4, its fonts in it."""
    with person(of) as page:
        page.set_content(html, wait_until="load")
        page.pdf(path=str(to), prefer_css_page_size=True, print_background=True)
    return to
