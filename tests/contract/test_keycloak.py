"""The contract of the engine of single sign-on, on a real Keycloak."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from onboarding import (
    adoption,
    environment,
    errors,
    item,
    manifest,
    plan,
    progress,
    safety,
    tenant,
)
from onboarding.bootstrap import keycloak_realms
from onboarding.desired import realm_flow, realm_mark
from onboarding.desired import sso as desired
from onboarding.engines import marking, sso
from onboarding.identity import assertion, keycloak, rights
from onboarding.pki import oidc_key
from tests.integration import oidc_login

pytestmark = pytest.mark.lab

ROOT = Path(__file__).resolve().parents[2]
Lab = environment.Environment


def _agency(lab: Lab, name: str, *, own_realm: bool = False) -> tenant.Tenant:
    example = manifest.load(ROOT / "examples" / "admincourt.yaml")
    changed = example.model_copy(
        update={
            "metadata": example.metadata.model_copy(update={"id": name}),
            "agency": example.agency.model_copy(update={"domains": (f"{name}.go.th",)}),
            "identity": example.identity.model_copy(
                update={"isolation": "realm" if own_realm else "organization"}
            ),
        }
    )
    return tenant.resolve(changed, lab)


@dataclasses.dataclass
class Bench:
    """One agency on the lab's Keycloak, with keys of its own in place of those in Vault."""

    lab: Lab
    of: tenant.Tenant
    keys: dict[str, str]
    admin: keycloak.Keycloak

    def engine(self, role: environment.Role) -> sso.Sso:
        return sso.Sso(self.lab, role, keys_in_vault=self._keys)

    def _keys(self, _: tenant.Tenant) -> Mapping[str, str]:
        return self.keys

    def planned(self) -> plan.Plan:
        seen = self.engine(environment.Role.PLANNER).observe([self.of])
        wanted = desired.desired(self.of, self.lab)
        return plan.diff(self.of.id, wanted, seen.of(self.of.id), target={})

    def apply(self, made: plan.Plan | None = None) -> list[plan.Outcome]:
        changes = (made or self.planned()).changes
        engine = self.engine(environment.Role.APPLIER)
        return list(engine.apply(self.of, changes, progress.Silent()))

    def observed(self, kind: str) -> dict[str, item.Item]:
        seen = self.engine(environment.Role.PLANNER).observe([self.of])
        return {i.ref.name: i for i in seen.of(self.of.id) if i.ref.kind == kind}

    def writes(self) -> int:
        """Admin events of the realms so far, as Keycloak itself counts them."""
        realms = {self.lab.keycloak.shared_realm, self.of.realm}
        return sum(
            len(self.admin.get(realm, "/admin-events", max="100000") or ())
            for realm in realms
            if self.admin.exists(realm)
        )

    def client(self, client_id: str) -> dict[str, Any]:
        found = self.admin.get(self.of.realm, "/clients", clientId=client_id)
        return dict(found[0])

    def change_client(self, client_id: str, **changes: Any) -> None:
        rep = self.client(client_id)
        self.admin.put(self.of.realm, f"/clients/{rep['id']}", {**rep, **changes})


def _remove(bench: Bench) -> None:
    shared = bench.lab.keycloak.shared_realm
    if bench.of.own_realm:
        bench.admin.delete(bench.of.realm, "")
    for rep in bench.admin.get(shared, "/clients", search="true", clientId=f"ga-{bench.of.id}-"):
        bench.admin.delete(shared, f"/clients/{rep['id']}")
    for rep in bench.admin.get(shared, "/identity-provider/instances", search=bench.of.id):
        bench.admin.delete(shared, f"/identity-provider/instances/{rep['alias']}")
    for rep in bench.admin.get(shared, "/organizations", search=bench.of.id, exact="true"):
        bench.admin.delete(shared, f"/organizations/{rep['id']}")
    group = bench.admin.get(shared, f"/group-by-path/{bench.of.id}")
    if group:
        bench.admin.delete(shared, f"/groups/{group['id']}")


@contextlib.contextmanager
def _working(lab: Lab, folder: Path, name: str, *, own_realm: bool) -> Iterator[Bench]:
    of = _agency(lab, name, own_realm=own_realm)
    keys = {}
    for instance in of.e_offices:
        path = folder / instance.namespace / "key.pem"
        assertion.make_key(path)
        keys[instance.namespace] = assertion.public_set(path)
    made = Bench(lab, of, keys, keycloak.connect(lab, environment.Role.BOOTSTRAP))
    _remove(made)
    try:
        yield made
    finally:
        _remove(made)


