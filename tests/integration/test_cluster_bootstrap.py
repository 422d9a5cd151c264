"""The tool's own identities in the cluster: what each may do, and what none may."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from onboarding import environment, errors, kube, labels, plan
from onboarding.bootstrap import cluster as bootstrap
from onboarding.kube import login

pytestmark = pytest.mark.lab

Role = environment.Role


@pytest.fixture
def admin(lab: environment.Environment) -> kube.Cluster:
    return kube.connect(lab, Role.BOOTSTRAP)


@pytest.fixture
def agency_namespace(admin: kube.Cluster) -> Iterator[str]:
    agency = f"t{uuid.uuid4().hex[:8]}"
    name = f"ga-{agency}-prod"
    marks = labels.of(agency, "e-office", "prod")
    admin.apply("Namespace", {"metadata": {"name": name, "labels": marks}})
    yield name
    admin.delete("Namespace", name)


def test_a_second_run_has_nothing_to_do(lab: environment.Environment) -> None:
    made = plan.diff("environment", bootstrap.desired(lab), bootstrap.observe(lab), target={})
    assert (made.changes, made.conflicts) == ((), ())


@pytest.mark.parametrize("role", [Role.PLANNER, Role.APPLIER, Role.AUDITOR])
def test_credentials_are_private_kept_and_end(lab: environment.Environment, role: Role) -> None:
    path = bootstrap.issue_credentials(lab, role)
    before = path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert login.read(path).expires is not None
    assert bootstrap.issue_credentials(lab, role).read_bytes() == before


def test_a_credential_that_the_cluster_refuses_is_renewed(lab: environment.Environment) -> None:
    path = bootstrap.issue_credentials(lab, Role.PLANNER)
    text = path.read_text(encoding="utf-8")
    head, _, rest = text.partition("token: ")
    token = rest.split()[0]
    broken = token[:-6] + ("AAAAAA" if token[-6:] != "AAAAAA" else "BBBBBB")
    path.write_text(head + "token: " + broken + rest[len(token) :], encoding="utf-8")
    with pytest.raises(errors.Denied, match="does not accept"):
        kube.connect(lab, Role.PLANNER).kube_system_uid()
    bootstrap.issue_credentials(lab, Role.PLANNER)
    assert kube.connect(lab, Role.PLANNER).kube_system_uid() == lab.cluster.identity


@pytest.mark.parametrize("role", [Role.PLANNER, Role.APPLIER, Role.AUDITOR])
def test_nobody_reads_secrets(lab: environment.Environment, role: Role) -> None:
    with pytest.raises(errors.Denied, match="does not allow"):
        kube.connect(lab, role).list("Secret", namespace="kube-system")


@pytest.mark.parametrize("role", [Role.PLANNER, Role.AUDITOR])
def test_readers_cannot_write(
    lab: environment.Environment, role: Role, agency_namespace: str
) -> None:
    body = {"metadata": {"name": "x", "namespace": agency_namespace}}
    with pytest.raises(errors.Denied):
        kube.connect(lab, role).apply("ConfigMap", body)


def test_the_applier_writes_in_agencies_namespaces_only(
    lab: environment.Environment, agency_namespace: str
) -> None:
    applier = kube.connect(lab, Role.APPLIER)
    applier.apply("ConfigMap", {"metadata": {"name": "x", "namespace": agency_namespace}})
    for elsewhere in ("kube-system", "default", bootstrap.NAMESPACE):
        with pytest.raises(errors.OnboardError, match="namespaces of agencies"):
            applier.apply("ConfigMap", {"metadata": {"name": "x", "namespace": elsewhere}})
    with pytest.raises(errors.OnboardError, match="namespaces of agencies"):
        applier.apply("Namespace", {"metadata": {"name": f"t-{uuid.uuid4().hex[:8]}"}})
    with pytest.raises(errors.OnboardError, match="namespaces of agencies"):
        applier.delete("Namespace", lab.cluster.gateway_namespace)


def test_the_applier_touches_tls_secrets_only(
    lab: environment.Environment, admin: kube.Cluster, agency_namespace: str
) -> None:
    metadata = {"name": "other", "namespace": agency_namespace}
    admin.apply("Secret", {"metadata": metadata, "stringData": {"k": "hidden"}})
    applier = kube.connect(lab, Role.APPLIER)
    with pytest.raises(errors.OnboardError, match="TLS secrets only"):
        applier.json_patch("Secret", "other", agency_namespace, [])
    with pytest.raises(errors.OnboardError, match="TLS secrets only"):
        applier.delete("Secret", "other", agency_namespace)
    tls = {"metadata": {"name": "e-office-tls", "namespace": agency_namespace}}
    empty = {"tls.crt": "", "tls.key": ""}
    applier.apply("Secret", {**tls, "type": "kubernetes.io/tls", "data": empty})
    assert applier.delete("Secret", "e-office-tls", agency_namespace)


def test_the_applier_hands_out_no_more_than_it_has(
    lab: environment.Environment, agency_namespace: str
) -> None:
    rule = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
    role = {"metadata": {"name": "greedy", "namespace": agency_namespace}, "rules": [rule]}
    with pytest.raises(errors.Denied):
        kube.connect(lab, Role.APPLIER).apply("Role", role)


@pytest.mark.parametrize(
    "toleration",
    [
        {"key": labels.POOL, "operator": "Equal", "value": "restricted", "effect": "NoSchedule"},
        {"key": labels.POOL, "operator": "Exists"},
        {"operator": "Exists"},
    ],
    ids=["the pool", "any pool", "everything"],
)
def test_dedicated_nodes_take_no_other_pods(
    admin: kube.Cluster, agency_namespace: str, toleration: dict[str, str]
) -> None:
    context = {
        "allowPrivilegeEscalation": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    container = {"name": "x", "image": "registry.invalid/x", "securityContext": context}
    pod = {"metadata": {"name": "guest", "namespace": agency_namespace}}
    tolerant = {"containers": [container], "tolerations": [toleration]}
    with pytest.raises(errors.OnboardError, match="dedicated nodes take pods"):
        admin.apply("Pod", {**pod, "spec": tolerant})
    admin.apply("Pod", {**pod, "spec": {"containers": [container]}})
    assert admin.delete("Pod", "guest", agency_namespace)


def test_the_auditor_asks_what_others_may_do(lab: environment.Environment) -> None:
    auditor = kube.connect(lab, Role.AUDITOR)
    questions = [
        kube.Question(("system:masters",), "delete", "", "nodes"),
        kube.Question(("gdcc:nobody:viewer",), "delete", "", "nodes"),
    ]
    assert auditor.access_reviews(questions) == (True, False)
    assert auditor.list("ClusterRoleBinding")


def test_a_cluster_without_its_storage_class_is_told_so(lab: environment.Environment) -> None:
    wrong = lab.model_copy(
        update={"cluster": lab.cluster.model_copy(update={"storage_class": "none-such"})}
    )
    with pytest.raises(errors.Refused, match="lacks"):
        bootstrap.observe(wrong)
