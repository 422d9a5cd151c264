"""Asking the three systems as one identity, without the tool's own doors: status and answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import requests
import yaml

from onboarding import environment
from onboarding.identity import assertion

Lab = environment.Environment
_RBAC = "rbac.authorization.k8s.io"
_MERGE = "application/merge-patch+json"


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    content: Any = field(repr=False)

    @property
    def refused(self) -> bool:
        """Denied by rights (403), or by an admission policy of ours (422)."""
        by_policy = self.status == 422 and "ValidatingAdmissionPolicy" in self.text
        return self.status == 403 or by_policy


def ask(
    method: str, url: str, token: str, ca: str, *, body: Any = None, header: str = "Authorization"
) -> Answer:
    session = requests.Session()
    session.trust_env = False
    value = f"Bearer {token}" if header == "Authorization" else token
    kind = _MERGE if method == "PATCH" else "application/json"
    headers = {header: value, "Content-Type": kind}
    got = session.request(method, url, headers=headers, json=body, verify=ca, timeout=30)
    try:
        content = got.json()
    except ValueError:
        content = None
    return Answer(got.status_code, got.text, content)


@dataclass(frozen=True)
class Caller:
    """One identity at one system."""

    address: str
    token: str = field(repr=False)
    ca: str
    header: str = "Authorization"

    def __call__(self, method: str, path: str, body: Any = None) -> Answer:
        url = f"{self.address}{path}"
        return ask(method, url, self.token, self.ca, body=body, header=self.header)


def cluster(lab: Lab, role: environment.Role) -> Caller:
    content = yaml.safe_load(lab.login(role).kubeconfig.read_text(encoding="utf-8"))
    return cluster_as(lab, content["users"][0]["user"]["token"])


def cluster_as(lab: Lab, token: str) -> Caller:
    return Caller(lab.cluster.server, token, str(lab.cluster.ca_file))


def vault(lab: Lab, role: environment.Role) -> Caller:
    login = lab.login(role).vault
    secret = login.secret_file.read_text(encoding="utf-8").strip()
    body = {"role_id": login.role_id, "secret_id": secret}
    return vault_login(lab, "approle", body)


def vault_login(lab: Lab, way: str, body: dict[str, str]) -> Caller:
    """Raises ``PermissionError`` where Vault lets nobody in."""
    address, ca = f"{lab.vault.address}/v1/", str(lab.vault.ca_file)
    answer = ask(
        "POST", f"{address}auth/{way}/login", "none", ca, body=body, header="X-Vault-Token"
    )
    if answer.status != 200:
        raise PermissionError(answer.text)
    return Caller(address, answer.content["auth"]["client_token"], ca, "X-Vault-Token")


def token_of(lab: Lab, realm: str, form: dict[str, str]) -> Answer:
    session = requests.Session()
    session.trust_env = False
    got = session.post(
        f"{lab.keycloak.address}/realms/{realm}/protocol/openid-connect/token",
        data={"grant_type": "client_credentials", **form},
        verify=str(lab.keycloak.ca_file),
        timeout=30,
    )
    return Answer(got.status_code, got.text, got.json())


def keycloak(lab: Lab, role: environment.Role, realm: str) -> Caller:
    """Raises ``PermissionError`` where the realm does not know the role."""
    login = lab.login(role).keycloak
    audience = f"{lab.keycloak.address}/realms/{realm}"
    form = {
        "client_id": login.client_id,
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": assertion.signed(login.secret_file, login.client_id, audience),
    }
    answer = token_of(lab, realm, form)
    if answer.status != 200:
        raise PermissionError(answer.text)
    address = f"{lab.keycloak.address}/admin/realms/{realm}"
    return Caller(address, answer.content["access_token"], str(lab.keycloak.ca_file))


# Things to try. All of them go out with dryRun=All, so that a hole does no harm here.


def named(kind: str, api: str = "v1", name: str = "surprise", **more: Any) -> dict[str, Any]:
    labels = more.pop("labels", {})
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "labels": labels}, **more}


def role_binding(role_kind: str, role: str, subject: dict[str, str]) -> dict[str, Any]:
    ref = {"apiGroup": _RBAC, "kind": role_kind, "name": role}
    return named("RoleBinding", f"{_RBAC}/v1", roleRef=ref, subjects=[subject])


def group(name: str) -> dict[str, str]:
    return {"kind": "Group", "apiGroup": _RBAC, "name": name}


def role(resource: str, *verbs: str) -> dict[str, Any]:
    rule = {"apiGroups": [""], "resources": [resource], "verbs": list(verbs)}
    return named("Role", f"{_RBAC}/v1", rules=[rule])


def pod(**spec: Any) -> dict[str, Any]:
    return named("Pod", spec={"containers": [{"name": "x", "image": "x"}], **spec})


def core(namespace: str, what: str) -> str:
    return f"/api/v1/namespaces/{namespace}/{what}?dryRun=All"


def rbac(namespace: str, what: str) -> str:
    return f"/apis/{_RBAC}/v1/namespaces/{namespace}/{what}?dryRun=All"
