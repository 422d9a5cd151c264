"""TEN: the tenant's namespaces, their marks, Pod Security, quotas and limits."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from onboarding import item, labels, normal_form, policy, tenant
from onboarding.policies import judge
from onboarding.policy import Severity, Stage

CLUSTER = item.EngineName.CLUSTER
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})
_LIVE = frozenset({Stage.LIVE})
PSA = "pod-security.kubernetes.io/"
_VERSION = re.compile(r"v1\.\d+\Z")


def _labels(of: item.Item) -> Mapping[str, str]:
    return (of.fields.get("metadata") or {}).get("labels") or {}


def _hard(of: item.Item) -> Mapping[str, Any]:
    return (of.fields.get("spec") or {}).get("hard") or {}


def _namespace_problems(have: item.Item, instance: tenant.Instance, agency: str) -> Iterator[str]:
    name = re.compile(
        rf"ga-{re.escape(agency)}(-[a-z0-9-]+)?-{re.escape(instance.environment)}(-[a-z0-9-]+)?\Z"
    )
    if not name.match(have.ref.name):
        yield f"name {have.ref.name}"
    wanted = labels.of(agency, instance.system, instance.environment)
    for key, value in wanted.items():
        if _labels(have).get(key) != value:
            yield f"label {key}={judge.show(_labels(have).get(key))}, not {value}"


def namespace_as_named(view: policy.View) -> Iterator[policy.Result]:
    found = {i.ref.name: i for i in view.items(CLUSTER, "Namespace")}
    for instance in view.tenant.instances:
        subject = f"Namespace {instance.namespace}"
        have = found.get(instance.namespace)
        if have is None:
            yield judge.fails(subject, None, "present")
            continue
        wrong = list(_namespace_problems(have, instance, view.tenant.id))
        yield judge.problems(subject, wrong, "named and labelled for its owner")


def pod_security_restricted(view: policy.View) -> Iterator[policy.Result]:
    def one(have: item.Item) -> policy.Result:
        wrong = []
        for mode in ("enforce", "audit", "warn"):
            level = _labels(have).get(PSA + mode)
            version = _labels(have).get(f"{PSA}{mode}-version")
            if level != "restricted":
                wrong.append(f"{mode}={judge.show(level)}")
            if not version or not _VERSION.match(version):
                wrong.append(f"{mode}-version={judge.show(version)}")
        return judge.problems(str(have.ref), wrong, "restricted in all modes, version pinned")

    yield from judge.each(view, CLUSTER, "Namespace", one)


def sized_quota(instance: tenant.Instance) -> dict[str, str]:
    """The quota that the number of users gives, by the size of the instance."""
    size = instance.size
    return {
        "requests.cpu": f"{size.cpu_request_m}m",
        "limits.cpu": f"{size.cpu_limit_m}m",
        "requests.memory": f"{size.memory_request_mi}Mi",
        "limits.memory": f"{size.memory_limit_mi}Mi",
        "requests.storage": f"{size.storage_gi}Gi",
    }


def _tightest(quotas: list[item.Item], key: str) -> Any:
    """The smallest value that any quota of a namespace sets for a resource; None without one."""
    values = [_hard(q)[key] for q in quotas if key in _hard(q)]
    return min(values, key=lambda v: Decimal(normal_form.quantity(v)), default=None)


def _quotas(view: policy.View, namespace: str) -> list[item.Item]:
    """Quotas that count everything in a namespace; one with scopes counts some pods only."""
    return [
        i
        for i in view.items(CLUSTER, "ResourceQuota")
        if i.ref.scope == namespace
        and not (i.fields.get("spec") or {}).get("scopes")
        and not (i.fields.get("spec") or {}).get("scopeSelector")
    ]


def quota_is_the_computed_size(view: policy.View) -> Iterator[policy.Result]:
    for instance in view.tenant.instances:
        quotas = _quotas(view, instance.namespace)
        wrong = [
            f"{key}={judge.show(got)}, not {want}"
            for key, want in sized_quota(instance).items()
            if normal_form.quantity(got := _tightest(quotas, key)) != normal_form.quantity(want)
        ]
        good = f"sized for {instance.users} users (class {instance.size.klass})"
        yield judge.problems(f"Namespace {instance.namespace}", wrong, good)


def _object_limit(quotas: list[item.Item], name: str) -> Any:
    short = _tightest(quotas, name)
    return short if short is not None else _tightest(quotas, f"count/{name}")


def object_quota(view: policy.View) -> Iterator[policy.Result]:
    for instance in view.tenant.instances:
        quotas = _quotas(view, instance.namespace)
        wrong = [
            f"{name} without a limit"
            for name in ("pods", "persistentvolumeclaims", "secrets", "configmaps")
            if _object_limit(quotas, name) is None
        ]
        for name in ("services.nodeports", "services.loadbalancers"):
            limit = _tightest(quotas, name)
            if normal_form.quantity(limit) != 0:
                wrong.append(f"{name}={judge.show(limit)}, not 0")
        yield judge.problems(
            f"Namespace {instance.namespace}", wrong, "objects limited, no node ports"
        )


def _limit_problems(ranges: list[item.Item], quotas: list[item.Item]) -> Iterator[str]:
    entries = [
        entry
        for have in ranges
        for entry in (have.fields.get("spec") or {}).get("limits") or ()
        if entry.get("type") == "Container"
    ]
    if not entries:
        yield "no limits for containers"
        return
    for part in ("default", "defaultRequest", "max"):
        for resource in ("cpu", "memory"):
            values = [e[part][resource] for e in entries if resource in (e.get(part) or {})]
            if not values:
                yield f"{part}.{resource} absent"
            elif part == "max":
                quota = normal_form.quantity(_tightest(quotas, f"limits.{resource}"))
                if quota is None or normal_form.quantity(values[0]) > quota:
                    yield f"max.{resource}={values[0]} above the quota {judge.show(str(quota))}"


def limit_range(view: policy.View) -> Iterator[policy.Result]:
    found = view.items(CLUSTER, "LimitRange")
    for instance in view.tenant.instances:
        ranges = [i for i in found if i.ref.scope == instance.namespace]
        wrong = list(_limit_problems(ranges, _quotas(view, instance.namespace)))
        yield judge.problems(
            f"Namespace {instance.namespace}", wrong, "default, defaultRequest and max within quota"
        )


def no_orphan(view: policy.View) -> Iterator[policy.Result]:
    """Namespaces that carry the agency's label are those of the manifest, and only those."""
    wanted = {i.namespace for i in view.tenant.instances}
    labelled = {
        i.ref.name
        for i in view.items(CLUSTER, "Namespace")
        if labels.owner(_labels(i)) == view.tenant.id
    }
    for name in sorted(wanted | labelled):
        subject = f"Namespace {name}"
        if name not in labelled:
            yield judge.fails(subject, "in the manifest, not in the cluster", "both")
        else:
            yield judge.that(
                name in wanted, subject, "labelled for this agency", "a system of the manifest"
            )


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="TEN-001",
        title_en="Namespaces as named, with their owner's labels",
        title_th="เนมสเปซมีชื่อและป้ายกำกับความเป็นเจ้าของตามข้อกำหนด",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=namespace_as_named,
        remedy_en="Run apply to create or relabel the namespace.",
        remedy_th="ดำเนินการ apply เพื่อสร้างหรือกำหนดป้ายกำกับเนมสเปซใหม่",
    ),
    policy.Control(
        id="TEN-002",
        title_en="Pod Security is restricted and pinned",
        title_th="กำหนดระดับความปลอดภัยของพอดเป็น restricted พร้อมระบุรุ่น",
        severity=Severity.CRITICAL,
        stages=_BOTH,
        check=pod_security_restricted,
        remedy_en="Restore the pod-security.kubernetes.io labels (run apply).",
        remedy_th="คืนค่าป้ายกำกับ pod-security.kubernetes.io (ดำเนินการ apply)",
        sources=("PSA-P",),
    ),
    policy.Control(
        id="TEN-003",
        title_en="Quota equals the computed size",
        title_th="โควตาทรัพยากรตรงกับขนาดที่คำนวณจากจำนวนผู้ใช้",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=quota_is_the_computed_size,
        remedy_en="Run apply to restore the quota.",
        remedy_th="ดำเนินการ apply เพื่อคืนค่าโควตา",
        sources=("MTB-PL1-CC-FNS-1",),
    ),
    policy.Control(
        id="TEN-004",
        title_en="Objects are limited, node ports and load balancers refused",
        title_th="จำกัดจำนวนออบเจ็กต์ และไม่อนุญาตพอร์ตโหนดและตัวกระจายภาระ",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=object_quota,
        remedy_en="Run apply to restore the object quota.",
        remedy_th="ดำเนินการ apply เพื่อคืนค่าโควตาจำนวนออบเจ็กต์",
        sources=("MTB-PL1-CC-FNS-2",),
    ),
    policy.Control(
        id="TEN-005",
        title_en="Containers have default and maximum limits",
        title_th="กำหนดค่าเริ่มต้นและค่าสูงสุดของทรัพยากรต่อคอนเทนเนอร์",
        severity=Severity.MEDIUM,
        stages=_BOTH,
        check=limit_range,
        remedy_en="Run apply to restore the LimitRange.",
        remedy_th="ดำเนินการ apply เพื่อคืนค่า LimitRange",
    ),
    policy.Control(
        id="TEN-016",
        title_en="No orphaned namespace",
        title_th="ไม่มีเนมสเปซที่ไม่ปรากฏในแบบแจ้งของหน่วยงาน",
        severity=Severity.HIGH,
        stages=_LIVE,
        check=no_orphan,
        remedy_en="Adopt the namespace into the manifest or remove it.",
        remedy_th="เพิ่มเนมสเปซในแบบแจ้งของหน่วยงาน หรือลบออก",
    ),
)
