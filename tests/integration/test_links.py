"""Two agencies and one link: pending, agreed, used by a workload, and taken back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from onboarding import environment, kube, tenant
from onboarding.cli import peers
from onboarding.identity import assertion
from onboarding.manifest import reading
from tests.integration import linked_agencies, rights_calls
from tests.integration.breaking import World
from tests.running import onboard

pytestmark = pytest.mark.lab

A, B = "link-receiver", "link-sender"
Lab = environment.Environment


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("linked")
    linked_agencies.write(made, A, B, linked_agencies.EXCHANGE)
    return made


OPENED = ("--allow-opening", "--allow-looser-identity")
"""A link that opens after the agency's first apply was not reviewed with it."""


def apply(path: Path, *words: str) -> dict[str, Any]:
    done = onboard("apply", str(path), "--yes", "-o", "json", *words)
    assert done.code == 0, done.err
    shown: dict[str, Any] = json.loads(done.out)
    return shown


@pytest.fixture(scope="module")
def world(lab: Lab, folder: Path) -> World:
    known = peers.declared({B}, (folder,), {})
    return World(lab, tenant.resolve(reading.load(folder / f"{A}.yaml"), lab, peers=known))


def objects(world: World, agency: str) -> set[str]:
    """What stands in the cluster for links of an agency."""
    marked = f"gdcc.go.th/link,gdcc.go.th/agency={agency}"
    found = world.kubectl("get", "configmap,networkpolicy", "-A", "-l", marked, "-o", "name")
    return set(found.split())


@pytest.fixture(scope="module")
def agreed(world: World, folder: Path) -> tenant.Tenant:
    """Both applied, in the order in which agencies sign: first the one, then the other."""
    first = apply(folder / f"{A}.yaml")
    assert (first["ready"], first["pending"]) == (True, ["link statistics"])
    assert objects(world, A) == set()
    second = apply(folder / f"{B}.yaml")
    assert (second["ready"], second["pending"]) == (True, [])
    planned = onboard("plan", str(folder / f"{A}.yaml"), "--detailed-exitcode", "-o", "json")
    assert planned.code == 3, planned.err
    later = onboard("apply", str(folder / f"{A}.yaml"), "--yes", "-o", "json")
    assert (later.code, "new link statistics" in later.err) == (4, True)
    again = apply(folder / f"{A}.yaml", *OPENED)
    assert (again["ready"], again["pending"]) == (True, [])
    assert {o["status"] for o in again["outcomes"]} == {"applied"}
    assert apply(folder / f"{A}.yaml")["outcomes"] == []
    return world.of


@pytest.mark.usefixtures("agreed")
def test_both_sides_stand_in_the_cluster(world: World) -> None:
    route = "configmap/link-statistics"
    ways = {f"networkpolicy.networking.k8s.io/link-statistics-{way}" for way in ("in", "out")}
    assert objects(world, A) == objects(world, B) == {route, *ways}
    mine = world.get("configmap", "link-statistics", f"ga-{A}-prod")["data"]
    theirs = world.get("configmap", "link-statistics", f"ga-{B}-prod")["data"]
    assert mine["agreement"] == theirs["agreement"]
    assert (mine["audience"], theirs["audience"]) == (theirs["client-id"], mine["client-id"])


@pytest.fixture(scope="module")
def workload(lab: Lab, agreed: tenant.Tenant) -> rights_calls.Caller:
    """Vault as the workload that carries the link may use it."""
    [instance] = agreed.instances
    cluster = kube.connect(lab, environment.Role.BOOTSTRAP)
    space, account = instance.namespace, instance.service_account
    signed = cluster.token(space, account, seconds=600, audience="vault").value
    body = {"role": space, "jwt": signed}
    return rights_calls.vault_login(lab, "kubernetes", body)


