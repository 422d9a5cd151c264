"""Each identity tries what it must not do, at the real systems, and is refused."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from onboarding import environment, kube
from onboarding.bootstrap import cluster as own
from onboarding.environment import Role
from onboarding.identity import keycloak
from tests.integration import oidc_login
from tests.integration import rights_calls as calls
from tests.running import ROOT, onboard

pytestmark = pytest.mark.lab

Lab = environment.Environment
AGENCY = "admincourt"
PROD, UAT = f"ga-{AGENCY}-prod", f"ga-{AGENCY}-uat"
SIGN = f"pki-{AGENCY}-sign"
READERS = (Role.PLANNER, Role.AUDITOR)
TOKEN = calls.named("TokenRequest", "authentication.k8s.io/v1", spec={})
ADMISSION = "/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings"
OURS = {"gdcc.go.th/managed-by": "onboard", "gdcc.go.th/agency": AGENCY}
Try = tuple[str, str, Any]


@pytest.fixture(scope="module")
def agency(lab: Lab) -> Lab:
    """The lab with one agency on it."""
    done = onboard("apply", str(ROOT / "examples" / f"{AGENCY}.yaml"), "--yes", "--no-verify")
    assert done.code == 0, done.err
    return lab


def _not_refused(caller: calls.Caller, tries: list[Try]) -> list[str]:
    answers = [(method, path, caller(method, path, body)) for method, path, body in tries]
    return [f"{a.status} {m} {p} {a.text[:120]}" for m, p, a in answers if not a.refused]


ANYBODY_IN_CLUSTER: list[Try] = [
    ("GET", f"/api/v1/namespaces/{PROD}/secrets", None),
    ("GET", f"/api/v1/namespaces/{PROD}/secrets/e-office-tls", None),
    ("GET", "/api/v1/secrets", None),
    ("PATCH", "/api/v1/nodes/lab-01?dryRun=All", {"metadata": {"labels": OURS}}),
    ("POST", calls.core(PROD, "pods"), calls.pod()),
    ("POST", f"/api/v1/namespaces/{PROD}/pods/any/exec?command=id", None),
    ("POST", f"/api/v1/namespaces/{PROD}/pods/any/portforward", None),
    ("POST", f"/api/v1/namespaces/{PROD}/serviceaccounts/e-office/token", TOKEN),
    ("POST", f"/api/v1/namespaces/{own.NAMESPACE}/serviceaccounts/onboard-applier/token", TOKEN),
    ("POST", calls.core("kube-system", "configmaps"), calls.named("ConfigMap")),
    ("POST", calls.core("default", "configmaps"), calls.named("ConfigMap")),
    ("POST", calls.core(own.NAMESPACE, "configmaps"), calls.named("ConfigMap")),
    ("DELETE", f"/api/v1/namespaces/{own.NAMESPACE}?dryRun=All", None),
    ("DELETE", "/api/v1/namespaces/kube-system?dryRun=All", None),
    ("PATCH", "/api/v1/namespaces/kube-system?dryRun=All", {"metadata": {"labels": OURS}}),
    ("DELETE", calls.core(PROD, "networkpolicies"), None),
    ("POST", "/api/v1/namespaces?dryRun=All", calls.named("Namespace")),
    ("POST", "/api/v1/namespaces?dryRun=All", calls.named("Namespace", labels=OURS)),
    ("POST", calls.core(PROD, "secrets"), calls.named("Secret")),
    ("POST", calls.rbac(PROD, "roles"), calls.role("secrets", "get")),
    ("POST", calls.rbac(PROD, "roles"), calls.role("pods/exec", "create")),
    (
        "POST",
        calls.rbac(PROD, "rolebindings"),
        calls.role_binding("ClusterRole", "admin", calls.group(f"gdcc:{AGENCY}:viewer")),
    ),
    (
        "POST",
        "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings?dryRun=All",
        {
            **calls.role_binding("ClusterRole", "view", calls.group("system:authenticated")),
            "kind": "ClusterRoleBinding",
        },
    ),
    ("DELETE", f"{ADMISSION}/onboard-applier-namespaces?dryRun=All", None),
]
"""What none of planner, auditor, applier and the agency's people may do."""

