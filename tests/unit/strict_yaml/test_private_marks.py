"""What spares the patterns for secrets on most files never hides one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.strict_yaml import private

TOKENS = (
    "-----BEGIN RSA PRIVATE KEY", "AGE-SECRET-KEY-1" + "Q" * 20, "hvs." + "a" * 20,
    "hvb." + "a" * 20, "hvr." + "a" * 20, "s." + "a" * 24, "b." + "a" * 24, "ghp_" + "a" * 30,
    "gho_" + "a" * 30, "ghu_" + "a" * 30, "ghs_" + "a" * 30, "ghr_" + "a" * 30,
    "github_pat_" + "a" * 20, "glpat-" + "a" * 20, "AKIA" + "A" * 16, "ASIA" + "A" * 16,
    "AIza" + "a" * 35, "xoxa-" + "a" * 10, "xoxb-" + "a" * 10, "xoxp-" + "a" * 10,
    "xoxr-" + "a" * 10, "xoxs-" + "a" * 10, "eyJ" + "a" * 10 + ".eyJ", "https://me:hidden@host",
)  # fmt: skip
NAMES = (
    "password", "passwd", "passwod", "passphrase", "รหัสผ่าน", "client_secret", "appsecret",
    "api-key", "apikey", "secret_key", "private-key", "accesskey", "access_token", "auth-token",
    "refreshtoken", "PassWord", "CLIENT_SECRET", "paſſword", "api-\u212aey",
)  # fmt: skip


@pytest.mark.parametrize("token", TOKENS)
def test_every_form_of_token_is_found(token: str) -> None:
    assert private.found(f"note: {token} here") == private.SECRET


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("equals", [":", ": ", " = ", '": "', "' : '"])
def test_every_name_of_a_password_is_found(name: str, equals: str) -> None:
    assert private.found(f"{name}{equals}hidden1") == private.SECRET


@given(st.lists(st.sampled_from([*TOKENS, *NAMES, ":", "=", " ", '"', "a", ".", "1"])))
def test_any_mixture_has_the_same_secrets_as_without_the_marks(parts: list[str]) -> None:
    text = "".join(parts)
    patterns = (private._TOKEN, private._PASSWORD)
    expected = [match[0] for pattern in patterns for match in pattern.finditer(text)]
    assert [p.text for p in private.pieces(text) if p.kind == private.SECRET] == expected