def request_for(name: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def test_the_workload_gets_a_client_certificate_for_the_link_alone(
    agreed: tenant.Tenant, workload: rights_calls.Caller
) -> None:
    [link] = agreed.agreed_links
    place = f"{agreed.pki_mount}/sign/{link.pki_role}"
    body = {"csr": request_for(link.host), "common_name": link.host}
    signed = workload("POST", place, body)
    assert signed.status == 200, signed.text
    leaf = x509.load_pem_x509_certificate(signed.content["data"]["certificate"].encode())
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    usage = leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert names.get_values_for_type(x509.DNSName) == [link.host]
    assert list(usage) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    other = f"other.link.{agreed.domains[0]}"
    refused = workload("POST", place, {"csr": request_for(other), "common_name": other})
    assert refused.status == 400
    for role in ("signer", "ingress"):
        assert workload("POST", f"{agreed.pki_mount}/sign/{role}", body).status == 403


def token(lab: Lab, of: tenant.Tenant, key: Path, scope: str) -> requests.Response:
    [link] = of.agreed_links
    issuer = f"{lab.keycloak.address.rstrip('/')}/realms/{of.realm}"
    form = {
        "grant_type": "client_credentials",
        "client_id": link.client,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion.signed(key, link.client, issuer),
        **({"scope": scope} if scope else {}),
    }
    address = f"{issuer}/protocol/openid-connect/token"
    return requests.post(address, data=form, verify=str(lab.keycloak.ca_file), timeout=30)


def test_a_token_is_for_the_peer_and_carries_what_was_asked_for(
    lab: Lab, agreed: tenant.Tenant, workload: rights_calls.Caller, tmp_path: Path
) -> None:
    [link] = agreed.agreed_links
    secret = workload("GET", f"kv/data/{A}/link-{link.id}/oidc-client").content["data"]["data"]
    key = tmp_path / "key.pem"
    key.touch(mode=0o600)
    key.write_text(secret["private_key"], encoding="ascii")
    scope = f"{link.client}:statistics.read"
    claims = _claims(token(lab, agreed, key, scope))
    assert claims["aud"] == link.audience
    assert scope in claims["scope"].split()
    assert not claims.get("realm_access")
    assert not claims.get("resource_access")
    assert link.audience not in json.dumps(_claims(token(lab, agreed, key, "")))
    foreign = token(lab, agreed, key, f"{link.audience}:statistics.read")
    assert foreign.json()["error"] == "invalid_scope"


def _claims(answer: requests.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    body = answer.json()["access_token"]
    claims: dict[str, Any] = jwt.decode(body, options={"verify_signature": False})
    return claims


@pytest.mark.usefixtures("agreed")
def test_a_peer_that_takes_it_back_ends_it(world: World, folder: Path) -> None:
    """Last in the file: nothing is left of the link afterwards, on either side."""
    theirs, mine = folder / f"{B}.yaml", folder / f"{A}.yaml"
    before = theirs.read_text(encoding="utf-8")
    theirs.write_text(before.replace('"basis": "agreement"', '"basis": "law"'), encoding="utf-8")
    kept = onboard("apply", str(theirs), "--yes", "-o", "json")
    assert kept.code == 4
    assert "the plan deletes" in kept.err
    ended = apply(theirs, "--allow-delete")
    assert ended["pending"] == ["link statistics"]
    live = onboard("verify", str(mine), "-o", "json")
    assert live.code == 4
    failed = {f["id"]: f["seen"] for f in _failed(json.loads(live.out))}
    assert {"XCH-001", "XCH-004", "XCH-005"} <= failed.keys()
    assert 'basis: "agreement" at ' in failed["XCH-001"]
    assert f'but "law" at last manifest of {B}:' in failed["XCH-001"]
    ended_too = onboard("apply", str(mine), "--yes", "--allow-delete", "-o", "json")
    assert objects(world, A) == objects(world, B) == set()
    [stands] = [f for f in _failed(json.loads(ended_too.out)) if f["gates"]]
    assert (ended_too.code, stands["id"]) == (4, "PKI-024")
    serial = stands["subject"].rpartition("/")[2]
    world.vault("POST", f"{world.of.pki_mount}/revoke", {"serial_number": serial})
    assert apply(mine)["ready"] is True


def _failed(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [f for f in report["findings"] if f["verdict"] == "fail"]
