"""Keys of our own clients, and Keycloak's representations as fields."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import jwt
import pytest

from onboarding import errors, item
from onboarding.desired import realm_mark
from onboarding.identity import assertion, representation

MARKS = realm_mark.marks("moph")


def test_a_key_is_for_its_owner_only_and_its_public_half_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "planner" / "key.pem"
    assertion.make_key(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    public = (path.parent / assertion.PUBLIC_FILE).read_text(encoding="utf-8").strip()
    assert public == assertion.public_set(path)
    (key,) = json.loads(public)["keys"]
    assert set(key) == {"alg", "crv", "kid", "kty", "use", "x", "y"}
    assert [p.name for p in path.parent.iterdir() if p.name.endswith(".part")] == []


def test_an_assertion_is_signed_short_lived_and_used_once(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    assertion.make_key(path)
    token = assertion.signed(path, "onboard-planner", "https://sso.invalid/realms/gdcc")
    jwk = json.loads(assertion.public_set(path))["keys"][0]
    claims = jwt.decode(
        token,
        jwt.PyJWK(jwk).key,
        algorithms=["ES256"],
        audience="https://sso.invalid/realms/gdcc",
    )
    assert claims["iss"] == claims["sub"] == "onboard-planner"
    assert claims["exp"] - claims["iat"] <= 60
    again = assertion.signed(path, "onboard-planner", "https://sso.invalid/realms/gdcc")
    assert jwt.decode(again, options={"verify_signature": False})["jti"] != claims["jti"]


def test_a_key_file_that_is_no_key_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    path.touch(mode=0o600)
    path.write_text("not a key", encoding="utf-8")
    with pytest.raises(errors.Denied) as told:
        assertion.private_key(path)
    assert told.value.resolution
    with pytest.raises(errors.Denied):
        assertion.private_key(tmp_path / "absent.pem")


def test_key_sets_are_compared_by_the_key_and_not_by_their_spelling(tmp_path: Path) -> None:
    keys = []
    for name in ("one", "two"):
        assertion.make_key(tmp_path / name / "key.pem")
        keys.append(assertion.public_set(tmp_path / name / "key.pem"))
    spelled = json.dumps({"keys": [{**json.loads(keys[0])["keys"][0], "kid": "another"}]}, indent=1)
    assert assertion.same_key(keys[0], spelled)
    assert not assertion.same_key(keys[0], keys[1])
    for broken in ("", "{}", "[]", '{"keys": []}', '{"keys": [{}]}', "not json"):
        assert not assertion.same_key(broken, broken)


def test_a_client_loses_its_secrets_on_the_way_in() -> None:
    rep: dict[str, Any] = {
        "id": "1",
        "clientId": "c",
        "secret": "CANARY",
        "registrationAccessToken": "CANARY",
        "redirectUris": ["https://b/", "https://a/"],
        "attributes": {**MARKS, "client.secret.rotated": "CANARY", "pkce": "S256"},
        "protocolMappers": [
            {"id": "2", "name": "m", "protocolMapper": "p", "config": {"client.secret": "CANARY"}}
        ],
    }
    fields = representation.client(rep)
    assert "CANARY" not in item.canonical(fields)
    assert fields["redirectUris"] == ["https://a/", "https://b/"]
    assert fields["attributes"]["pkce"] == "S256"
    assert representation.owner(rep) == "moph"


def test_a_realm_loses_the_password_of_its_mail_server() -> None:
    fields = representation.realm({"realm": "r", "smtpServer": {"password": "CANARY"}})
    assert "CANARY" not in item.canonical(fields)


@pytest.mark.parametrize(
    ("attributes", "owner"),
    [
        (MARKS, "moph"),
        ({k: [v] for k, v in MARKS.items()}, "moph"),
        ({"gdcc.go.th/agency": "moph"}, ""),
        ({"gdcc.go.th/agency": [], "gdcc.go.th/managed-by": ["onboard"]}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_only_what_carries_both_marks_is_ours(attributes: Any, owner: str) -> None:
    assert representation.owner({"attributes": attributes}) == owner


def test_a_flow_carries_its_owner_in_its_description() -> None:
    assert representation.owner_in_text(realm_mark.text_mark("moph")) == "moph"
    assert representation.owner_in_text("browser based authentication") == ""
    assert representation.owner_in_text("") == ""


def test_what_others_set_in_an_object_stays() -> None:
    live = {"a": 1, "attributes": {"theirs": "x", "ours": "old"}, "list": [1, 2]}
    both = representation.merged(live, {"attributes": {"ours": "new"}, "list": [3]})
    assert both == {"a": 1, "attributes": {"theirs": "x", "ours": "new"}, "list": [3]}
    assert live["list"] == [1, 2]


def test_what_is_only_compared_is_not_sent() -> None:
    fields = {
        "publicKey": "as in Vault",
        "parent": "moph",
        "enabled": True,
        "protocolMappers": {"groups": {"protocolMapper": "p", "config": {}}},
    }
    sent = representation.sendable(fields, clientId="c")
    assert set(sent) == {"enabled", "protocolMappers", "clientId"}
    assert representation.mappers(sent["protocolMappers"]) == fields["protocolMappers"]


def test_what_hands_put_into_our_maps_is_cleared_and_the_server_s_own_stays() -> None:
    live = {"attributes": {"mine": "1", "theirs": "2", "realm_client": "false", "x.secret": "s"}}
    wanted = {"attributes": {"mine": "1"}}
    left_out = representation.cleared("Client", wanted, live)["attributes"]
    assert left_out == {"mine": "1", "realm_client": "false", "x.secret": "s"}
    nulled = representation.cleared("Client", wanted, live, nulls=True)["attributes"]
    assert nulled == {**left_out, "theirs": None}
    assert representation.cleared("Realm", {"enabled": True}, live) == live
