"""What a cluster needs once: our own identities with their rights, and admission policies."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from onboarding import environment, errors, item, kube, labels, plan, progress, whole_file
from onboarding.bootstrap import (
    cluster_admission,
    cluster_roles,
    vault_credentials,
    vault_pipelines,
)
from onboarding.kube import kinds, login

OWNER = "environment"
NAMESPACE = vault_pipelines.NAMESPACE
REVIEWER = "vault-token-reviewer"
"""Service account under which Vault asks whose a pod's token is."""

PART = labels.PREFIX + "part"
_MARKS = {labels.MANAGED_BY: labels.MANAGER, PART: OWNER}
_TOOL_ROLES = (
    environment.Role.PLANNER,
    environment.Role.APPLIER,
    environment.Role.AUDITOR,
)
_ORDER = (
    "Namespace",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)
_RBAC = "rbac.authorization.k8s.io"
_LIFE = {True: timedelta(hours=24), False: timedelta(days=30)}
"""Life of a role's token, by whether the environment is production."""
_LONGEST_WAIT = 10.0


def desired(target: environment.Environment) -> tuple[item.Item, ...]:
    """Namespace, service accounts, their rights, and the admission policies."""
    return (
        _item("Namespace", NAMESPACE, {}, labels_too=_security(target)),
        *(_item("ServiceAccount", a, {"automountServiceAccountToken": False}) for a in _accounts()),
        *(
            _item("ClusterRole", account_of(role), {"rules": cluster_roles.rules(role)})
            for role in _TOOL_ROLES
        ),
        *(_binding(account_of(role), account_of(role)) for role in _TOOL_ROLES),
        _binding(REVIEWER, "system:auth-delegator"),
        *(_of_pipelines() if target.pipelines else ()),
        *_policies(target),
    )


def observe(target: environment.Environment) -> tuple[item.Item, ...]:
    """What of it is there. Raises ``errors.Refused`` where the cluster lacks its own part."""
    cluster = kube.connect(target, environment.Role.BOOTSTRAP)
    _check_surroundings(cluster, target)
    selector = ",".join(f"{key}={value}" for key, value in _MARKS.items())
    found = {
        i.ref: i
        for kind, objects in cluster.list_kinds(_ORDER, selector=selector).items()
        for i in (_observed(kind, each) for each in objects)
    }
    missing = [i.ref for i in desired(target) if i.ref not in found]
    answers = cluster.get_all([(r.kind, r.scope, r.name) for r in missing])
    for ref, answer in zip(missing, answers, strict=True):
        if answer is not None:
            found[ref] = _observed(ref.kind, answer)
    cluster.close()
    return tuple(found.values())


def apply(
    target: environment.Environment, changes: Sequence[plan.Change], report: progress.Progress
) -> Iterator[plan.Outcome]:
    """Write the changes, rights before those who need them; stops at the first failure."""
    cluster = kube.connect(target, environment.Role.BOOTSTRAP)
    for change in sorted(changes, key=lambda c: _ORDER.index(c.ref.kind)):
        began = time.monotonic()
        report.note(f"{change.action.value} {change.ref}")
        try:
            _write(cluster, change)
        except errors.OnboardError as problem:
            seconds = time.monotonic() - began
            yield plan.Outcome(change, plan.Status.FAILED, seconds, problem)
            return
        yield plan.Outcome(change, plan.Status.APPLIED, time.monotonic() - began)
    cluster.close()


def issue_credentials(target: environment.Environment, role: environment.Role) -> Path:
    """The kubeconfig of a role (0600); one whose token has a third of its life left is kept.

    A token lives a day in production and thirty days elsewhere, if the API server allows. Its
    end stands in the token and is checked at every use.
    """
    path = vault_credentials.folder(target, role) / "kubeconfig"
    if _lasts(path, target):
        return path
    cluster = kube.connect(target, environment.Role.BOOTSTRAP)
    life = _LIFE[target.production]
    token = cluster.token(NAMESPACE, account_of(role), seconds=int(life.total_seconds()))
    cluster.close()
    _write_private(path, kubeconfig(target, account_of(role), token.value, token.expires))
    _prove(path, role)
    return path


def account_of(role: environment.Role) -> str:
    """Service account, and role, of one of the tool's roles."""
    return f"onboard-{role.value}"


def user_of(role: environment.Role) -> str:
    """User name that the API server gives to a role's service account."""
    return f"system:serviceaccount:{NAMESPACE}:{account_of(role)}"


def _accounts() -> tuple[str, ...]:
    return (*(account_of(role) for role in _TOOL_ROLES), REVIEWER)


def _security(target: environment.Environment) -> dict[str, str]:
    version = target.cluster.pod_security_version
    prefix = "pod-security.kubernetes.io/enforce"
    return {prefix: "restricted", f"{prefix}-version": version}


def _policies(target: environment.Environment) -> Iterator[item.Item]:
    applier = user_of(environment.Role.APPLIER)
    for name, spec in cluster_admission.policies(target.cluster.oidc_prefix, applier):
        yield _item("ValidatingAdmissionPolicy", name, {"spec": spec})
        bound = {"spec": cluster_admission.binding(name)}
        yield _item("ValidatingAdmissionPolicyBinding", name, bound)


