"""How each control's subject is broken on the real engines, and mended again.

One context manager a break; ``negatives.yaml`` says which control each one breaks, which others
follow from it, and which guard stands before it. Where a guard refuses the break, the function
proves that first (``refused``) and then goes round the guard as an administrator could.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from onboarding import errors, labels
from tests.integration.breaking import Json, Refused, World

Break = Callable[[World], AbstractContextManager[None]]
STRAY = "stray"


def refused(attempt: Callable[[], object]) -> None:
    """The guard must decline; a break that goes through is a failure of the guard."""
    try:
        attempt()
    except (Refused, errors.OnboardError):
        return
    raise AssertionError("the guard let it through")


def stray(world: World, kind: str, api: str, **fields: Any) -> Json:
    metadata = {"name": STRAY, "namespace": world.spare}
    return {"apiVersion": api, "kind": kind, "metadata": metadata, **fields}


# Workloads: a Deployment of somebody else beside ours, without pods, as admission refuses those.


def _template(world: World) -> Json:
    found = world.get("deployment", "e-office", world.spare)["spec"]["template"]
    found["metadata"] = {"labels": {"app": STRAY}}
    return dict(found)


def workload(change: Callable[[Json, Json], None]) -> Break:
    """``change`` gets the pod's spec and its first container."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        template = _template(world)
        change(template["spec"], template["spec"]["containers"][0])
        spec = {"replicas": 0, "selector": {"matchLabels": {"app": STRAY}}, "template": template}
        with world.stray(stray(world, "Deployment", "apps/v1", spec=spec)):
            yield

    return broken


def pod_refused(change: Callable[[Json, Json], None]) -> Break:
    """As ``workload``; that such a pod is refused by Pod Security admission is shown first."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        template = _template(world)
        change(template["spec"], template["spec"]["containers"][0])
        pod = stray(world, "Pod", "v1", spec=template["spec"])
        words = ("create", "--dry-run=server", "-f", "-")
        refused(lambda: world.kubectl(*words, stdin=pod))
        with workload(change)(world):
            yield

    return broken


def _context(key: str, value: Any) -> Callable[[Json, Json], None]:
    return lambda spec, container: container["securityContext"].update({key: value})


def _privileged(spec: Json, container: Json) -> None:
    container["securityContext"].update(privileged=True, allowPrivilegeEscalation=True)


def _host(spec: Json, container: Json) -> None:
    spec["hostNetwork"] = True


def _host_path(spec: Json, container: Json) -> None:
    spec["volumes"].append({"name": "host", "hostPath": {"path": "/"}})


def _sysctl(spec: Json, container: Json) -> None:
    spec["securityContext"]["sysctls"] = [{"name": "kernel.msgmax", "value": "65536"}]


def _image(spec: Json, container: Json) -> None:
    container["image"] = "docker.io/library/nginx:latest"


def _password(spec: Json, container: Json) -> None:
    container["env"] = [{"name": "DB_PASSWORD", "value": "not-a-real-one"}]


@contextmanager
def service_kind(world: World) -> Iterator[None]:
    """A NodePort is refused by the quota; external addresses are not counted by it."""
    port = [{"port": 80}]
    node = stray(world, "Service", "v1", spec={"type": "NodePort", "ports": port})
    refused(lambda: world.kubectl("create", "-f", "-", stdin=node))
    spec = {"ports": port, "externalIPs": ["192.0.2.10"]}
    with world.stray(stray(world, "Service", "v1", spec=spec)):
        yield


@contextmanager
def fewer_replicas(world: World) -> Iterator[None]:
    with world.patched("deployment", "e-office", world.namespace, {"spec": {"replicas": 1}}):
        yield


# Tenancy


def namespace_labels(**changed: str | None) -> Break:
    @contextmanager
    def broken(world: World) -> Iterator[None]:
        patch = {"metadata": {"labels": {k.replace("__", "/"): v for k, v in changed.items()}}}
        with world.patched("namespace", world.namespace, "", patch):
            yield

    return broken


@contextmanager
def unlabelled(world: World) -> Iterator[None]:
    with world.patched(
        "namespace", world.namespace, "", {"metadata": {"labels": {labels.SYSTEM: None}}}
    ):
        yield


@contextmanager
def baseline(world: World) -> Iterator[None]:
    patch = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}
    with world.patched("namespace", world.namespace, "", patch):
        yield


@contextmanager
def more_quota(world: World) -> Iterator[None]:
    patch = {"spec": {"hard": {"requests.cpu": "64"}}}
    with world.patched("resourcequota", "compute", world.namespace, patch):
        yield


@contextmanager
def node_ports(world: World) -> Iterator[None]:
    patch = {"spec": {"hard": {"services.nodeports": "2"}}}
    with world.patched("resourcequota", "objects", world.namespace, patch):
        yield


@contextmanager
def no_limits(world: World) -> Iterator[None]:
    with world.missing("limitrange", "containers", world.namespace):
        yield


def _grant(world: World, namespace: str, rules: list[Json], subject: Json) -> list[Json]:
    where = {"name": STRAY, "namespace": namespace}
    api = "rbac.authorization.k8s.io/v1"
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": STRAY}
    return [
        {"apiVersion": api, "kind": "Role", "metadata": where, "rules": rules},
        {
            "apiVersion": api,
            "kind": "RoleBinding",
            "metadata": where,
            "roleRef": ref,
            "subjects": [subject],
        },
    ]


def _people(name: str) -> Json:
    return {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": name}


def granted(
    group: str, resource: str, *verbs: str, where: str = "", subject: Json | None = None
) -> Break:
    """The operators (or ``subject``) get verbs in the first namespace, or ``where``."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        rules = [{"apiGroups": [group], "resources": [resource], "verbs": list(verbs)}]
        who = subject or _people(world.group)
        with world.stray(*_grant(world, where or world.namespace, rules, who)):
            yield

    return broken