READERS_IN_CLUSTER: list[Try] = [
    ("POST", calls.core(PROD, "configmaps"), calls.named("ConfigMap")),
    ("PATCH", f"/api/v1/namespaces/{PROD}/secrets/e-office-tls?dryRun=All", {}),
    ("PATCH", f"/api/v1/namespaces/{PROD}?dryRun=All", {"metadata": {"labels": OURS}}),
    ("DELETE", f"/api/v1/namespaces/{PROD}?dryRun=All", None),
    ("DELETE", f"/apis/apps/v1/namespaces/{PROD}/deployments/e-office?dryRun=All", None),
    ("GET", f"/api/v1/namespaces/{PROD}/pods/any/log", None),
]


@pytest.mark.parametrize("role", READERS)
def test_who_only_reads_the_cluster_writes_nothing_and_sees_no_secret(
    agency: Lab, role: Role
) -> None:
    tries = ANYBODY_IN_CLUSTER + READERS_IN_CLUSTER
    assert _not_refused(calls.cluster(agency, role), tries) == []


def test_only_the_auditor_asks_what_others_may_do(agency: Lab) -> None:
    spec = {"user": "x", "resourceAttributes": {"verb": "get", "resource": "pods"}}
    api = "authorization.k8s.io/v1"
    body = {"apiVersion": api, "kind": "SubjectAccessReview", "spec": spec}
    path = f"/apis/{api}/subjectaccessreviews"
    assert calls.cluster(agency, Role.AUDITOR)("POST", path, body).status == 201
    assert calls.cluster(agency, Role.PLANNER)("POST", path, body).status == 403
    assert calls.cluster(agency, Role.APPLIER)("POST", path, body).status == 403


def test_only_the_auditor_sees_on_which_nodes_pods_run(agency: Lab) -> None:
    answers = {role: calls.cluster(agency, role)("GET", "/api/v1/nodes", None) for role in READERS}
    answers[Role.APPLIER] = calls.cluster(agency, Role.APPLIER)("GET", "/api/v1/nodes", None)
    assert [role for role, answer in answers.items() if answer.status == 200] == [Role.AUDITOR]


def test_the_applier_stays_inside_the_agencies(agency: Lab) -> None:
    operator = ("Role", "agency-operator")
    account = {"kind": "ServiceAccount", "namespace": PROD, "name": "default"}
    everybody, stranger = calls.group("system:authenticated"), calls.group("gdcc:moph:operator")
    bindings = calls.rbac(PROD, "rolebindings")
    loose = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}}
    unfenced = {**OURS, **loose["metadata"]["labels"]}
    tries: list[Try] = [
        *ANYBODY_IN_CLUSTER,
        ("POST", bindings, calls.role_binding(*operator, everybody)),
        ("POST", bindings, calls.role_binding(*operator, stranger)),
        ("POST", bindings, calls.role_binding(*operator, account)),
        ("POST", bindings, calls.role_binding("ClusterRole", "onboard-applier", account)),
        ("PATCH", f"/api/v1/namespaces/{PROD}?dryRun=All", loose),
        ("POST", "/api/v1/namespaces?dryRun=All", calls.named("Namespace", labels=unfenced)),
    ]
    applier = calls.cluster(agency, Role.APPLIER)
    assert _not_refused(applier, tries) == []

    own_group = calls.role_binding(*operator, calls.group(f"gdcc:{AGENCY}:operator"))
    assert applier("POST", bindings, own_group).status == 201
    assert applier("POST", calls.core(PROD, "configmaps"), calls.named("ConfigMap")).status == 201


# Vault