@pytest.fixture(params=[False, True], ids=["organization", "own-realm"])
def bench(lab: Lab, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Bench]:
    """An agency of either kind, with nothing of it there yet."""
    with _working(lab, tmp_path, "kc-either", own_realm=request.param) as made:
        yield made


@pytest.fixture(scope="module", params=[False, True], ids=["organization", "own-realm"])
def applied(
    lab: Lab, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Bench]:
    """An agency of either kind that is there; who changes something of it mends it."""
    name = "kc-applied-own" if request.param else "kc-applied"
    with _working(lab, tmp_path_factory.mktemp(name), name, own_realm=request.param) as made:
        made.apply()
        yield made


@pytest.fixture
def shared(lab: Lab, tmp_path: Path) -> Iterator[Bench]:
    """An agency in the shared realm."""
    with _working(lab, tmp_path, "kc-shared", own_realm=False) as made:
        yield made


@pytest.fixture
def own(lab: Lab, tmp_path: Path) -> Iterator[Bench]:
    """An agency with a realm of its own."""
    with _working(lab, tmp_path, "kc-own", own_realm=True) as made:
        yield made


def test_plan_writes_nothing_and_apply_ends_in_an_empty_plan(bench: Bench) -> None:
    before = bench.writes()
    made = bench.planned()
    assert made.counts()[plan.Action.CREATE] == len(desired.desired(bench.of, bench.lab))
    assert bench.writes() == before

    outcomes = bench.apply(made)
    assert {o.status for o in outcomes} == {plan.Status.APPLIED}, [o.error for o in outcomes]
    assert {o.change.ref for o in outcomes} == {c.ref for c in made.changes}

    after = bench.writes()
    again = bench.planned()
    assert not again.changes, [(str(c.ref), c.fields) for c in again.changes]
    assert bench.apply(again) == []
    assert bench.writes() == after


def test_a_flow_that_lost_its_mark_is_adopted_and_nothing_else_of_it_changes(own: Bench) -> None:
    own.apply()
    realm, ref = own.of.realm, realm_mark.ref("AuthenticationFlow", own.of.realm, realm_flow.ALIAS)
    flows = own.admin.get(realm, "/authentication/flows")
    flow = next(f for f in flows if f["alias"] == realm_flow.ALIAS)
    own.admin.put(realm, f"/authentication/flows/{flow['id']}", {**flow, "description": "by hand"})
    wanted = {i.ref: i for i in desired.desired(own.of, own.lab)}
    live = own.engine(environment.Role.PLANNER).observe([own.of]).of(own.of.id)
    offered = adoption.offer(own.of.id, wanted.values(), live)
    assert [c.ref for c in offered.candidates] == [ref]
    marking.mark(own.lab, own.of.id, wanted[ref])
    assert own.observed("AuthenticationFlow")[realm_flow.ALIAS].owner == own.of.id
    assert not own.planned().changes
    with pytest.raises(errors.Refused, match="became agency"):
        marking.mark(own.lab, "somebody-else", wanted[ref])


def test_a_realm_is_one_request_and_no_realm_is_ever_listed(own: Bench) -> None:
    engine = own.engine(environment.Role.APPLIER)
    list(engine.apply(own.of, own.planned().changes, progress.Silent()))
    profile, organization, cluster_groups, broker = 1, 1, 3, 1
    assert engine.requests()["write"] == 1 + profile + organization + cluster_groups + broker


def test_few_requests_read_an_agency(applied: Bench) -> None:
    engine = applied.engine(environment.Role.PLANNER)
    engine.observe([applied.of])
    asked = engine.requests()
    assert asked["login"] == (2 if applied.of.own_realm else 1)
    broker = 1
    assert asked["read"] <= (29 if applied.of.own_realm else 9) + broker
    assert not asked.get("write")


def test_observation_holds_no_secret(applied: Bench) -> None:
    held = [
        rep["secret"]
        for rep in applied.admin.get(applied.of.realm, "/clients", max="1000")
        if rep.get("secret")
    ]
    assert held
    seen = applied.engine(environment.Role.AUDITOR).observe([applied.of], evidence=True)
    text = json.dumps([i.fields for items in seen.items.values() for i in items])
    assert not [s for s in held if s in text]
    assert "PRIVATE" not in text


