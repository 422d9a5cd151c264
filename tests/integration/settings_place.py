"""An agency of a test's own in the lab: its namespaces and its certificate authority."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Iterator
from pathlib import Path

from onboarding import environment, kube, labels, plan, progress, tenant
from onboarding.desired import settings, vault
from onboarding.engines import ansible_playbooks, vault_pki


def name() -> str:
    return f"t{uuid.uuid4().hex[:8]}"


@contextlib.contextmanager
def prepared(of: tenant.Tenant, lab: environment.Environment) -> Iterator[None]:
    """What stands before Ansible's turn: namespaces with our labels, and a signing CA.

    The namespaces are gone afterwards; a CA stays, as no engine removes one.
    """
    authority = vault_pki.VaultPki(lab, environment.Role.APPLIER)
    seen = authority.observe([of]).of(of.id)
    changes = plan.diff(of.id, vault.desired(of, lab), seen, target={}).changes
    for outcome in authority.apply(of, changes, progress.Silent()):
        assert outcome.error is None, outcome.error
    with contextlib.closing(kube.connect(lab, environment.Role.BOOTSTRAP)) as cluster:
        namespaces(of, cluster)
        try:
            yield
        finally:
            for instance in of.instances:
                cluster.delete("Namespace", instance.namespace)


def namespaces(of: tenant.Tenant, cluster: kube.Cluster) -> None:
    for instance in of.instances:
        marks = labels.of(of.id, instance.system, instance.environment)
        cluster.apply("Namespace", {"metadata": {"name": instance.namespace, "labels": marks}})


def in_folder(lab: environment.Environment, folder: Path) -> environment.Environment:
    """The lab with a state store of the test's own."""
    return lab.model_copy(update={"state": environment.State(store=f"file://{folder}")})


def planned(
    of: tenant.Tenant, target: environment.Environment, engine: ansible_playbooks.AnsiblePlaybooks
) -> plan.Plan:
    seen = engine.observe([of])
    assert seen.read == {"Settings", "HandoverKit"}
    return plan.diff(of.id, settings.desired(of, target), seen.of(of.id), target={})
