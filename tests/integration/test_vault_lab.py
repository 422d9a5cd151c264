"""Vault and the ingress certificates with a real cluster beside them."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from onboarding import environment, errors, item, kube, labels, plan, progress, tenant, vault
from onboarding.bootstrap import cluster as bootstrap_cluster
from onboarding.bootstrap import vault as bootstrap
from onboarding.desired import ingress_tls as wanted
from onboarding.desired import vault as wanted_vault
from onboarding.engines import ingress_tls, vault_pki
from onboarding.pki import certificates
from tests.contract import agencies, requesting, root_ca

pytestmark = pytest.mark.lab

PLANNER, APPLIER, AUDITOR, BOOTSTRAP = (
    environment.Role.PLANNER,
    environment.Role.APPLIER,
    environment.Role.AUDITOR,
    environment.Role.BOOTSTRAP,
)
AGENCY = "vaulted"


@pytest.fixture(scope="module")
def agency(lab: environment.Environment) -> Iterator[tenant.Tenant]:
    """A small agency: its CA in Vault, and its namespaces with their service accounts."""

    def own_domain(content: dict[str, Any]) -> None:
        content["agency"]["domains"] = ["vaulted.go.th"]
        content["agency"]["sarabanEmail"] = "saraban@vaulted.go.th"

    of = agencies.example("admincourt", agencies.renamed(AGENCY), own_domain)
    engine = vault_pki.VaultPki(lab, APPLIER)
    seen = vault_pki.VaultPki(lab, PLANNER).observe([of]).of(of.id)
    made = plan.diff(of.id, wanted_vault.desired(of, lab), seen, target={})
    for outcome in engine.apply(of, made.changes, progress.Silent()):
        assert outcome.error is None, outcome.error
    cluster = kube.connect(lab, BOOTSTRAP)
    for instance in of.instances:
        marks = labels.of(of.id, instance.system, instance.environment)
        space = {"name": instance.namespace, "labels": marks}
        cluster.apply("Namespace", {"metadata": space}, force=True)
        account = {"name": instance.service_account, "namespace": instance.namespace}
        cluster.apply("ServiceAccount", {"metadata": account}, force=True)
    yield of
    for instance in of.instances:
        cluster.delete("Namespace", instance.namespace)


def planned(lab: environment.Environment, of: tenant.Tenant) -> plan.Plan:
    seen = ingress_tls.IngressTls(lab, PLANNER).observe([of])
    return plan.diff(of.id, wanted.desired(of, lab), seen.of(of.id), target={})


def applied(lab: environment.Environment, of: tenant.Tenant) -> list[plan.Outcome]:
    engine = ingress_tls.IngressTls(lab, APPLIER)
    return list(engine.apply(of, planned(lab, of).changes, progress.Silent()))


def observed(
    lab: environment.Environment, of: tenant.Tenant, role: environment.Role = PLANNER
) -> dict[str, item.Item]:
    engine = ingress_tls.IngressTls(lab, role)
    return {i.ref.scope: i for i in engine.observe([of], evidence=role is AUDITOR).of(of.id)}


def test_certificates_of_hosts(lab: environment.Environment, agency: tenant.Tenant) -> None:
    assert all(o.error is None for o in applied(lab, agency))
    assert planned(lab, agency).changes == ()
    seen = observed(lab, agency)
    assert set(seen) == {i.namespace for i in agency.instances}
    cluster = kube.connect(lab, BOOTSTRAP)
    for instance in agency.instances:
        secret = cluster.get("Secret", "e-office-tls", instance.namespace)
        assert secret is not None
        assert secret["type"] == "kubernetes.io/tls"
        chain = base64.b64decode(secret["data"]["tls.crt"]).decode()
        leaf, issuer = x509.load_pem_x509_certificates(chain.encode())
        leaf.verify_directly_issued_by(issuer)
        private = serialization.load_pem_private_key(
            base64.b64decode(secret["data"]["tls.key"]), None
        )
        assert private.public_key() == leaf.public_key()
        fields = seen[instance.namespace].fields
        assert fields["certificate"] == chain
        assert fields["dnsNames"] == [instance.host]
        assert fields["curve"] == "secp256r1"
        assert fields["renewal"] == wanted.NOT_DUE
        assert "PRIVATE" not in repr(fields)


def test_a_lost_secret_is_seen_without_reading_secrets(
    lab: environment.Environment, agency: tenant.Tenant
) -> None:
    applied(lab, agency)
    instance = agency.instances[0]
    kube.connect(lab, BOOTSTRAP).delete("Secret", "e-office-tls", instance.namespace)
    _wait_until(lambda: instance.namespace not in observed(lab, agency))
    (change,) = planned(lab, agency).changes
    assert (change.action, change.ref.scope) == (plan.Action.CREATE, instance.namespace)
    assert [o.status for o in applied(lab, agency)] == [plan.Status.APPLIED]
    assert planned(lab, agency).changes == ()


@pytest.mark.parametrize("role", [PLANNER, APPLIER, AUDITOR])
def test_no_role_of_the_tool_reads_secrets(
    lab: environment.Environment, agency: tenant.Tenant, role: environment.Role
) -> None:
    with pytest.raises(errors.Denied):
        kube.connect(lab, role).get("Secret", "e-office-tls", agency.instances[0].namespace)
    with pytest.raises(errors.Denied):
        kube.connect(lab, role).list("Secret")


def test_a_certificate_near_its_end_is_renewed(
    lab: environment.Environment, agency: tenant.Tenant
) -> None:
    applied(lab, agency)
    instance = agency.instances[0]
    before = observed(lab, agency)[instance.namespace].fields["serial"]
    _put_chain(lab, instance, _short_lived(lab, agency, instance))
    (change,) = planned(lab, agency).changes
    assert [f.path for f in change.fields] == ["renewal"]
    assert [o.status for o in applied(lab, agency)] == [plan.Status.APPLIED]
    fields = observed(lab, agency)[instance.namespace].fields
    assert fields["serial"] != before
    assert fields["renewal"] == wanted.NOT_DUE


def test_what_vault_did_not_issue_is_evident(
    lab: environment.Environment, agency: tenant.Tenant
) -> None:
    applied(lab, agency)
    instance = agency.instances[0]
    good = observed(lab, agency, AUDITOR)[instance.namespace].fields
    assert (good["issuedByVault"], good["revoked"]) == (True, False)
    stranger, _ = root_ca.make(instance.host)
    _put_chain(lab, instance, stranger.partition("-----BEGIN PRIVATE")[0])
    assert observed(lab, agency, AUDITOR)[instance.namespace].fields["issuedByVault"] is False
    assert planned(lab, agency).changes
    assert all(o.error is None for o in applied(lab, agency))


def test_a_secret_that_someone_else_made_is_not_overwritten(
    lab: environment.Environment, agency: tenant.Tenant
) -> None:
    instance = agency.instances[1]
    cluster = kube.connect(lab, BOOTSTRAP)
    cluster.delete("Secret", "e-office-tls", instance.namespace)
    _wait_until(lambda: instance.namespace not in observed(lab, agency))
    foreign = {"tls.crt": "eA==", "tls.key": "eA=="}
    _create_as_someone_else(lab, instance.namespace, foreign)
    outcomes = applied(lab, agency)
    failed = [o for o in outcomes if o.status is plan.Status.FAILED]
    assert [o.change.ref.scope for o in failed] == [instance.namespace]
    assert isinstance(failed[0].error, errors.Refused)
    kept = cluster.get("Secret", "e-office-tls", instance.namespace)
    assert kept is not None
    assert kept["data"] == foreign
    cluster.delete("Secret", "e-office-tls", instance.namespace)
    _wait_until(lambda: cluster.get("Secret", "e-office-tls", instance.namespace) is None)
    assert all(o.error is None for o in applied(lab, agency))


def test_a_workload_reads_its_own_secrets_only(
    lab: environment.Environment, agency: tenant.Tenant, tmp_path: Path
) -> None:
    prod, uat = agency.instances
    cluster = kube.connect(lab, BOOTSTRAP)
    token = cluster.token(prod.namespace, prod.service_account, seconds=600, audience="vault")
    anyone = vault.connect(lab, PLANNER)
    body = {"role": prod.namespace, "jwt": token.value}
    signed_in = anyone.sign_in_with("kubernetes", body)
    file = tmp_path / "token"
    file.write_text(signed_in, encoding="ascii")
    login = environment.VaultLogin(method="token", secret_file=file)
    door = vault.connect_as(lab, login, "workload")
    own = door.read(f"kv/data/{agency.id}/{prod.namespace}/oidc-client")
    assert own
    assert "PRIVATE KEY" in own["data"]["private_key"]
    for path in (
        f"kv/data/{agency.id}/{uat.namespace}/oidc-client",
        "kv/data/moph/ga-moph-central-prod/oidc-client",
        f"{agency.pki_mount}/roles/signer",
        "sys/mounts",
    ):
        with pytest.raises(errors.Denied):
            door.read(path)
    for other in (uat.namespace, prod.namespace):
        wrong = cluster.token(uat.namespace, "default", seconds=600, audience="vault")
        with pytest.raises(errors.OnboardError):
            anyone.sign_in_with("kubernetes", {"role": other, "jwt": wrong.value})
    without = cluster.token(prod.namespace, prod.service_account, seconds=600)
    with pytest.raises(errors.OnboardError):
        anyone.sign_in_with("kubernetes", {"role": prod.namespace, "jwt": without.value})


def test_bootstrap_is_at_rest(lab: environment.Environment) -> None:
    made = plan.diff("environment", bootstrap.desired(lab), bootstrap.observe(lab), target={})
    assert made.changes == ()
    assert made.conflicts == ()
    assert lab.login(BOOTSTRAP).vault.method == "approle"
    assert bootstrap_cluster.REVIEWER == bootstrap.REVIEWER


def _wait_until(met: Any, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not met():
        assert time.monotonic() < ends, "the cluster did not get there in time"
        time.sleep(0.5)


def _short_lived(lab: environment.Environment, of: tenant.Tenant, instance: tenant.Instance) -> str:
    """A certificate of the host whose last third has begun."""
    key = ec.generate_private_key(ec.SECP256R1())
    with tempfile.TemporaryDirectory() as folder:
        csr = requesting.request(Path(folder) / "a.csr", key).read_text(encoding="ascii")
    answer = vault.connect(lab, APPLIER).write(
        f"{of.pki_mount}/sign/ingress",
        {
            "csr": csr,
            "common_name": instance.host,
            "not_after": certificates.stamp(datetime.now(UTC) + timedelta(seconds=16)),
        },
    )
    time.sleep(2)
    return str(answer["certificate"])


def _put_chain(lab: environment.Environment, instance: tenant.Instance, chain: str) -> None:
    name = wanted.certificate_name(instance)
    step = {"op": "replace", "path": "/data/tls.crt", "value": chain}
    kube.connect(lab, BOOTSTRAP).json_patch("ConfigMap", name, instance.namespace, [step])


def _create_as_someone_else(
    lab: environment.Environment, namespace: str, data: dict[str, str]
) -> None:
    manifest = {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": "e-office-tls", "namespace": namespace},
        "data": data,
    }
    kubectl = Path(sys.executable).with_name("kubectl")
    subprocess.run(
        [str(kubectl), "--kubeconfig", str(lab.login(BOOTSTRAP).kubeconfig), "create", "-f", "-"],
        input=json.dumps(manifest),
        text=True,
        check=True,
        capture_output=True,
    )
