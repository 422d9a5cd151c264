"""TEN: where data lies: encrypted for sensitive namespaces, known and dynamic for all."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import environment, item, normal_form, policy, tenant
from onboarding.policies import judge
from onboarding.policy import Severity, Stage

CLUSTER = item.EngineName.CLUSTER
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})
_BOUND = "pv.kubernetes.io/bound-by-controller"


def plain_classes(at: environment.Environment) -> list[str]:
    """Storage classes that the environment knows and that are not encrypted."""
    known = {at.cluster.storage_class, *at.cluster.plain_storage_classes}
    return sorted(known - set(at.cluster.encrypted_storage_classes))


def quota_flaws(
    view: policy.View, instance: tenant.Instance, quotas: tuple[item.Item, ...]
) -> Iterator[str]:
    """Unencrypted classes in which a sensitive namespace could still claim something."""
    hard = [
        (q.fields.get("spec") or {}).get("hard") or {}
        for q in quotas
        if q.ref.scope == instance.namespace
    ]
    for name in plain_classes(view.environment):
        key = f"{name}.storageclass.storage.k8s.io/requests.storage"
        if not any(normal_form.quantity(h.get(key)) == 0 for h in hard):
            yield f"storage class {name} is not closed by a quota"


def claim_flaws(view: policy.View, instance: tenant.Instance, claim: item.Item) -> Iterator[str]:
    cluster = view.environment.cluster
    allowed = set(cluster.encrypted_storage_classes)
    if not instance.sensitive:
        allowed.add(cluster.storage_class)
    spec = claim.fields.get("spec") or {}
    if spec.get("storageClassName") not in allowed:
        yield f"storage class {judge.show(spec.get('storageClassName'))}"
    notes = (claim.fields.get("metadata") or {}).get("annotations") or {}
    # The controller names the volume it found; a volume that a person named was chosen by hand.
    if spec.get("volumeName") and notes.get(_BOUND) != "yes":
        yield f"bound by hand to the volume {spec['volumeName']}"


def storage(view: policy.View) -> Iterator[policy.Result]:
    homes = {i.namespace: i for i in view.tenant.instances}

    def one(claim: item.Item) -> policy.Result:
        instance = homes.get(claim.ref.scope)
        if instance is None:
            return judge.unknown(str(claim.ref), "in no namespace of the manifest")
        good = str((claim.fields.get("spec") or {}).get("storageClassName"))
        if good not in view.environment.cluster.encrypted_storage_classes:
            good += ", which is not encrypted; nothing sensitive lies here"
        return judge.problems(str(claim.ref), list(claim_flaws(view, instance, claim)), good)

    yield from judge.each(view, CLUSTER, "PersistentVolumeClaim", one)
    quotas = view.items(CLUSTER, "ResourceQuota")
    for instance in view.tenant.instances:
        if instance.sensitive:
            wrong = list(quota_flaws(view, instance, quotas))
            subject = f"Namespace {instance.namespace}"
            yield judge.problems(subject, wrong, "no room in unencrypted classes")


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="TEN-017",
        title_en="Data lies on storage that is encrypted as it must be",
        title_th="จัดเก็บข้อมูลในพื้นที่ที่เข้ารหัสตามที่กำหนด",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=storage,
        remedy_en="Move the data to an encrypted class; run apply to restore the quota.",
        remedy_th="ย้ายข้อมูลไปยังพื้นที่จัดเก็บที่เข้ารหัส และดำเนินการ apply เพื่อคืนค่าโควตา",
        sources=("CIS Kubernetes 5.1.9",),
    ),
)