def test_evidence_reads_what_controls_ask_about(applied: Bench) -> None:
    seen = applied.engine(environment.Role.AUDITOR).observe([applied.of], evidence=True)
    kinds = {i.ref.kind for i in seen.of(applied.of.id)}
    assert {"Realm", "Client", "Group", "AuthenticationFlow", "RealmKeys", "GroupMembers"} <= kinds
    assert not {i.owner for i in seen.of(applied.of.id)} & {"moph", "admincourt", "plk-lao"}
    assert "gdcc-cluster" in {i.ref.name for i in seen.of("") if i.ref.kind == "Client"}
    keys = next(i for i in seen.of(applied.of.id) if i.ref.kind == "RealmKeys")
    assert "ES256" in keys.fields["active"]


def test_the_e_office_signs_people_in_with_its_key_and_no_other(
    applied: Bench, tmp_path: Path
) -> None:
    """The key pair is made as for Vault, and its public half read as from Vault's metadata."""
    office = applied.of.e_offices[0]
    pair = oidc_key.generate()
    right, wrong = tmp_path / "right.pem", tmp_path / "wrong.pem"
    right.touch(mode=0o600)
    right.write_text(pair.private_pem, encoding="utf-8")
    assertion.make_key(wrong)
    before = applied.keys[office.namespace]
    applied.keys[office.namespace] = assertion.as_set(json.loads(pair.public_jwk))
    assert {o.status for o in applied.apply()} == {plan.Status.APPLIED}

    def sign_in(key: Path) -> dict[str, Any]:
        name, password = f"official-{secrets.token_hex(3)}", secrets.token_urlsafe(18)
        groups = [f"/{applied.of.id}/{applied.of.id}:central"]
        account = {
            "username": name,
            "enabled": True,
            "email": f"{name}@{applied.of.domains[0]}",
            "firstName": "ทดสอบ",
            "lastName": "ระบบ",
            "groups": groups,
            "credentials": [{"type": "password", "value": password, "temporary": False}],
        }
        user = applied.admin.post(applied.of.realm, "/users", account)
        issuer = f"{applied.lab.keycloak.address}/realms/{applied.of.realm}"
        try:
            return oidc_login.sign_in(
                issuer,
                applied.lab.keycloak.ca_file,
                oidc_login.Person(name, password),
                client_id=office.namespace,
                redirect=f"https://{office.host}/oidc/callback",
                client_key=key,
            )
        finally:
            applied.admin.delete(applied.of.realm, f"/users/{user}")

    claims = jwt.decode(sign_in(right)["id_token"], options={"verify_signature": False})
    assert claims["groups"] == [f"{applied.of.id}:central"]
    assert claims["aud"] == office.namespace
    assert claims["acr"] == "gdcc:aal2"
    with pytest.raises(oidc_login.SignInFailed, match="no token"):
        sign_in(wrong)

    applied.keys[office.namespace] = before
    assert {o.status for o in applied.apply()} == {plan.Status.APPLIED}


def _loosen_redirect(bench: Bench) -> None:
    client_id = bench.of.e_offices[0].namespace
    bench.change_client(client_id, redirectUris=["https://elsewhere.example/*"])


def _other_key(bench: Bench) -> None:
    client_id = bench.of.e_offices[0].namespace
    attributes = bench.client(client_id)["attributes"]
    # The key of another client of ours: well-formed, and not the one in Vault.
    other = bench.keys[bench.of.e_offices[1].namespace]
    bench.change_client(client_id, attributes={**attributes, "jwks.string": other})


def _drop_mapper(bench: Bench) -> None:
    rep = bench.client(bench.of.e_offices[0].namespace)
    place = f"/clients/{rep['id']}/protocol-mappers/models/{rep['protocolMappers'][0]['id']}"
    bench.admin.delete(bench.of.realm, place)


def _full_scope(bench: Bench) -> None:
    bench.change_client(bench.of.e_offices[0].namespace, fullScopeAllowed=True)


def _drop_group(bench: Bench) -> None:
    path = f"/group-by-path/{bench.of.id}/{bench.of.id}:central"
    group = bench.admin.get(bench.of.realm, path)
    bench.admin.delete(bench.of.realm, f"/groups/{group['id']}")


