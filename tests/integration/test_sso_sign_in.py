"""People sign in as the realm demands, and the API server knows them by their groups."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import jwt
import pytest
import requests

from onboarding import environment, kube
from onboarding.desired import realm_flow
from onboarding.identity import keycloak
from tests.integration import oidc_login

pytestmark = pytest.mark.lab

AGENCY = "sso-test"
OURS, OTHERS = "sso-test-ours", "sso-test-others"
Lab = environment.Environment


@dataclass
class Place:
    """A group hierarchy, two namespaces, and a role in one of them for the agency's viewers."""

    lab: Lab
    admin: keycloak.Keycloak

    @property
    def issuer(self) -> str:
        return f"{self.lab.keycloak.address}/realms/{self.lab.keycloak.shared_realm}"

    def person(self, role: str) -> oidc_login.Person:
        """A new account in the group of a role; its second factor is not set up yet."""
        name, password = f"sso-test-{role}-{secrets.token_hex(3)}", secrets.token_urlsafe(18)
        self.admin.post(
            self.lab.keycloak.shared_realm,
            "/users",
            {
                "username": name,
                "enabled": True,
                "email": f"{name}@sso-test.go.th",
                "emailVerified": True,
                "firstName": "ทดสอบ",
                "lastName": "ระบบ",
                "groups": [f"/{AGENCY}/{AGENCY}:{role}"],
                "credentials": [{"type": "password", "value": password, "temporary": False}],
            },
        )
        return oidc_login.Person(name, password)

    def sign_in(self, who: oidc_login.Person) -> str:
        tokens = oidc_login.sign_in(self.issuer, self.lab.keycloak.ca_file, who)
        return str(tokens["id_token"])

    def status(self, token: str, path: str) -> int:
        """What the API server answers to the bearer of a token."""
        session = requests.Session()
        session.trust_env = False
        answer = session.get(
            f"{self.lab.cluster.server}{path}",
            headers={"Authorization": f"Bearer {token}"},
            verify=str(self.lab.cluster.ca_file),
            timeout=30,
        )
        return answer.status_code


@pytest.fixture(scope="module")
def place(lab: Lab) -> Iterator[Place]:
    admin = keycloak.connect(lab, environment.Role.BOOTSTRAP)
    realm = lab.keycloak.shared_realm
    top = admin.post(realm, "/groups", {"name": AGENCY})
    for role, attributes in (
        ("viewer", {}),
        ("signers", {realm_flow.SECOND_FACTOR: [realm_flow.WEBAUTHN]}),
    ):
        child = {"name": f"{AGENCY}:{role}", "attributes": attributes}
        admin.post(realm, f"/groups/{top}/children", child)
    cluster = kube.connect(lab, environment.Role.BOOTSTRAP)
    for name in (OURS, OTHERS):
        cluster.apply("Namespace", {"metadata": {"name": name}})
    subject = {
        "kind": "Group",
        "name": f"gdcc:{AGENCY}:viewer",
        "apiGroup": "rbac.authorization.k8s.io",
    }
    role_ref = {
        "kind": "ClusterRole",
        "name": "view",
        "apiGroup": "rbac.authorization.k8s.io",
    }
    binding = {
        "metadata": {"name": "viewers", "namespace": OURS},
        "subjects": [subject],
        "roleRef": role_ref,
    }
    cluster.apply("RoleBinding", binding)
    yield Place(lab, admin)
    for user in admin.get(realm, "/users", search="sso-test-", max="100"):
        admin.delete(realm, f"/users/{user['id']}")
    admin.delete(realm, f"/groups/{top}")
    for name in (OURS, OTHERS):
        cluster.delete("Namespace", name)


def test_a_viewer_sets_up_a_second_factor_and_reads_only_the_own_namespace(place: Place) -> None:
    who = place.person("viewer")
    token = place.sign_in(who)
    assert who.pages == ["kc-form-login", "kc-totp-settings-form"]

    assert place.status(token, f"/api/v1/namespaces/{OURS}/pods") == 200
    assert place.status(token, f"/api/v1/namespaces/{OTHERS}/pods") == 403
    assert place.status(token, f"/api/v1/namespaces/{OURS}/secrets") == 403
    assert place.status(token, "/api/v1/nodes") == 403


def test_the_next_sign_in_asks_for_the_second_factor(place: Place) -> None:
    who = place.person("viewer")
    place.sign_in(who)
    who.pages.clear()
    token = place.sign_in(who)
    assert who.pages == ["kc-form-login", "kc-otp-login-form"]

    head, claims = jwt.get_unverified_header(token), _claims(token)
    assert head["alg"] == "ES256"
    assert claims["aud"] == oidc_login.CLIENT
    assert claims["groups"] == [f"{AGENCY}:viewer"]
    assert claims["acr"] == "gdcc:aal2"
    assert claims["exp"] - claims["iat"] <= 300


