"""Who of CI is let in, as the environment file says it; and assertions signed elsewhere."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import jwt
import pydantic
import pytest

from onboarding import environment, vault
from onboarding.bootstrap import keycloak, vault_pipelines
from onboarding.identity import assertion
from tests.unit import targets

PLANNER = environment.Role.PLANNER
APPLIER = environment.Role.APPLIER
Claims = dict[environment.Role, dict[str, str | tuple[str, ...]]]


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        ({environment.Role.BOOTSTRAP: {"repository": "a"}}, "bootstrap is done by a person"),
        ({PLANNER: {}}, "without a claim every job"),
        ({PLANNER: {"repository": "a"}, APPLIER: {"repository": "a"}}, "must be narrower"),
    ],
)
def test_claims_that_let_in_too_much_are_refused(roles: Claims, why: str) -> None:
    with pytest.raises(pydantic.ValidationError, match=why):
        environment.Pipelines(issuer="https://ci.invalid", roles=roles)


def test_a_claim_may_have_several_values(tmp_path: Path) -> None:
    roles: Claims = {PLANNER: {"repository": ("de/agencies", "de/more")}}
    of = environment.Pipelines(issuer="https://ci.invalid", roles=roles)
    place = tmp_path / "gdcc.yaml"
    environment.save(place, targets.pinned().model_copy(update={"pipelines": of}))
    assert environment.load(place).pipelines == of


def test_an_assertion_signed_elsewhere_is_as_good(tmp_path: Path) -> None:
    path = tmp_path / "key.pem"
    assertion.make_key(path)
    key = assertion.private_key(path)

    def sign(text: str) -> str:
        signed = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(
            text.encode(), key
        )
        return jwt.utils.base64url_encode(signed).decode()

    held = assertion.HeldElsewhere(assertion.public_pem(path), sign)
    said = assertion.signed_by(held, "onboard-planner", "https://sso.invalid/realms/gdcc")
    read = jwt.decode(said, key.public_key(), ["ES256"], audience="https://sso.invalid/realms/gdcc")
    assert (read["iss"], read["sub"]) == ("onboard-planner", "onboard-planner")
    (known,) = json.loads(assertion.public_set(path))["keys"]
    assert jwt.get_unverified_header(said)["kid"] == known["kid"]


def test_two_keys_of_one_client_stand_in_one_set(tmp_path: Path) -> None:
    sets = []
    for name in ("a", "b"):
        assertion.make_key(tmp_path / f"{name}.pem")
        sets.append(assertion.public_set(tmp_path / f"{name}.pem"))
    both = assertion.joined(sets)
    assert len(json.loads(both)["keys"]) == 2
    assert assertion.same_key(both, assertion.joined(reversed(sets)))
    assert not assertion.same_key(both, sets[0])


def test_vault_is_asked_once_for_the_keys_of_all_clients(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, theirs = tmp_path / "own.pem", tmp_path / "theirs.pem"
    assertion.make_key(own)
    assertion.make_key(theirs)
    roles: Claims = {PLANNER: {"ref": "a"}, APPLIER: {"ref": "b"}}
    pipelines = environment.Pipelines(issuer="https://ci.invalid", roles=roles)
    target = targets.pinned().model_copy(update={"pipelines": pipelines})
    connected = []

    def connect(*_: object) -> contextlib.nullcontext[None]:
        connected.append(1)
        return contextlib.nullcontext()

    monkeypatch.setattr(vault, "connect", connect)
    pem = assertion.public_pem(theirs)
    monkeypatch.setattr(vault_pipelines, "public_keys", lambda *_: (pem,))
    known = keycloak.all_keys(target)
    for client, count in (("planner", 2), ("applier", 2), ("auditor", 1)):
        assert len(json.loads(known(f"onboard-{client}", own))["keys"]) == count
    assert len(connected) == 1
    assert len(json.loads(keycloak.all_keys(targets.pinned())("onboard-planner", own))["keys"]) == 1
    assert len(connected) == 1
