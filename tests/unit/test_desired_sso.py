"""What Keycloak must hold for an agency."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from onboarding import environment, item, manifest, normal_form, tenant
from onboarding.desired import realm, realm_client, realm_flow, realm_mark, sso
from onboarding.policies import load
from tests.unit import targets

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TARGET = targets.pinned()


def _resolved(name: str) -> tenant.Tenant:
    return tenant.resolve(manifest.load(EXAMPLES / f"{name}.yaml"), TARGET)


def _of_kind(of: tenant.Tenant, kind: str) -> list[item.Item]:
    return [i for i in sso.desired(of, TARGET) if i.ref.kind == kind]


@pytest.mark.parametrize("name", ["moph", "admincourt", "plk-lao"])
def test_every_item_is_the_agencys_and_marked_and_named_once(name: str) -> None:
    of = _resolved(name)
    items = sso.desired(of, TARGET)

    assert {i.owner for i in items} == {of.id}
    assert len({i.ref for i in items}) == len(items)
    for each in items:
        attributes = each.fields.get("attributes", {})
        if each.ref.kind in ("Client", "Realm"):
            assert attributes["gdcc.go.th/agency"] == of.id
        elif each.ref.kind in ("Group", "Organization"):
            assert attributes["gdcc.go.th/agency"] == [of.id]


@pytest.mark.parametrize("name", ["moph", "admincourt", "plk-lao"])
def test_no_item_holds_a_secret(name: str) -> None:
    text = item.canonical([i.fields for i in sso.desired(_resolved(name), TARGET)]).lower()
    # How a broker's client signs in, and the name under which Keycloak's own vault has the secret.
    text = text.replace("client_secret_basic", "").replace('"clientsecret":"${vault.', "")
    assert "secret" not in text
    assert "private" not in text


def test_an_agency_lives_in_the_shared_realm_by_default() -> None:
    of = _resolved("admincourt")
    assert not _of_kind(of, "Realm")
    assert {i.ref.scope for i in sso.desired(of, TARGET)} == {"gdcc"}
    (organization,) = _of_kind(of, "Organization")
    assert organization.fields["name"] == of.id
    assert organization.fields["domains"] == [{"name": "admincourt.go.th"}]
    assert organization.fields["description"] == of.manifest.agency.name_th


def test_a_system_has_a_client_once_the_environment_has_its_image() -> None:
    of = _resolved("moph")
    name = "ga-moph-prod-health-platform"
    assert name not in {i.ref.name for i in _of_kind(of, "Client")}
    images = TARGET.images.model_copy(update={"others": {"health-platform": "x"}})
    target = TARGET.model_copy(update={"images": images})
    clients = {i.ref.name: i for i in sso.desired(of, target) if i.ref.kind == "Client"}
    assert clients[name].fields["redirectUris"] == [
        "https://health-platform.moph.go.th/oidc/callback"
    ]


def test_an_own_realm_holds_people_and_clients_but_cluster_groups_stay_shared() -> None:
    of = _resolved("moph")
    (own,) = _of_kind(of, "Realm")
    assert own.ref.name == "moph"
    assert own.fields["displayName"] == "กระทรวงสาธารณสุข"
    shared = {i.ref.name for i in _of_kind(of, "Group") if i.ref.scope == "gdcc"}
    assert shared == {"moph", "moph:operator", "moph:viewer"}
    inside = {i.ref.name for i in _of_kind(of, "Group") if i.ref.scope == "moph"}
    assert {"moph:signers", "moph:central", "moph:unit:moph-region-a"} <= inside
    assert not {"moph:operator", "moph:viewer"} & inside
    assert {i.ref.scope for i in _of_kind(of, "Client")} == {"moph"}


def test_a_pooled_agency_has_a_group_for_each_of_its_57_bodies() -> None:
    units = [i for i in _of_kind(_resolved("plk-lao"), "Group") if ":unit:" in i.ref.name]
    assert len(units) == 57
    assert {i.fields["parent"] for i in units} == {"plk-lao"}


@pytest.mark.parametrize("name", ["moph", "admincourt", "plk-lao"])
def test_clients_are_as_rfc_9700_asks(name: str) -> None:
    of = _resolved(name)
    clients = {i.ref.name: i.fields for i in _of_kind(of, "Client")}
    for instance in of.e_offices:
        fields = clients[instance.namespace]
        assert fields["redirectUris"] == [f"https://{instance.host}/oidc/callback"]
        assert fields["webOrigins"] == [f"https://{instance.host}"]
        assert fields["clientAuthenticatorType"] == "client-jwt"
        assert fields["attributes"]["pkce.code.challenge.method"] == "S256"
        assert fields["attributes"]["jwks.string"] == item.KNOWN_AFTER_APPLY
        assert fields["standardFlowEnabled"]
        assert not fields["serviceAccountsEnabled"]
    for fields in clients.values():
        assert fields["implicitFlowEnabled"] is False
        assert fields["directAccessGrantsEnabled"] is False
        assert fields["fullScopeAllowed"] is False


def test_only_the_cluster_client_has_redirects_that_are_not_https_and_those_are_loopback() -> None:
    fields = realm_client.cluster_client("gdcc", "environment", realm_mark.policy()).fields
    assert fields["redirectUris"] == ["http://localhost:18000", "http://localhost:8000"]
    assert {urlsplit(uri).hostname for uri in fields["redirectUris"]} == {"localhost"}
    assert fields["publicClient"]
    assert fields["attributes"]["pkce.code.challenge.method"] == "S256"
    assert fields["protocolMappers"]["groups"]["config"]["full.path"] == "false"
    audience = fields["protocolMappers"]["audience"]["config"]
    assert audience["included.client.audience"] == "gdcc-cluster"


def _realm() -> dict[str, Any]:
    return realm.realm("กระทรวง", "moph", realm_mark.policy())


def test_what_we_set_keeps_the_limits_by_which_the_controls_judge() -> None:
    limits, fields = load.thresholds(), _realm()
    assert fields["failureFactor"] <= limits["idp.failureFactor"]
    assert fields["waitIncrementSeconds"] >= limits["idp.leastWaitSeconds"]
    assert fields["eventsExpiration"] >= limits["idp.eventSeconds"]
    assert int(fields["attributes"]["adminEventsExpiration"]) >= limits["idp.eventSeconds"]
    assert fields["accessTokenLifespan"] <= limits["idp.accessSeconds"]
    assert fields["ssoSessionIdleTimeout"] <= limits["idp.idleSeconds"]
    assert fields["ssoSessionMaxLifespan"] <= limits["idp.sessionSeconds"]
    assert fields["defaultSignatureAlgorithm"] in limits["idp.algorithms"]
    chosen = realm_mark.policy()["settings"]
    assert chosen["passwordLength"] >= limits["idp.passwordLength"]
    assert chosen["passwordHistory"] >= limits["idp.passwordHistory"]


def test_rights_of_our_own_accounts_are_the_least() -> None:
    rights = realm_mark.policy()["rights"]
    for reader in ("onboard-planner", "onboard-auditor"):
        assert all(role.startswith("view-") for role in rights[reader])
    assert not {"realm-admin", "manage-realm", "impersonation"} & set(rights["onboard-applier"])


def test_nobody_signs_in_without_a_second_factor() -> None:
    rows = realm_flow.listed(realm_flow.browser(2, 36000))
    names = [row["name"] for row in rows]
    assert names.index("auth-username-password-form") < names.index("auth-otp-form")
    by_name = {(row["name"], row["level"]): row for row in rows}
    assert by_name["auth-otp-form", 5]["requirement"] == "REQUIRED"
    assert by_name["webauthn-authenticator", 3]["requirement"] == "REQUIRED"
    conditions = [r["config"]["not"] for r in rows if r["name"] == "conditional-user-attribute"]
    assert conditions == ["false", "true"]


def test_a_flow_is_imported_with_the_steps_that_are_listed() -> None:
    steps = realm_flow.browser(2, 36000)
    flows, configs = realm_flow.imported(realm_flow.ALIAS, "ours", steps)
    listed = realm_flow.listed(steps)
    assert sum(len(f["authenticationExecutions"]) for f in flows) == len(listed)
    assert len(configs) == sum("config" in row for row in listed)
    assert len({c["alias"] for c in configs}) == len(configs)
    assert [f["alias"] for f in flows if f["topLevel"]] == [realm_flow.ALIAS]


def test_signers_are_known_to_the_flow_by_their_group() -> None:
    groups = {i.ref.name: i.fields for i in _of_kind(_resolved("admincourt"), "Group")}
    mark = groups["admincourt:signers"]["attributes"]
    assert mark[realm_flow.SECOND_FACTOR] == [realm_flow.WEBAUTHN]
    assert realm_flow.SECOND_FACTOR not in groups["admincourt:central"]["attributes"]


def test_a_key_of_another_origin_differs() -> None:
    client = _of_kind(_resolved("plk-lao"), "Client")[0]
    live = {**client.fields, "attributes": {**client.fields["attributes"], "jwks.string": "{}"}}
    assert not list(normal_form.differences("Client", client.fields, live))
    live["publicKey"] = "another key"
    (difference,) = normal_form.differences("Client", client.fields, live)
    assert difference == ("publicKey", "another key", realm_client.JWKS_VAULT)


def test_the_client_of_a_product_is_as_the_product_signs_people_in() -> None:
    """The reference product has another callback, and a secret where others have a key."""
    of = _resolved("m-culture")
    about = {"e_office": environment.EOffice(product="mayan-edms")}
    made = {
        i.ref.name: i.fields
        for i in sso.desired(of, TARGET.model_copy(update=about))
        if i.ref.kind == "Client"
    }
    usual = {i.ref.name: i.fields for i in _of_kind(of, "Client")}
    assert made.keys() == usual.keys()
    for office in of.e_offices:
        fields = made[office.namespace]
        assert fields["redirectUris"] == [f"https://{office.host}/oidc/callback/"]
        assert fields["clientAuthenticatorType"] == "client-secret"
        assert fields[realm_client.KEPT_SECRET] == realm_client.SECRET_VAULT
        assert "publicKey" not in fields
        assert not [name for name in fields["attributes"] if "jwks" in name]
        assert usual[office.namespace]["clientAuthenticatorType"] == "client-jwt"
        path = sso.client_secret_path(of, office)
        assert path == f"{of.id}/{office.namespace}/oidc-secret"