ANYBODY_IN_VAULT: list[Try] = [
    ("GET", f"kv/data/{AGENCY}/{PROD}/oidc-client", None),
    ("GET", f"kv/subkeys/{AGENCY}/{PROD}/oidc-client", None),
    ("POST", f"kv/data/{AGENCY}/{PROD}/other", {"data": {"a": "b"}}),
    ("POST", f"kv/destroy/{AGENCY}/none/oidc-client", {"versions": [99]}),
    ("DELETE", f"kv/metadata/{AGENCY}/{PROD}/no-such", None),
    ("POST", f"{SIGN}/issue/signer", {"common_name": "x"}),
    ("POST", f"{SIGN}/sign-verbatim", {"csr": "x"}),
    ("POST", f"{SIGN}/root/sign-intermediate", {"csr": "x"}),
    ("POST", f"{SIGN}/intermediate/generate/exported", {}),
    ("POST", "pki-root/root/sign-intermediate", {"csr": "x"}),
    ("POST", "pki-root/sign-verbatim", {"csr": "x"}),
    ("POST", "pki-root/roles/any", {"allow_any_name": True}),
    ("POST", "pki-root/config/urls", {}),
    ("DELETE", "pki-root/root", None),
    ("POST", "sys/policies/acl/onboard-planner", {"policy": "# nothing"}),
    ("POST", "sys/policies/acl/another", {"policy": "# nothing"}),
    ("POST", "sys/mounts/another", {"type": "kv"}),
    ("POST", "sys/mounts/pki-root/tune", {}),
    ("POST", "sys/auth/another", {"type": "userpass"}),
    ("POST", "sys/audit/another", {"type": "file", "options": {"file_path": "discard"}}),
    ("DELETE", "sys/audit/another", None),
    ("POST", "sys/seal", None),
    ("GET", "sys/raw/core", None),
    ("GET", "sys/storage/raft/snapshot", None),
    ("POST", "auth/kubernetes/role/another", {"token_policies": "default"}),
    ("POST", "auth/token/create", {}),
    ("POST", "auth/token/create-orphan", {}),
    ("POST", "auth/approle/role/onboard-applier/secret-id", {}),
    ("GET", "identity/entity/id?list=true", None),
    ("POST", "identity/group", {"name": "x", "policies": ["root"]}),
]
READERS_IN_VAULT: list[Try] = [
    ("POST", f"{SIGN}/sign/signer", {"csr": "x"}),
    ("POST", f"{SIGN}/sign/ingress", {"csr": "x"}),
    ("POST", f"{SIGN}/revoke", {"serial_number": "00"}),
    ("POST", f"{SIGN}/roles/signer", {}),
    ("POST", f"kv/data/{AGENCY}/none/oidc-client", {"data": {}}),
    ("DELETE", f"kv/metadata/{AGENCY}/none/oidc-client", None),
    ("POST", "sys/policies/acl/ga-another", {"policy": "# nothing"}),
    ("POST", "auth/kubernetes/role/ga-another", {}),
    ("POST", "auth/token/create/onboard-tenant", {"policies": [f"ga-{AGENCY}-issuing"]}),
]


@pytest.mark.parametrize("role", READERS)
def test_who_only_reads_vault_signs_nothing_and_reads_no_secret(agency: Lab, role: Role) -> None:
    reader = calls.vault(agency, role)
    assert _not_refused(reader, ANYBODY_IN_VAULT + READERS_IN_VAULT) == []


def test_the_applier_reads_no_secret_and_is_no_administrator_of_vault(agency: Lab) -> None:
    assert _not_refused(calls.vault(agency, Role.APPLIER), ANYBODY_IN_VAULT) == []


@pytest.mark.parametrize(
    "change",
    [
        {"max_path_length": "1"},
        {"max_path_length": None},
        {"permitted_dns_domains": None},
        {"use_csr_values": True},
        {"use_csr_values": None},
        {"uri_sans": "https://elsewhere.example"},
        {"not_after": "2099-01-01T00:00:00Z"},
    ],
)
def test_the_root_signs_bounded_intermediates_only(agency: Lab, change: dict[str, Any]) -> None:
    """The answer to a fitting request is an objection to the CSR, so nothing is signed here."""
    fitting: dict[str, Any] = {
        "csr": "not one",
        "common_name": "x",
        "max_path_length": "0",
        "permitted_dns_domains": ["x.go.th"],
        "use_csr_values": False,
    }
    applier = calls.vault(agency, Role.APPLIER)
    path = "pki-root/root/sign-intermediate"
    assert applier("POST", path, fitting).status == 400
    changed = {k: v for k, v in {**fitting, **change}.items() if v is not None}
    assert applier("POST", path, changed).status == 403