def _excuse_signers(bench: Bench) -> None:
    path = f"/group-by-path/{bench.of.id}/{bench.of.id}:signers"
    group = bench.admin.get(bench.of.realm, path)
    del group["attributes"][realm_flow.SECOND_FACTOR]
    bench.admin.put(bench.of.realm, f"/groups/{group['id']}", group)


def _close_organization(bench: Bench) -> None:
    shared = bench.lab.keycloak.shared_realm
    query = {"search": bench.of.id, "exact": "true", "briefRepresentation": "false"}
    (found,) = bench.admin.get(shared, "/organizations", **query)
    bench.admin.put(shared, f"/organizations/{found['id']}", {**found, "enabled": False})


def _direct_everybody(bench: Bench) -> None:
    """Whoever comes through the broker gets an attribute that nobody planned."""
    alias = f"{bench.of.id}-thaid"
    mapper = {
        "name": "all are directors",
        "identityProviderAlias": alias,
        "identityProviderMapper": "hardcoded-attribute-idp-mapper",
        "config": {"attribute": "position", "attribute.value": "director", "syncMode": "INHERIT"},
    }
    place = f"/identity-provider/instances/{alias}/mappers"
    bench.admin.post(bench.of.realm, place, mapper)


@pytest.mark.parametrize(
    "harm",
    [
        _loosen_redirect,
        _other_key,
        _drop_mapper,
        _full_scope,
        _drop_group,
        _excuse_signers,
        _close_organization,
        _direct_everybody,
    ],
)
def test_drift_is_seen_and_mended(applied: Bench, harm: Callable[[Bench], None]) -> None:
    harm(applied)
    made = applied.planned()
    # Keycloak closes the brokers of an organization with it.
    with_broker = harm is _close_organization and not applied.of.own_realm
    assert len(made.changes) == (2 if with_broker else 1)
    outcomes = applied.apply(made)
    assert {o.status for o in outcomes} == {plan.Status.APPLIED}, [o.error for o in outcomes]
    assert not applied.planned().changes


def test_drift_of_an_own_realm_is_mended_without_touching_who_signs_in(own: Bench) -> None:
    own.apply()
    realm = own.of.realm
    own.admin.post(realm, "/users", {"username": "somebody", "enabled": True})
    own.admin.put(realm, "", {"bruteForceProtected": False, "accessTokenLifespan": 3600})
    place = "/authentication/flows/gdcc%20browser/executions"
    otp = next(e for e in own.admin.get(realm, place) if e.get("providerId") == "auth-otp-form")
    own.admin.put(realm, place, {**otp, "requirement": "DISABLED"})

    made = own.planned()
    assert {c.ref.kind for c in made.changes} == {"Realm", "AuthenticationFlow"}
    assert {o.status for o in own.apply(made)} == {plan.Status.APPLIED}
    assert not own.planned().changes
    assert own.admin.get(realm, "/users", username="somebody", exact="true")
    flows = {f["alias"] for f in own.admin.get(realm, "/authentication/flows")}
    assert not {alias for alias in flows if "replaced" in alias}


def test_a_user_profile_that_a_hand_opened_is_closed_again(own: Bench) -> None:
    own.apply()
    realm, place = own.of.realm, "/users/profile"
    before = own.admin.get(realm, place)
    both = {"edit": ["admin", "user"], "view": ["admin", "user"]}
    listed = [{**one, "permissions": both} for one in before["attributes"]]
    listed.append({"name": "department", "permissions": both})
    opened = {**before, "attributes": listed, "unmanagedAttributePolicy": "ENABLED"}
    own.admin.put(realm, place, opened)

    (change,) = own.planned().changes
    told = {f.path: f.after for f in change.fields}
    assert told["userProfile.attributes.email.edit"] == ["admin"]
    assert told["userProfile.attributes.department"] is None
    assert told["userProfile.unmanagedAttributePolicy"] == "DISABLED"
    assert {o.status for o in own.apply()} == {plan.Status.APPLIED}
    assert not own.planned().changes
    assert own.admin.get(realm, place) == before
    assert all(one.get("validations") for one in before["attributes"])


