"""Brokers for identities of others: by permit, least scopes, and no secret anywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from onboarding import item, manifest, tenant
from onboarding.desired import realm_broker
from onboarding.identity import representation
from tests.unit import targets

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def resolved(name: str, **thaid: Any) -> tenant.Tenant:
    read = manifest.load(EXAMPLES / f"{name}.yaml")
    known = read.identity.thaid
    assert known is not None
    identity = read.identity.model_copy(update={"thaid": known.model_copy(update=thaid)})
    return tenant.resolve(read.model_copy(update={"identity": identity}), targets.pinned())


def aliases(of: tenant.Tenant, *, production: bool) -> list[str]:
    target = targets.pinned(production=production)
    return [i.ref.name for i in realm_broker.items(of, target)]


def test_a_draft_permit_is_not_provisioned_in_production() -> None:
    draft = resolved("eec")
    assert aliases(draft, production=False) == ["eec-thaid", "eec-eec-oss-juristic"]
    assert aliases(draft, production=True) == []


def test_with_permit_and_client_id_it_is() -> None:
    permitted = resolved("eec", dopa_permit_ref="มท 0309/1", client_id="eec-oss")
    assert aliases(permitted, production=True) == ["eec-thaid"]
    without_client = resolved("eec", dopa_permit_ref="มท 0309/1")
    assert aliases(without_client, production=True) == []


def test_in_a_shared_realm_it_is_tied_to_the_organization() -> None:
    [shared, _] = realm_broker.items(resolved("eec"), targets.pinned())
    assert (shared.ref.scope, shared.fields["organization"]) == ("gdcc", "eec")
    [own] = realm_broker.items(resolved("moph"), targets.pinned())
    assert (own.ref.scope, own.fields["organization"]) == ("moph", "")


def test_it_asks_for_what_the_manifest_lists_and_names_its_secret_only() -> None:
    [thaid, _] = realm_broker.items(resolved("eec"), targets.pinned())
    config = thaid.fields["config"]
    assert config["defaultScope"] == "openid given_name family_name"
    assert config["clientSecret"] == "${vault.eec-thaid}"


def test_a_secret_that_somebody_typed_in_is_not_read() -> None:
    read = representation.broker({"alias": "x", "config": {"clientSecret": "hunter2"}})
    assert "hunter2" not in item.canonical(read)
    named = representation.broker({"alias": "x", "config": {"clientSecret": "${vault.x}"}})
    assert named["config"]["clientSecret"] == "${vault.x}"