def test_a_workload_reads_the_secrets_of_its_own_instance_only(agency: Lab) -> None:
    workload = calls.vault_login(agency, "kubernetes", {"role": PROD, "jwt": _jwt(agency, PROD)})
    assert workload("GET", f"kv/data/{AGENCY}/{PROD}/oidc-client").status == 200
    tries: list[Try] = [
        ("GET", f"kv/data/{AGENCY}/{UAT}/oidc-client", None),
        ("GET", f"kv/metadata/{AGENCY}/{PROD}/oidc-client", None),
        ("GET", f"kv/metadata/{AGENCY}?list=true", None),
        ("GET", "kv/metadata?list=true", None),
        ("POST", f"{SIGN}/sign/signer", {"csr": "x"}),
        ("GET", "sys/mounts", None),
        ("GET", "auth/token/lookup-self", None),
        *((m, p, b) for m, p, b in ANYBODY_IN_VAULT if m != "GET"),
    ]
    assert _not_refused(workload, tries) == []


@pytest.mark.parametrize(
    ("namespace", "account", "audience"),
    [(UAT, "e-office", "vault"), (PROD, "default", "vault"), (PROD, "e-office", "")],
)
def test_another_account_does_not_get_in(
    agency: Lab, namespace: str, account: str, audience: str
) -> None:
    jwt = _jwt(agency, namespace, account, audience)
    with pytest.raises(PermissionError, match=r"not authorized|audience"):
        calls.vault_login(agency, "kubernetes", {"role": PROD, "jwt": jwt})


def _jwt(lab: Lab, namespace: str, account: str = "e-office", audience: str = "vault") -> str:
    cluster = kube.connect(lab, Role.BOOTSTRAP)
    return cluster.token(namespace, account, seconds=600, audience=audience).value


# Keycloak


@pytest.mark.parametrize("role", READERS)
def test_who_only_reads_keycloak_changes_nothing(agency: Lab, role: Role) -> None:
    caller = calls.keycloak(agency, role, agency.keycloak.shared_realm)
    client = caller("GET", f"/clients?clientId={PROD}").content[0]["id"]
    tries: list[Try] = [
        ("POST", "/clients", {"clientId": "surprise"}),
        ("PUT", f"/clients/{client}", {"redirectUris": ["*"]}),
        ("POST", f"/clients/{client}/client-secret", None),
        ("DELETE", f"/clients/{client}", None),
        ("POST", "/users", {"username": "surprise"}),
        ("POST", "/groups", {"name": f"{AGENCY}:operator"}),
        ("POST", "/identity-provider/instances", {"alias": "surprise", "providerId": "oidc"}),
        ("PUT", "", {"displayName": "surprise"}),
        ("POST", "/partial-export?exportClients=true", None),
    ]
    assert _not_refused(caller, tries) == []


def test_the_secret_that_keycloak_makes_for_each_client_opens_nothing(agency: Lab) -> None:
    """Who may read clients may read it; our clients prove themselves by key alone."""
    shared = agency.keycloak.shared_realm
    planner = calls.keycloak(agency, Role.PLANNER, shared)
    for name in (PROD, "onboard-applier"):
        client = planner("GET", f"/clients?clientId={name}").content[0]
        form = {"client_id": name, "client_secret": str(client.get("secret"))}
        answer = calls.token_of(agency, shared, form)
        assert answer.status in (400, 401)
        assert "access_token" not in answer.content


def test_the_applier_is_no_administrator_of_keycloak(agency: Lab) -> None:
    shared = calls.keycloak(agency, Role.APPLIER, agency.keycloak.shared_realm)
    tries: list[Try] = [
        ("PUT", "", {"displayName": "surprise"}),
        ("POST", "/components", {"name": "surprise"}),
        ("DELETE", "", None),
    ]
    # Brokers of agencies are its work there; a stray one is a finding (IDP-006).
    assert _not_refused(shared, tries) == []
    master = calls.keycloak(agency, Role.APPLIER, keycloak.MASTER)
    broker = {"alias": "surprise", "providerId": "oidc"}
    tries.append(("POST", "/identity-provider/instances", broker))
    tries += [("GET", "/clients", None), ("GET", "/users", None), ("POST", "/users", {})]
    assert _not_refused(master, tries) == []
    for role in READERS:
        with pytest.raises(PermissionError):
            calls.keycloak(agency, role, keycloak.MASTER)


