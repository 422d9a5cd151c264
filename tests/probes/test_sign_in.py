"""Where an address sends whoever is not signed in, and what a made-up token opens."""

from __future__ import annotations

from pathlib import Path
from urllib import parse

import jwt
import pytest

from onboarding import environment, patience, policy
from onboarding.probes import pages, sign_in, signing_in
from tests.probes import served
from tests.probes.served import Address
from tests.unit import targets

ISSUER = "https://sso.invalid/realms/village"
API = "/api/v4/"
TO = sign_in.Expected(served.HOST, ISSUER, "ga-village-prod")
Verdict = policy.Verdict


def _sent(issuer: str = ISSUER, **changed: str) -> str:
    query = {
        "client_id": "ga-village-prod",
        "response_type": "code",
        "redirect_uri": f"https://{served.HOST}/oidc/callback/",
        "scope": "openid",
        **changed,
    }
    return f"{issuer}/protocol/openid-connect/auth?{parse.urlencode(query)}"


def _door(address: Address) -> pages.Pages:
    return pages.Pages(address.gateway, address.ca, patience.Limits(connect=20, request=20))


def _led(tmp_path: Path, answers: dict[str, tuple[int, str]], fault: str = "") -> policy.Result:
    with served.serving(tmp_path, Address(pages=answers, fault=fault)) as address:
        return sign_in.led(TO, sign_in.follow(_door(address), served.HOST))


def test_whoever_is_sent_to_the_realm_as_the_client_passes(tmp_path: Path) -> None:
    result = _led(tmp_path, {"/": (302, "/login/?next=/"), "/login/": (302, _sent())})
    assert result.verdict is Verdict.PASS, result
    assert result.seen == f"sent to {ISSUER} as ga-village-prod"
    asked = result.evidence["asked"]
    assert [one["status"] for one in asked] == [302, 302]
    assert asked[1]["what"] == f"GET https://{served.HOST}/login/"
    assert "state" not in str(asked)


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ({"/": (200, "")}, "shows a page (HTTP 200) to whoever is not signed in"),
        ({"/": (302, _sent("https://sso.invalid/realms/other"))}, "sent to https://sso.invalid"),
        ({"/": (302, "https://evil.example/")}, "sent to https://evil.example/, not to"),
        ({"/": (302, _sent(client_id="ga-other-prod"))}, "as client ga-other-prod"),
        ({"/": (302, _sent(response_type="token"))}, "response_type token"),
        ({"/": (302, _sent(redirect_uri="https://evil.example/"))}, "back to https://evil.exam"),
    ],
)
def test_any_other_way_in_fails(
    answers: dict[str, tuple[int, str]], said: str, tmp_path: Path
) -> None:
    result = _led(tmp_path, answers)
    assert result.verdict is Verdict.FAIL, result
    assert said in result.seen


@pytest.mark.parametrize(
    ("answers", "fault"),
    [({"/": (503, "")}, ""), ({"/": (404, "")}, ""), ({}, ""), ({}, "hangs-up")],
)
def test_what_leads_nowhere_is_unknown(
    answers: dict[str, tuple[int, str]], fault: str, tmp_path: Path
) -> None:
    assert _led(tmp_path, answers, fault).verdict is Verdict.UNKNOWN


def _token(tmp_path: Path, status: int, opens: str = "") -> policy.Result:
    made = Address(pages={API: (status, "")}, opens=opens)
    with served.serving(tmp_path, made) as address:
        door = _door(address)
        token = signing_in.made_up(ISSUER, "ga-village-prod")
        without = door.ask(served.HOST, API)
        with_token = door.ask(served.HOST, API, {"Authorization": f"Bearer {token}"})
    return sign_in.strangers(served.HOST, without, with_token, "other")


@pytest.mark.parametrize(
    ("status", "opens", "verdict"),
    [
        (401, "", Verdict.PASS),
        (403, "", Verdict.PASS),
        (401, API, Verdict.FAIL),
        # Where nobody is refused, nothing can be told.
        (200, "", Verdict.UNKNOWN),
        (503, "", Verdict.UNKNOWN),
    ],
)
def test_a_made_up_token_opens_no_more_than_none(
    status: int, opens: str, verdict: policy.Verdict, tmp_path: Path
) -> None:
    result = _token(tmp_path, status, opens)
    assert result.verdict is verdict, result
    assert "ey" not in result.seen + str(result.evidence)


def test_a_made_up_token_ends_soon_and_nobody_holds_its_key() -> None:
    one, other = (signing_in.made_up(ISSUER, "x") for _ in range(2))
    claims = jwt.decode(one, options={"verify_signature": False})
    assert claims["iss"] == ISSUER
    assert claims["exp"] - claims["iat"] == 60
    assert one != other


def test_the_token_is_shown_where_the_product_asks_who_it_is() -> None:
    about = environment.EOffice(product="mayan-edms")
    at = targets.pinned().model_copy(update={"e_office": about})
    assert signing_in._private(at) == "/api/v4/users/current/"
    assert signing_in._private(targets.pinned()) == ""