@contextmanager
def cluster_wide(world: World) -> Iterator[None]:
    api, name = "rbac.authorization.k8s.io/v1", {"name": f"{STRAY}-{world.of.id}"}
    rules = [{"apiGroups": [""], "resources": ["nodes"], "verbs": ["get", "list"]}]
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", **name}
    role = {"apiVersion": api, "kind": "ClusterRole", "metadata": name, "rules": rules}
    binding = {
        "apiVersion": api,
        "kind": "ClusterRoleBinding",
        "metadata": name,
        "roleRef": ref,
        "subjects": [_people(world.group)],
    }
    with world.stray(role, binding):
        yield


@contextmanager
def administrator(world: World) -> Iterator[None]:
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": {"name": STRAY, "namespace": world.namespace},
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": "cluster-admin",
        },
        "subjects": [_people(world.group)],
    }
    with world.stray(binding):
        yield


@contextmanager
def default_account(world: World) -> Iterator[None]:
    patch = {"automountServiceAccountToken": True}
    with world.patched("serviceaccount", "default", world.namespace, patch):
        yield


@contextmanager
def orphan(world: World) -> Iterator[None]:
    name = f"ga-{world.of.id}-old"
    marks = labels.of(world.of.id, "e-office", "old")
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": marks}}
    with world.stray(space):
        yield


# Network


@contextmanager
def no_default_deny(world: World) -> Iterator[None]:
    with world.missing("networkpolicy", "default-deny", world.namespace):
        yield


def egress(to: list[Json], port: int) -> Break:
    @contextmanager
    def broken(world: World) -> Iterator[None]:
        rule = {"to": to, "ports": [{"protocol": "TCP", "port": port}]}
        spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}
        with world.stray(stray(world, "NetworkPolicy", "networking.k8s.io/v1", spec=spec)):
            yield

    return broken


