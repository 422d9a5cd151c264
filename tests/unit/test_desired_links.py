"""What an agreed link asks of each engine, and that a pending one asks nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, item, tenant
from onboarding.desired import cluster, sso, vault
from onboarding.manifest import model
from tests import linked
from tests.policies import world
from tests.unit.manifest import samples

LINK: dict[str, Any] = {
    "id": "books",
    "kind": "data-exchange",
    "peer": "library",
    "direction": "in",
    "dataset": "books",
    "basis": "agreement",
    "purpose": "บริการห้องสมุด",
    "owner": "library",
    "scopes": ["books.read"],
    "class": "internal",
    "expires": "2027-09-30",
}
PLACE = "ga-culture-prod"


@pytest.fixture
def at(tmp_path: Path) -> environment.Environment:
    return world.target(tmp_path)


_SMALL = {"tenancy__environments": ["prod", "uat"], "users": {"initial": 30, "target": 40}}


def agency(**changes: Any) -> model.AgencyMou:
    return samples.build(links=[{**LINK, **changes}], **_SMALL)


def agreed(**changes: Any) -> tenant.Tenant:
    of = agency(**changes)
    return tenant.resolve(of, peers=linked.mirrored(of))


def named(items: tuple[item.Item, ...], kind: str) -> dict[str, item.Item]:
    return {f"{i.ref.scope}/{i.ref.name}": i for i in items if i.ref.kind == kind}


def test_a_pending_link_changes_nothing(at: environment.Environment) -> None:
    pending, without = tenant.resolve(agency()), samples.build(**_SMALL)
    for engine in (vault, sso, cluster):
        assert engine.desired(pending, at) == engine.desired(tenant.resolve(without), at)


def test_the_certificate_is_for_one_name_and_one_purpose(at: environment.Environment) -> None:
    items = vault.desired(agreed(), at)
    role = named(items, "PkiRole")["pki-culture-sign/link-books"].fields
    assert role["allowed_domains"] == ["books.link.culture.go.th"]
    assert role["ext_key_usage_oids"] == ["1.3.6.1.5.5.7.3.2"]
    assert (role["server_flag"], role["allow_subdomains"]) == (False, False)
    assert role["max_ttl"] == 30 * 86400


def test_only_the_workload_that_carries_it_has_its_secrets_signed(
    at: environment.Environment,
) -> None:
    items = vault.desired(agreed(), at)
    rules = {name: i.fields["rules"] for name, i in named(items, "Policy").items()}
    opened = {
        "kv/data/culture/link-books/+": ["read"],
        "pki-culture-sign/sign/link-books": ["update"],
    }
    assert opened.items() <= rules["/ga-culture-ga-culture-prod"].items()
    for name in ("/ga-culture-ga-culture-uat", "/ga-culture-issuing"):
        assert not opened.keys() & rules[name].keys()
    assert named(items, "KeyPair")["kv/culture/link-books/oidc-client"].holds_data is False


def test_the_client_is_for_the_peer_alone(at: environment.Environment) -> None:
    items = sso.desired(agreed(), at)
    client = named(items, "Client")["gdcc/ga-culture-link-books"].fields
    scope = "ga-culture-link-books:books.read"
    assert (client["standardFlowEnabled"], client["serviceAccountsEnabled"]) == (False, True)
    assert client["optionalClientScopes"] == [scope]
    assert client["clientAuthenticatorType"] == "client-jwt"
    mapper = named(items, "ClientScope")[f"gdcc/{scope}"].fields["protocolMappers"]["audience"]
    assert mapper["config"]["included.custom.audience"] == "ga-library-link-books"
    account = named(items, "ServiceAccount")["gdcc/ga-culture-link-books"].fields
    assert account == {"roles": {}, "scope": {}}


def test_the_way_is_to_the_gateway_and_in_production_only(at: environment.Environment) -> None:
    items = cluster.desired(agreed(requestsPerMinute=7), at)
    ways = named(items, "NetworkPolicy")
    gateway = {"matchLabels": {"kubernetes.io/metadata.name": "gdcc-gateway"}}
    out = ways[f"{PLACE}/link-books-out"].fields["spec"]
    assert out["egress"] == [
        {"to": [{"namespaceSelector": gateway}], "ports": [{"protocol": "TCP", "port": 443}]}
    ]
    assert "ingress" not in out
    assert f"{PLACE}/link-books-in" in ways
    assert not any("link-" in name for name in ways if name.startswith("ga-culture-uat"))
    route = named(items, "ConfigMap")[f"{PLACE}/link-books"].fields["data"]
    assert (route["requests-per-minute"], route["log-keep-days"]) == ("7", "90")
    assert all(isinstance(value, str) for value in route.values())


def test_the_operator_of_a_portal_signs_people_in_by_the_link(at: environment.Environment) -> None:
    portal = {"operator": "culture", "publicApi": "/api", "identities": ["foreigner"]}
    of = agreed(kind="portal", portal=portal)
    client = named(sso.desired(of, at), "Client")["gdcc/ga-culture-link-books"].fields
    assert client["redirectUris"] == ["https://e-office.culture.go.th/links/books/callback"]
    assert client["defaultClientScopes"] == ["acr", "basic", "service_account"]
    assert client["attributes"]["pkce.code.challenge.method"] == "S256"
    shown = agreed(kind="portal", portal={**portal, "operator": "library"})
    client = named(sso.desired(shown, at), "Client")["gdcc/ga-culture-link-books"].fields
    assert (client["standardFlowEnabled"], client["redirectUris"]) == (False, [])


@pytest.mark.parametrize(("direction", "pods"), [("in", 2), ("out", 1)])
def test_who_takes_cases_in_is_always_there(
    direction: str, pods: int, at: environment.Environment
) -> None:
    """Also before the peer agreed; the storage is the same with such a link and without."""
    intake = {"channel": "gcc-1111", "masked": ["name"], "answerHours": 24}
    of = tenant.resolve(agency(kind="intake", direction=direction, intake=intake))
    items = cluster.desired(of, at)
    assert named(items, "Deployment")[f"{PLACE}/e-office"].fields["spec"]["replicas"] == pods
    volume = named(items, "PersistentVolumeClaim")[f"{PLACE}/e-office-documents"].fields["spec"]
    assert volume["accessModes"] == ["ReadWriteMany"]
    trial = named(items, "Deployment")["ga-culture-uat/e-office"].fields["spec"]
    assert trial["replicas"] == 1


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"peer": "culture"}, "cannot link to itself"),
        ({"system": "other"}, "no system is named 'other'"),
        (
            {"portal": {"operator": "culture", "publicApi": "/x", "identities": ["citizen"]}},
            "no portal",
        ),
        ({"kind": "portal"}, "needs the block portal"),
        ({"kind": "intake"}, "needs the block intake"),
        (
            {
                "kind": "portal",
                "portal": {"operator": "dga", "publicApi": "/x", "identities": ["citizen"]},
            },
            "neither this agency nor the peer",
        ),
        (
            {
                "kind": "portal",
                "portal": {"operator": "culture", "publicApi": "x", "identities": []},
            },
            "not a path",
        ),
    ],
)
def test_a_link_that_contradicts_itself_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(Exception, match=said):
        agency(**changes)