def test_a_flow_that_a_killed_run_had_replaced_goes_with_the_next(own: Bench) -> None:
    own.apply()
    realm = own.of.realm
    head = {"alias": "gdcc browser replaced 1234abcd", "providerId": "basic-flow"}
    own.admin.post(realm, "/authentication/flows", {**head, "topLevel": True, "builtIn": False})
    assert not own.planned().changes
    begun = {f"AuthenticationFlow {realm}/gdcc browser": "2026-01-01T00:00:00.000+00:00"}
    engine = own.engine(environment.Role.APPLIER)
    assert list(engine.apply(own.of, (), progress.Silent(), unfinished=begun)) == []
    flows = {f["alias"] for f in own.admin.get(realm, "/authentication/flows")}
    assert "gdcc browser" in flows
    assert not {alias for alias in flows if "replaced" in alias}


def test_what_is_ours_and_wanted_no_more_is_deleted(applied: Bench) -> None:
    marks = realm_mark.marks(applied.of.id)
    gone = {"clientId": f"ga-{applied.of.id}-old", "attributes": marks}
    applied.admin.post(applied.of.realm, "/clients", gone)
    parent = applied.admin.get(applied.of.realm, f"/group-by-path/{applied.of.id}")
    child = {
        "name": f"{applied.of.id}:unit:gone",
        "attributes": realm_mark.list_marks(applied.of.id),
    }
    applied.admin.post(applied.of.realm, f"/groups/{parent['id']}/children", child)

    made = applied.planned()
    assert made.counts()[plan.Action.DELETE] == 2
    with pytest.raises(errors.Refused):
        safety.refuse(safety.judge(made, safety.Facts()), frozenset())
    assert {o.status for o in applied.apply(made)} == {plan.Status.APPLIED}
    assert not applied.planned().changes


def test_a_client_that_someone_else_made_is_a_conflict(shared: Bench) -> None:
    name = shared.of.e_offices[0].namespace
    shared.admin.post(shared.of.realm, "/clients", {"clientId": name})
    made = shared.planned()
    assert [str(c.ref) for c in made.conflicts] == [f"Client gdcc/{name}"]
    with pytest.raises(errors.Refused):
        safety.refuse(safety.judge(made, safety.Facts()), frozenset({"--allow-delete"}))


def test_a_race_for_a_name_never_takes_over_what_is_not_ours(shared: Bench) -> None:
    made = shared.planned()
    name = shared.of.e_offices[0].namespace
    shared.admin.post(shared.of.realm, "/clients", {"clientId": name})
    outcomes = shared.apply(made)
    assert outcomes[-1].status is plan.Status.FAILED
    assert isinstance(outcomes[-1].error, errors.Refused)
    assert not shared.client(name)["attributes"].get("gdcc.go.th/agency")


def test_an_interrupted_run_goes_on(bench: Bench) -> None:
    made = bench.planned()
    engine = bench.engine(environment.Role.APPLIER)
    for count, _ in enumerate(engine.apply(bench.of, made.changes, progress.Silent())):
        if count == 5:
            break
    # The plan of before the interruption, as if nothing of it had been recorded.
    rest = [c for c in made.changes if not (bench.of.own_realm and c.ref.kind == "Realm")]
    if bench.of.own_realm:
        inside = [c for c in rest if c.ref.scope == bench.of.realm]
        rest = [c for c in rest if c not in inside or c.ref.kind == "IdentityProvider"]
    outcomes = list(bench.engine(environment.Role.APPLIER).apply(bench.of, rest, progress.Silent()))
    assert {o.status for o in outcomes} == {plan.Status.APPLIED}, [o.error for o in outcomes]
    assert not bench.planned().changes


def test_a_realm_that_someone_else_made_is_a_conflict(own: Bench) -> None:
    own.admin.create_realm({"realm": own.of.realm, "enabled": True})
    made = own.planned()
    assert f"Realm {own.of.realm}" in {str(c.ref) for c in made.conflicts}


def test_a_key_that_vault_does_not_hold_yet_stops_the_client(shared: Bench) -> None:
    made = shared.planned()
    shared.keys.clear()
    outcomes = shared.apply(made)
    assert outcomes[-1].status is plan.Status.FAILED
    assert "public key" in str(outcomes[-1].error)


