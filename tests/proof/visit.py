"""A person signing in: page by page, as the identity provider asks."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable
from typing import Any

from tests.integration import oidc_login

PASSWORD, SET_UP, CODE = "#kc-form-login", "#kc-totp-settings-form", "#kc-otp-login-form"
NEW_PASSWORD, KEY = "#kc-passwd-update-form", "#registerWebAuthn"
ASKED_KEY, KEY_FAILED = "#authenticateWebAuthnButton", "#kc-error-credential-form"
INSIDE, AT_THE_DOOR = "#menu-main", "form[action*='oidc/authenticate']"
"""Of the e-Office: what whoever is in it sees, and what everybody else does."""
_NAMES = {INSIDE: "inside", AT_THE_DOOR: "at-the-door"}
_MOST_PAGES = 8
Take = Callable[[Any, str], object]


def _nobody_looks(page: Any, name: str) -> object:
    return None


def sign_in(page: Any, host: str, who: oidc_login.Person, take: Take = _nobody_looks) -> list[str]:
    """From the e-Office's address until it lets the person in, or does not."""
    page.goto(f"https://{host}/")
    shown = walk(page, who, (INSIDE, AT_THE_DOOR), take)
    page.wait_for_load_state("networkidle")  # its pages load themselves once more
    return shown


_TAKE_OUT = """async path => {
  const said = await fetch(path);
  let text = '';
  for (const byte of new Uint8Array(await said.arrayBuffer())) text += String.fromCharCode(byte);
  return [said.status, btoa(text)];
}"""


def take_out(page: Any, path: str) -> tuple[int, bytes]:
    """Status and content of what the e-Office's API gives to whoever is at the page."""
    status, content = page.evaluate(_TAKE_OUT, path)
    return status, base64.b64decode(content)


def walk(
    page: Any, who: oidc_login.Person, ends: tuple[str, ...], take: Take = _nobody_looks
) -> list[str]:
    """Answer page after page until one of ``ends`` is there.

    The pages that were shown, in order: the selectors above, the end included.
    """
    shown: list[str] = []
    for _ in range(_MOST_PAGES):
        found = _next(page, ends)
        shown.append(found)
        take(page, _NAMES.get(found, found.strip("#")))
        if found in ends:
            return shown
        _FILL[found](page, who)
    raise AssertionError(f"the sign-in does not end: {shown}")


def _next(page: Any, ends: tuple[str, ...]) -> str:
    """The page that comes up next, by what is on it."""
    page.wait_for_load_state("load")
    found = page.locator(", ".join((*ends, *_FILL))).first
    # One question to one page: between two it could have become another.
    return str(found.evaluate("(it, every) => every.find(e => it.matches(e))", [*ends, *_FILL]))


def _password(page: Any, who: oidc_login.Person) -> None:
    page.locator("#username").fill(who.username)
    page.locator("#password").fill(who.password)
    _send(page, PASSWORD)


def _new_password(page: Any, who: oidc_login.Person) -> None:
    who.password = secrets.token_urlsafe(18)
    page.locator("#password-new").fill(who.password)
    page.locator("#password-confirm").fill(who.password)
    _send(page, NEW_PASSWORD)


def _set_up(page: Any, who: oidc_login.Person) -> None:
    who.otp_secret = page.locator("#totpSecret").get_attribute("value")
    page.locator("#totp").fill(oidc_login.code(who))
    page.locator("#userLabel").fill("โทรศัพท์ของฉัน")
    _send(page, SET_UP)


def _code(page: Any, who: oidc_login.Person) -> None:
    page.locator("#otp").fill(oidc_login.code(who))
    _send(page, CODE)


def _register(page: Any, who: oidc_login.Person) -> None:
    """The key answers by itself; then a dialog asks what it is to be called."""
    page.once("dialog", lambda asked: asked.accept("กุญแจของฉัน"))
    with page.expect_navigation():
        page.locator(KEY).click()


def _show_key(page: Any, who: oidc_login.Person) -> None:
    with page.expect_navigation():
        page.locator(ASKED_KEY).click()


def _send(page: Any, form: str) -> None:
    with page.expect_navigation():
        page.locator(f"{form} [type=submit]").first.click()


_FILL: dict[str, Callable[[Any, oidc_login.Person], None]] = {
    PASSWORD: _password,
    NEW_PASSWORD: _new_password,
    SET_UP: _set_up,
    CODE: _code,
    KEY: _register,
    ASKED_KEY: _show_key,
}
