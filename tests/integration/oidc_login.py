"""A person signing in: the authorization code flow with PKCE, over HTTP, as a browser does it.

Password first, another one where it has to be changed; then the second factor. A person without one
is sent to set up a one-time password, which this does from the secret on the page. Nothing of the
realm is loosened for it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import struct
import time
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import requests

from onboarding.identity import assertion

CLIENT = "gdcc-cluster"
REDIRECT = "http://localhost:8000"
_PERIOD = 30


class SignInFailed(Exception):
    """The sign-in ended on a page from which it does not go on; says which."""


@dataclass
class Person:
    """Who signs in. ``otp_secret`` is filled when the one-time password is set up."""

    username: str
    password: str
    otp_secret: str = ""
    pages: list[str] = field(default_factory=list)
    """The pages that were shown, in order."""
    _last_period: int = 0


class _Form(HTMLParser):
    """The first form of a page with an action: where it goes, and what is in it."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[tuple[str, str, dict[str, str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append((at.get("id", ""), at.get("action", ""), {}))
        elif tag in ("input", "button") and self.forms and at.get("name"):
            if at.get("type") in ("checkbox", "radio", "submit"):
                return
            self.forms[-1][2][at["name"]] = at.get("value", "")


def sign_in(
    issuer: str,
    ca_file: Path,
    person: Person,
    *,
    client_id: str = CLIENT,
    redirect: str = REDIRECT,
    client_key: Path | None = None,
) -> dict[str, Any]:
    """Tokens of ``person``: ``id_token``, ``access_token`` and so on, as the token endpoint says.

    A confidential client proves itself with the key in ``client_key`` (private_key_jwt).

    Raises ``SignInFailed`` with the name of the page where it ended.
    """
    session = opened(ca_file)
    verifier = secrets.token_urlsafe(48)
    digest = hashlib.sha256(verifier.encode()).digest()
    query = {
        "client_id": client_id,
        "redirect_uri": redirect,
        "response_type": "code",
        "scope": "openid",
        "state": secrets.token_urlsafe(8),
        "nonce": secrets.token_urlsafe(8),
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    answer = session.get(
        f"{issuer}/protocol/openid-connect/auth?{urlencode(query)}",
        allow_redirects=False,
        timeout=30,
    )
    back = urlsplit(walked(session, answer, person, redirect))
    code = parse_qs(back.query)["code"][0]
    told = session.post(
        f"{issuer}/protocol/openid-connect/token",
        data={
            "grant_type": "authorization_code",
            "client_id": client_id,
            "code": code,
            "redirect_uri": redirect,
            "code_verifier": verifier,
            **_proof(client_key, client_id, issuer),
        },
        timeout=30,
    )
    if told.status_code != 200:
        raise SignInFailed(f"no token: {told.status_code} {told.text[:200]}")
    return dict(told.json())


def _proof(key: Path | None, client_id: str, issuer: str) -> dict[str, str]:
    if key is None:
        return {}
    return {
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion.signed(key, client_id, issuer),
    }


def opened(ca_file: Path) -> requests.Session:
    """A browser's session, which trusts one authority."""
    session = requests.Session()
    session.trust_env = False
    session.verify = str(ca_file)
    return session


def walked(
    session: requests.Session, answer: requests.Response, person: Person, redirect: str
) -> str:
    """Answer page after page until Keycloak sends the code to an address below ``redirect``, which
    is returned whole."""
    for _ in range(20):
        if answer.is_redirect:
            target = urljoin(answer.url, answer.headers["Location"])
            if target.startswith(redirect):
                found = parse_qs(urlsplit(target).query)
                if "code" not in found:
                    raise SignInFailed(f"refused: {found}")
                return target
            answer = session.get(target, allow_redirects=False, timeout=30)
            continue
        answer = _submit(session, answer, person)
    raise SignInFailed(f"never ended: {person.pages}")


def _submit(
    session: requests.Session, page: requests.Response, person: Person
) -> requests.Response:
    forms = _Form()
    forms.feed(page.text)
    by_id = {identifier: (action, inputs) for identifier, action, inputs in forms.forms}
    for identifier, fill in _FILL.items():
        if identifier in by_id:
            action, inputs = by_id[identifier]
            person.pages.append(identifier)
            if person.pages.count(identifier) > 2:
                raise SignInFailed(f"{identifier} again and again: {_complaint(page.text)}")
            body = {**inputs, **fill(person, inputs)}
            return session.post(
                urljoin(page.url, action), data=body, allow_redirects=False, timeout=30
            )
    raise SignInFailed(f"at {sorted(by_id)}: {_complaint(page.text)}")


def _complaint(text: str) -> str:
    said = re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]+>", " ", text, flags=re.S)
    return " ".join(said.split())[:300]


def _password(person: Person, _: dict[str, str]) -> dict[str, str]:
    return {"username": person.username, "password": person.password}


def _new_password(person: Person, _: dict[str, str]) -> dict[str, str]:
    person.password = secrets.token_urlsafe(18)
    return {"password-new": person.password, "password-confirm": person.password}


def _set_up_otp(person: Person, inputs: dict[str, str]) -> dict[str, str]:
    person.otp_secret = inputs["totpSecret"]
    return {"totp": code(person), "userLabel": "test"}


def _otp(person: Person, _: dict[str, str]) -> dict[str, str]:
    return {"otp": code(person)}


_FILL = {
    "kc-form-login": _password,
    "kc-passwd-update-form": _new_password,
    "kc-totp-settings-form": _set_up_otp,
    "kc-otp-login-form": _otp,
}


def code(person: Person) -> str:
    """A one-time password that was not used yet (RFC 6238): of now, else of the next period.

    The realm takes one period more or less, as clocks differ (``otpPolicyLookAheadWindow``).
    """
    period = max(int(time.time()) // _PERIOD, person._last_period + 1)
    while period > time.time() // _PERIOD + 1:
        time.sleep(1)
    person._last_period = period
    mac = hmac.new(person.otp_secret.encode(), struct.pack(">Q", period), hashlib.sha1)
    raw = mac.digest()
    start = raw[-1] & 0x0F
    number = struct.unpack(">I", raw[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 10**6:06d}"