class TestRights:
    """What each of our identities may do, tried and not read off a list."""

    def test_the_planner_cannot_write(self, lab: Lab) -> None:
        door = keycloak.connect(lab, environment.Role.PLANNER)
        with pytest.raises(errors.Denied):
            door.post(lab.keycloak.shared_realm, "/groups", {"name": "nothing"})

    def test_the_applier_cannot_loosen_the_shared_realm(self, lab: Lab) -> None:
        door = keycloak.connect(lab, environment.Role.APPLIER)
        with pytest.raises(errors.Denied):
            door.put(lab.keycloak.shared_realm, "", {"bruteForceProtected": False})

    def test_the_applier_that_made_a_realm_has_no_rights_over_it_from_master(
        self, lab: Lab
    ) -> None:
        of = _agency(lab, "kc-rights", own_realm=True)
        login = lab.login(environment.Role.APPLIER).keycloak.model_copy(update={"realm": "master"})
        master = keycloak.Keycloak(lab.keycloak, login, "applier in master")
        admin = keycloak.connect(lab, environment.Role.BOOTSTRAP)
        admin.delete(of.realm, "")
        try:
            master.create_realm({"realm": of.realm, "enabled": True})
            with pytest.raises(errors.Denied):
                master.get(of.realm, "/users")
            with pytest.raises(errors.Denied):
                master.put(of.realm, "", {"enabled": False})
            with pytest.raises(errors.Denied):
                master.get("master", "/users")
        finally:
            admin.delete(of.realm, "")

    def test_no_client_signs_in_by_password(self, lab: Lab) -> None:
        admin = keycloak.connect(lab, environment.Role.BOOTSTRAP)
        found = admin.get(lab.keycloak.shared_realm, "/clients", clientId="admin-cli")
        assert found[0]["enabled"] is False


class TestErrors:
    """What a user is told when Keycloak cannot be asked."""

    @staticmethod
    def _changed(lab: Lab, **changes: Any) -> Lab:
        return lab.model_copy(update={"keycloak": lab.keycloak.model_copy(update=changes)})

    def test_nobody_listens(self, lab: Lab) -> None:
        away = self._changed(lab, address="https://localhost:9")
        with pytest.raises(errors.Unreachable) as told:
            sso.Sso(away, environment.Role.PLANNER).identity()
        assert told.value.resolution

    def test_another_certificate(self, lab: Lab, tmp_path: Path) -> None:
        wrong = tmp_path / "ca.pem"
        wrong.write_text(_another_ca(), encoding="utf-8")
        with pytest.raises(errors.Unreachable, match="not trusted"):
            sso.Sso(self._changed(lab, ca_file=wrong), environment.Role.PLANNER).identity()

    def test_no_shared_realm(self, lab: Lab) -> None:
        with pytest.raises(errors.Unreachable, match="no realm"):
            sso.Sso(self._changed(lab, shared_realm="nowhere"), environment.Role.PLANNER).identity()

    def test_another_key(self, lab: Lab, tmp_path: Path) -> None:
        path = tmp_path / "key.pem"
        assertion.make_key(path)
        login = lab.login(environment.Role.PLANNER).keycloak.model_copy(
            update={"secret_file": path}
        )
        door = keycloak.Keycloak(lab.keycloak, login, "planner")
        with pytest.raises(errors.Denied) as told:
            door.realm_id(lab.keycloak.shared_realm)
        assert "bootstrap" in told.value.resolution

    def test_a_key_file_that_others_may_read(self, lab: Lab, tmp_path: Path) -> None:
        path = tmp_path / "key.pem"
        assertion.make_key(path)
        path.chmod(0o644)
        login = lab.login(environment.Role.PLANNER).keycloak.model_copy(
            update={"secret_file": path}
        )
        with pytest.raises(errors.Denied, match="read by others"):
            keycloak.Keycloak(lab.keycloak, login, "planner").realm_id("gdcc")


def test_bootstrap_mends_the_rights_of_our_accounts_in_realms_of_agencies(own: Bench) -> None:
    own.apply()
    account = own.client("onboard-applier")["id"]
    whole = rights.read(own.admin, own.of.realm, account)
    client, roles = next((c, r) for c, r in whole["roles"].items() if len(r) > 1)
    less = {**whole, "roles": {**whole["roles"], client: roles[1:]}}
    rights.write(own.admin, own.of.realm, account, less)

    assert keycloak_realms.mend(own.lab, progress.Silent()) == 1
    assert rights.read(own.admin, own.of.realm, account) == whole
    assert keycloak_realms.mend(own.lab, progress.Silent()) == 0
    assert own.planned().changes == ()


def _another_ca() -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "another CA")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM).decode()
