"""What a stored Pulumi state says about secrets, without passing any of them on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, errors, tenant
from onboarding.engines.pulumi_stack import checkpoint
from tests.policies import world

SECRET = "kubernetes:core/v1:Secret"
ENCRYPTED = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}
PEM = "-----BEGIN EC PRIVATE KEY-----\ncanary\n-----END EC PRIVATE KEY-----"


def stored(*resources: dict[str, Any], provider: str = "passphrase") -> dict[str, Any]:
    latest = {"secrets_providers": {"type": provider}, "resources": list(resources)}
    return {"version": 3, "checkpoint": {"latest": latest}}


@pytest.mark.parametrize(
    ("resource", "readable"),
    [
        ({"type": "kubernetes:core/v1:ConfigMap", "inputs": {"data": {"a": "b"}}}, 0),
        ({"type": SECRET, "inputs": {"data": ENCRYPTED}}, 0),
        ({"type": SECRET, "inputs": {"data": {"password": "canary"}}}, 1),
        ({"type": SECRET, "outputs": {"stringData": {"password": "canary"}}}, 1),
        ({"type": "kubernetes:core/v1:ConfigMap", "outputs": {"data": {"key": PEM}}}, 1),
    ],
)
def test_readable_secrets_are_counted(resource: dict[str, Any], readable: int) -> None:
    facts = checkpoint.facts(stored(resource))
    assert facts == {"secretsProvider": "passphrase", "resources": 1, "plaintextSecrets": readable}
    assert "canary" not in json.dumps(facts)


def test_an_empty_state_has_no_provider() -> None:
    facts = checkpoint.facts({"checkpoint": {}})
    assert facts == {"secretsProvider": "", "resources": 0, "plaintextSecrets": 0}


def _target(folder: Path, backend: str) -> environment.Environment:
    at = world.target(folder)
    return at.model_copy(update={"pulumi": at.pulumi.model_copy(update={"backend": backend})})


def test_the_stack_of_each_agency_is_read(tmp_path: Path) -> None:
    at = _target(tmp_path, f"file://{tmp_path}")
    of = tenant.resolve(world.agency("admincourt"), at)
    assert list(checkpoint.states(at, [of])) == []
    place = tmp_path / ".pulumi" / "stacks" / "gdcc-onboarding" / "admincourt.json"
    place.parent.mkdir(parents=True)
    place.write_text(json.dumps(stored()), encoding="utf-8")
    [(agency, found)] = checkpoint.states(at, [of])
    assert (agency, str(found.ref)) == ("admincourt", "StackState admincourt")
    place.write_text("{", encoding="utf-8")
    with pytest.raises(errors.Denied, match="cannot be read"):
        list(checkpoint.states(at, [of]))


def test_a_state_that_nobody_answers_for_was_not_seen(tmp_path: Path) -> None:
    at = _target(tmp_path, "postgres://127.0.0.1:1/pulumi")
    of = tenant.resolve(world.agency("admincourt"), at)
    with pytest.raises(errors.Denied, match="cannot be read"):
        list(checkpoint.states(at, [of]))