def _of_pipelines() -> Iterator[item.Item]:
    """Vault gives jobs of CI the tokens of our own service accounts, and of no other."""
    yield _item("ServiceAccount", vault_pipelines.ISSUER, {"automountServiceAccountToken": False})
    rule = {
        "apiGroups": [""],
        "resources": ["serviceaccounts/token"],
        "resourceNames": [account_of(role) for role in _TOOL_ROLES],
        "verbs": ["create"],
    }
    yield _item("Role", vault_pipelines.ISSUER, {"rules": [rule]})
    fields = {
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": vault_pipelines.ISSUER},
        "subjects": [
            {"kind": "ServiceAccount", "name": vault_pipelines.ISSUER, "namespace": NAMESPACE}
        ],
    }
    yield _item("RoleBinding", vault_pipelines.ISSUER, fields)


def _binding(account: str, role: str) -> item.Item:
    subject = {"kind": "ServiceAccount", "name": account, "namespace": NAMESPACE}
    fields = {
        "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [subject],
    }
    return _item("ClusterRoleBinding", f"onboard:{account.removeprefix('onboard-')}", fields)


def _item(
    kind: str, name: str, fields: dict[str, Any], *, labels_too: dict[str, str] | None = None
) -> item.Item:
    scope = NAMESPACE if kinds.kind(kind).namespaced else ""
    metadata = {"labels": {**_MARKS, **(labels_too or {})}}
    return item.Item(
        item.Ref(item.EngineName.CLUSTER, kind, scope, name),
        {"metadata": metadata, **fields},
        owner=OWNER,
    )


def _observed(kind: str, live: kube.Object) -> item.Item:
    metadata = live["metadata"]
    ref = item.Ref(item.EngineName.CLUSTER, kind, metadata.get("namespace", ""), metadata["name"])
    marks = metadata.get("labels") or {}
    ours = all(marks.get(key) == value for key, value in _MARKS.items())
    fields = {
        key: value
        for key, value in live.items()
        if key not in ("apiVersion", "kind", "metadata", "status")
    }
    return item.Item(ref, {"metadata": {"labels": marks}, **fields}, owner=OWNER if ours else "")


def _check_surroundings(cluster: kube.Cluster, target: environment.Environment) -> None:
    wanted = target.cluster
    missing = [
        f"{kind} {name}"
        for kind, name in (
            ("StorageClass", wanted.storage_class),
            *(("StorageClass", name) for name in wanted.encrypted_storage_classes),
            *(("StorageClass", name) for name in wanted.plain_storage_classes),
            ("Namespace", wanted.gateway_namespace),
            ("Namespace", wanted.dns_namespace),
        )
        if cluster.get(kind, name) is None
    ]
    if missing:
        raise errors.Refused(
            f"the cluster of environment {target.name!r} lacks what agencies need",
            details=list(dict.fromkeys(missing)),
            resolution="Create it, or correct the section cluster of the environment file.",
        )


def _write(cluster: kube.Cluster, change: plan.Change) -> None:
    ref = change.ref
    if change.desired is None:
        cluster.delete(ref.kind, ref.name, ref.scope)
        return
    metadata = {"name": ref.name, **change.desired.fields["metadata"]}
    if ref.scope:
        metadata["namespace"] = ref.scope
    # That it is ours was seen when the plan was made; what a hand changed in it comes back.
    cluster.apply(ref.kind, {**change.desired.fields, "metadata": metadata}, force=True)


def kubeconfig(target: environment.Environment, user: str, token: str, expires: datetime) -> str:
    """A kubeconfig with one way in; it holds the token, so it belongs in a 0600 file."""
    cluster = {
        "server": target.cluster.server,
        "certificate-authority": str(target.cluster.ca_file),
    }
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": target.name, "cluster": cluster}],
        "users": [{"name": user, "user": {"token": token}}],
        "contexts": [{"name": user, "context": {"cluster": target.name, "user": user}}],
        "current-context": user,
    }
    return f"# The token ends on {expires:%Y-%m-%d %H:%M} UTC\n" + yaml.safe_dump(content)


def _lasts(path: Path, target: environment.Environment) -> bool:
    """Whether a kubeconfig is for this cluster, still accepted, and not near its end."""
    try:
        present = login.read(path)
        if present.server != target.cluster.server or present.expires is None:
            return False
        if present.expires - datetime.now(UTC) < _LIFE[target.production] / 3:
            return False
        kube.connect_with(path).kube_system_uid()
    except errors.Unreachable:
        raise
    except errors.OnboardError:
        return False
    return True


def _prove(path: Path, role: environment.Role) -> None:
    """Use a new credential once; new rights take a moment to be known everywhere."""
    cluster = kube.connect_with(path, who=f"the role {role.value!r}")
    deadline = time.monotonic() + _LONGEST_WAIT
    while True:
        try:
            cluster.kube_system_uid()
        except errors.Denied:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            cluster.close()
            return


def _write_private(path: Path, text: str) -> None:
    """In one step and 0600 from its first byte."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole_file.put(path, text)