@contextmanager
def open_ingress(world: World) -> Iterator[None]:
    backend = {"service": {"name": "e-office", "port": {"number": 80}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    spec = {"rules": [{"host": "evil.example.com", "http": {"paths": [path]}}]}
    with world.stray(stray(world, "Ingress", "networking.k8s.io/v1", spec=spec)):
        yield


# Signers


def signer_role(**change: Any) -> Break:
    @contextmanager
    def broken(world: World) -> Iterator[None]:
        role = world.of.bodies[0].pki_role if world.of.bodies else "signer"
        with world.vault_changed(f"{world.of.pki_mount}/roles/{role}", change):
            yield

    return broken


def self_signed(**key: Any) -> Break:
    """A self-signed issuer becomes the mount's default: which no role of ours may do."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        mount = world.of.pki_mount
        make = f"{mount}/root/generate/internal"
        refused(lambda: world.vault("POST", make, {"common_name": "x"}))
        with world.elevated() as token:
            before = world.vault("GET", f"{mount}/config/issuers")["data"]["default"]
            body = {"common_name": "Somebody else", "ttl": "24h", **key}
            made = world.vault("POST", make, body, token)["data"]
            world.vault("POST", f"{mount}/config/issuers", {"default": made["issuer_id"]})
            try:
                yield
            finally:
                world.vault("POST", f"{mount}/config/issuers", {"default": before})
                world.vault("DELETE", f"{mount}/issuer/{made['issuer_id']}", token=token)
                world.vault("DELETE", f"{mount}/key/{made['key_id']}", token=token)

    return broken


@contextmanager
def leaf_outlives(world: World) -> Iterator[None]:
    mount = world.of.pki_mount
    issuer = world.vault("GET", f"{mount}/config/issuers")["data"]["default"]
    place = f"{mount}/issuer/{issuer}"
    with world.vault_changed(place, {"leaf_not_after_behavior": "permit"}):
        yield


@contextmanager
def no_crl_address(world: World) -> Iterator[None]:
    place = f"{world.of.pki_mount}/config/urls"
    with world.vault_changed(place, {"crl_distribution_points": []}):
        yield


def _request(common: str) -> str:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])
    made = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return made.public_bytes(serialization.Encoding.PEM).decode()


def certificate_for(common: str = "", role: str = "") -> Break:
    """A certificate past our own rules: for ``common``, or for the first signer of the manifest."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        mount = world.of.pki_mount
        who = common or world.of.signers[0].common_name
        where = role or world.of.signers[0].pki_role
        body = {"csr": _request(who), "common_name": who, "ttl": "1h", "exclude_cn_from_sans": True}
        made = world.vault("POST", f"{mount}/sign/{where}", body)["data"]
        try:
            yield
        finally:
            world.vault("POST", f"{mount}/revoke", {"serial_number": made["serial_number"]})

    return broken


def role_signs(**change: Any) -> Break:
    """The signing role loosened, a certificate signed by it, and the role set right again."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with ExitStack() as mended:
            with signer_role(**change)(world):
                mended.enter_context(certificate_for()(world))
            yield

    return broken


@contextmanager
def root_leaf(world: World) -> Iterator[None]:
    """The root signs a leaf itself, through a role that is put there for a moment."""
    with world.elevated() as token:
        role = "pki-root/roles/stray"
        world.vault(
            "POST",
            role,
            {"allow_any_name": True, "enforce_hostnames": False, "key_type": "any"},
            token,
        )
        body = {"csr": _request("stray"), "common_name": "stray", "ttl": "1h"}
        made = world.vault("POST", "pki-root/sign/stray", body, token)["data"]
        world.vault("DELETE", role, token=token)
        try:
            yield
        finally:
            serial = made["serial_number"]
            world.vault("POST", "pki-root/revoke", {"serial_number": serial}, token)


def policy_grants(path: str, *capabilities: str) -> Break:
    """``{mount}`` in the path is the agency's PKI mount."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with world.policy_with(path.format(mount=world.of.pki_mount), *capabilities):
            yield

    return broken


# The vault


@contextmanager
def audit_off(world: World) -> Iterator[None]:
    """OpenBao takes audit devices from its configuration only, so its API must refuse."""
    with world.elevated() as token:
        devices = world.vault("GET", "sys/audit", token=token)["data"]
        refused(lambda: world.vault("DELETE", f"sys/audit/{next(iter(devices))}", token=token))
        yield


@contextmanager
def silent_audit(world: World) -> Iterator[None]:
    with world.mount_tuned({"audit_non_hmac_response_keys": ["certificate"]}):
        yield


def auth_role(**change: Any) -> Break:
    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with world.vault_changed(f"auth/kubernetes/role/{world.namespace}", change):
            yield

    return broken


@contextmanager
def root_token(world: World) -> Iterator[None]:
    """A root token, made with the recovery key as in an emergency, and forgotten."""
    with world.elevated() as token:
        root = world.make_root_token(token)
        try:
            yield
        finally:
            world.vault("POST", "auth/token/revoke-self", {}, root)


# Identity


def realm(**change: Any) -> Break:
    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with world.realm_with(change):
            yield

    return broken


@contextmanager
def organization_disabled(world: World) -> Iterator[None]:
    found = world.sso.get(world.target.keycloak.shared_realm, "/organizations", search=world.of.id)
    place = f"/organizations/{found[0]['id']}"
    before = world.sso.get(world.target.keycloak.shared_realm, place)
    realm_name = world.target.keycloak.shared_realm
    world.sso.put(realm_name, place, {**before, "enabled": False})
    try:
        yield
    finally:
        world.sso.put(realm_name, place, before)


def client(*, guarded: bool = False, **change: Any) -> Break:
    """``guarded``: the realm's rules for clients set it right, until they are switched off."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with ExitStack() as mended:
            if guarded:
                before = world.client()
                with world.client_with(change):
                    assert world.client() == before, "the guard let it through"
                mended.enter_context(world.without_client_rules())
            mended.enter_context(world.client_with(change))
            yield

    return broken


@contextmanager
def public_client(world: World) -> Iterator[None]:
    """A public client of the agency in a realm that lets refresh tokens be used again."""
    name = f"ga-{world.of.id}-stray"
    marks = {labels.AGENCY: world.of.id, labels.MANAGED_BY: labels.MANAGER}
    fields = {
        "clientId": name,
        "publicClient": True,
        "standardFlowEnabled": True,
        "directAccessGrantsEnabled": False,
        "fullScopeAllowed": False,
        "redirectUris": [f"https://{world.of.instances[0].host}/app"],
        "attributes": {**marks, "pkce.code.challenge.method": "S256"},
    }
    with world.realm_with({"revokeRefreshToken": False}):
        made = world.sso.post(world.realm, "/clients", fields)
        try:
            yield
        finally:
            world.sso.delete(world.realm, f"/clients/{made}")


# e-Office settings


def settings(change: Callable[[Json], None]) -> Break:
    @contextmanager
    def broken(world: World) -> Iterator[None]:
        with world.settings(change):
            yield

    return broken


def _set(*path: str | int, value: Any) -> Callable[[Json], None]:
    def change(body: Json) -> None:
        place: Any = body
        for step in path[:-1]:
            place = place[step]
        place[path[-1]] = value

    return change


def _top_secret(body: Json) -> None:
    body["secrecy"]["allowed"].append({"id": "top-secret", "nameTh": "ลับที่สุด"})


def _unsigned(body: Json) -> None:
    body["workflow"]["letters"][0]["steps"] = ["number", "sign", "send"]


# Operations


@contextmanager
def drift(world: World) -> Iterator[None]:
    patch = {"data": {"PUBLIC_URL": "https://somewhere.example.com"}}
    with world.patched("configmap", "e-office-endpoints", world.namespace, patch):
        yield


@contextmanager
def readable_state(world: World) -> Iterator[None]:
    """A private key lands in Pulumi's stored state, as a careless program would leave it."""
    folder = Path(world.target.pulumi.backend.removeprefix("file://"))
    [stored] = folder.glob(f".pulumi/stacks/*/{world.of.id}.json")
    before = stored.read_bytes()
    state = json.loads(before)
    key = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    state["checkpoint"]["latest"]["resources"].append(
        {"urn": "urn:stray", "type": "stray", "outputs": {"key": key.decode()}}
    )
    stored.write_text(json.dumps(state), encoding="utf-8")
    try:
        yield
    finally:
        stored.write_bytes(before)


BREAKS: dict[str, Break] = {
    "TEN-001": unlabelled,
    "TEN-002": baseline,
    "TEN-003": more_quota,
    "TEN-004": node_ports,
    "TEN-005": no_limits,
    "TEN-006": granted("networking.k8s.io", "networkpolicies", "patch"),
    "TEN-007": cluster_wide,
    "TEN-008": granted("", "pods", "get", where="gdcc-gateway"),
    "TEN-009": administrator,
    "TEN-010": granted("", "*", "get"),
    "TEN-011": granted("", "secrets", "get"),
    "TEN-012": granted("", "pods/exec", "create"),
    "TEN-013": default_account,
    "TEN-014": granted(
        "",
        "pods",
        "get",
        subject={
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "User",
            "name": "somchai",
        },
    ),
    "TEN-016": orphan,
    "WRK-001": pod_refused(_privileged),
    "WRK-002": pod_refused(_context("allowPrivilegeEscalation", True)),
    "WRK-003": pod_refused(_context("runAsUser", 0)),
    "WRK-004": pod_refused(_context("capabilities", {"drop": ["ALL"], "add": ["SYS_ADMIN"]})),
    "WRK-005": pod_refused(_context("seccompProfile", {"type": "Unconfined"})),
    "WRK-006": pod_refused(_host),
    "WRK-007": pod_refused(_host_path),
    "WRK-008": pod_refused(_sysctl),
    "WRK-011": workload(_image),
    "WRK-014": workload(_password),
    "WRK-015": fewer_replicas,
    "WRK-016": service_kind,
    "NET-001": no_default_deny,
    "NET-002": egress([{"podSelector": {}}], 53),
    "NET-003": egress([{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["169.254.169.254/32"]}}], 443),
    "NET-005": egress([{"namespaceSelector": {"matchLabels": {labels.AGENCY: "other"}}}], 443),
    "NET-006": open_ingress,
    "NET-008": egress([{"ipBlock": {"cidr": "169.254.0.0/16"}}], 80),
    "PKI-001": self_signed(),
    "PKI-002": self_signed(),
    "PKI-003": self_signed(),
    "PKI-004": signer_role(allow_any_name=True),
    "PKI-005": signer_role(not_after_bound="permit"),
    "PKI-006": self_signed(key_type="ec", key_bits=224),
    "PKI-007": certificate_for(),
    "PKI-008": role_signs(key_usage=["DigitalSignature", "KeyEncipherment"]),
    "PKI-009": role_signs(ext_key_usage_oids=["1.3.6.1.5.5.7.3.4"]),
    "PKI-010": certificate_for("Somebody"),
    "PKI-011": certificate_for("1234567890121"),
    "PKI-012": no_crl_address,
    "PKI-014": certificate_for("Somebody"),
    "PKI-015": certificate_for(),
    "PKI-016": policy_grants("{mount}/issue/signer", "update"),
    "PKI-017": policy_grants("{mount}/sign-verbatim/signer", "update"),
    "PKI-019": leaf_outlives,
    "PKI-022": root_leaf,
    "SEC-001": audit_off,
    "SEC-002": silent_audit,
    "SEC-003": auth_role(bound_service_account_names=["*"]),
    "SEC-004": policy_grants("kv/data/another/*", "read"),
    "SEC-005": root_token,
    "IDP-001": organization_disabled,
    "IDP-002": realm(sslRequired="external"),
    "IDP-003": realm(bruteForceProtected=False),
    "IDP-004": realm(passwordPolicy="length(8)"),
    "IDP-009": client(guarded=True, implicitFlowEnabled=True),
    "IDP-010": client(redirectUris=["https://e-office.example.com/*"]),
    "IDP-011": client(guarded=True, attributes={"pkce.code.challenge.method": ""}),
    "IDP-012": client(clientAuthenticatorType="client-secret"),
    "IDP-013": client(fullScopeAllowed=True),
    "IDP-014": realm(eventsExpiration=86400),
    "IDP-015": realm(accessTokenLifespan=3600),
    "IDP-016": public_client,
    "IDP-017": realm(registrationAllowed=True),
    "IDP-020": client(attributes={"id.token.signed.response.alg": "HS256"}),
    "DOC-001": settings(_set("letterTypes", value=[{"id": "external"}])),
    "DOC-002": settings(_top_secret),
    "DOC-003": settings(_set("speeds", value=[{"id": "normal"}])),
    "DOC-004": settings(_set("centralAddress", value="someone@example.com")),
    "DOC-005": settings(_set("registers", "books", value=[])),
    "DOC-006": settings(_set("roles", 0, "group", value="another:central")),
    "DOC-007": settings(_unsigned),
    "DOC-008": settings(_set("ecms", "endpoint", value="http://ecms.example.com")),
    "DOC-010": settings(_set("retention", "years", value=1)),
    "DOC-013": settings(_set("workCalendar", "outOfHours", "rule", value="entry")),
    "DOC-015": settings(_set("ai", value={"enabled": True, "endpoint": "https://example.com"})),
    "OPS-006": drift,
    "OPS-010": readable_state,
}
"""By control. MOU-004 is a matter of the day and has no engine to break."""