# People of the agency


@pytest.fixture(scope="module", params=["operator", "viewer"])
def person(agency: Lab, request: pytest.FixtureRequest) -> Iterator[tuple[str, calls.Caller]]:
    """Someone of the agency who signed in, by role."""
    realm, role = agency.keycloak.shared_realm, str(request.param)
    admin = keycloak.connect(agency, Role.BOOTSTRAP)
    name, password = f"rights-{role}-{secrets.token_hex(3)}", secrets.token_urlsafe(18)
    user = admin.post(
        realm,
        "/users",
        {
            "username": name,
            "enabled": True,
            "email": f"{name}@rights-test.go.th",
            "emailVerified": True,
            "firstName": "ทดสอบ",
            "lastName": "สิทธิ",
            "groups": [f"/{AGENCY}/{AGENCY}:{role}"],
            "credentials": [{"type": "password", "value": password, "temporary": False}],
        },
    )
    issuer = f"{agency.keycloak.address}/realms/{realm}"
    who = oidc_login.Person(name, password)
    try:
        token = str(oidc_login.sign_in(issuer, agency.keycloak.ca_file, who)["id_token"])
        yield role, calls.cluster_as(agency, token)
    finally:
        admin.delete(realm, f"/users/{user}")


def test_people_do_not_get_out_of_their_namespaces(person: tuple[str, calls.Caller]) -> None:
    role, caller = person
    host = {"hostNetwork": True, "volumes": [{"name": "h", "hostPath": {"path": "/"}}]}
    operator = calls.role_binding("Role", "agency-operator", calls.group(f"gdcc:{AGENCY}:{role}"))
    networks = f"/apis/networking.k8s.io/v1/namespaces/{PROD}/networkpolicies"
    tries: list[Try] = [
        *ANYBODY_IN_CLUSTER,
        ("POST", calls.core(PROD, "pods"), calls.pod(**host)),
        ("POST", calls.core(PROD, "configmaps"), calls.named("ConfigMap")),
        ("PATCH", f"{networks}/default-deny?dryRun=All", {"spec": {"ingress": [{}]}}),
        ("DELETE", f"{networks}/default-deny?dryRun=All", None),
        ("POST", f"{networks}?dryRun=All", calls.named("NetworkPolicy", "networking.k8s.io/v1")),
        ("PATCH", f"/api/v1/namespaces/{PROD}/resourcequotas/any?dryRun=All", {"spec": {}}),
        ("DELETE", f"/api/v1/namespaces/{PROD}/limitranges/any?dryRun=All", None),
        ("POST", calls.rbac(PROD, "rolebindings"), operator),
        ("PATCH", f"/api/v1/namespaces/{PROD}?dryRun=All", {"metadata": {"labels": OURS}}),
        ("GET", "/api/v1/namespaces", None),
        ("GET", "/api/v1/pods", None),
        ("GET", "/api/v1/namespaces/kube-system/pods", None),
        ("GET", f"/api/v1/namespaces/{own.NAMESPACE}/serviceaccounts", None),
        ("GET", "/api/v1/namespaces/gdcc-gateway/configmaps", None),
    ]
    assert _not_refused(caller, tries) == []
    assert caller("GET", f"/api/v1/namespaces/{PROD}/pods").status == 200
    expected = 404 if role == "operator" else 403
    assert caller("DELETE", f"/api/v1/namespaces/{PROD}/pods/no-such").status == expected


def test_people_impersonate_nobody(person: tuple[str, calls.Caller], agency: Lab) -> None:
    _, caller = person
    session = requests.Session()
    session.trust_env = False
    for header, value in (
        ("Impersonate-User", "system:serviceaccount:kube-system:default"),
        ("Impersonate-User", own.user_of(Role.APPLIER)),
    ):
        answer = session.get(
            f"{agency.cluster.server}/api/v1/namespaces/{PROD}/pods",
            headers={"Authorization": f"Bearer {caller.token}", header: value},
            verify=caller.ca,
            timeout=30,
        )
        assert answer.status_code == 403