def test_guessing_a_password_locks_the_account_for_a_while(place: Place) -> None:
    who = place.person("viewer")
    place.sign_in(who)
    for _ in range(3):  # two guesses each; the fifth failure locks
        stranger = oidc_login.Person(who.username, "not the password")
        with pytest.raises(oidc_login.SignInFailed, match="kc-form-login again"):
            place.sign_in(stranger)
    # Not even the right password is taken now: brute-force protection is on.
    with pytest.raises(oidc_login.SignInFailed, match="kc-form-login again"):
        place.sign_in(who)


def test_a_password_without_the_right_code_opens_nothing(place: Place) -> None:
    who = place.person("viewer")
    place.sign_in(who)
    thief = oidc_login.Person(who.username, who.password, otp_secret="not the secret")
    with pytest.raises(oidc_login.SignInFailed, match="kc-otp-login-form again"):
        place.sign_in(thief)


def test_a_signer_has_to_register_a_security_key(place: Place) -> None:
    """No one-time password is offered; a browser with a security key is needed to go on."""
    who = place.person("signers")
    with pytest.raises(oidc_login.SignInFailed, match="register"):
        place.sign_in(who)
    assert who.pages == ["kc-form-login"]


def _account(place: Place, who: oidc_login.Person) -> requests.Session:
    """Keycloak's own account pages, as a person who is signed in."""
    tokens = oidc_login.sign_in(
        place.issuer,
        place.lab.keycloak.ca_file,
        who,
        client_id="account-console",
        redirect=f"{place.issuer}/account/",
    )
    session = requests.Session()
    session.trust_env, session.verify = False, str(place.lab.keycloak.ca_file)
    session.headers["Authorization"] = f"Bearer {tokens['access_token']}"
    session.headers["Accept"] = "application/json"
    return session


@pytest.mark.parametrize("name", ["email", "username", "firstName", "lastName"])
def test_nobody_gives_themselves_the_name_or_address_of_another(place: Place, name: str) -> None:
    """By its address an e-Office knows whose account it is, whatever agency they are of."""
    who = place.person("viewer")
    session, url = _account(place, who), f"{place.issuer}/account"
    about = session.get(url, timeout=30).json()
    assert about["username"] == who.username
    changed = {**about, name: "director@another-agency.go.th"}
    assert session.post(url, json=changed, timeout=30).status_code in (204, 400)
    assert session.get(url, timeout=30).json()[name] == about[name]


@pytest.mark.parametrize("name", [realm_flow.SECOND_FACTOR, "department"])
def test_nobody_gives_themselves_an_attribute(place: Place, name: str) -> None:
    who = place.person("viewer")
    session, url = _account(place, who), f"{place.issuer}/account"
    about = session.get(url, timeout=30).json()
    changed = {**about, "attributes": {name: ["none"]}}
    assert session.post(url, json=changed, timeout=30).status_code in (204, 400)
    (user,) = place.admin.get(
        place.lab.keycloak.shared_realm, "/users", username=who.username, exact="true"
    )
    assert name not in (user.get("attributes") or {})


def test_a_password_alone_gives_no_token(place: Place) -> None:
    """The password grant is off, for the cluster's client as for the built-in ones."""
    who = place.person("viewer")
    session = requests.Session()
    session.trust_env = False
    for client_id in (oidc_login.CLIENT, "admin-cli"):
        answer = session.post(
            f"{place.issuer}/protocol/openid-connect/token",
            data={
                "grant_type": "password",
                "client_id": client_id,
                "username": who.username,
                "password": who.password,
            },
            verify=str(place.lab.keycloak.ca_file),
            timeout=30,
        )
        assert answer.status_code in (400, 401), answer.text


@pytest.mark.parametrize(
    "redirect", ["http://localhost:8001", "http://localhost:8000/elsewhere", "https://evil.example"]
)
def test_no_code_goes_to_another_redirect(place: Place, redirect: str) -> None:
    who = place.person("viewer")
    with pytest.raises(oidc_login.SignInFailed):
        oidc_login.sign_in(place.issuer, place.lab.keycloak.ca_file, who, redirect=redirect)
    assert who.pages == []


def test_a_forged_token_is_nobody(place: Place) -> None:
    token = place.sign_in(place.person("viewer"))
    head, body, signature = token.split(".")
    forged = ".".join([head, body, signature[::-1]])
    assert place.status(forged, f"/api/v1/namespaces/{OURS}/pods") == 401


def _claims(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims
