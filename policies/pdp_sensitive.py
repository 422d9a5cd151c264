"""PDP: sensitive personal data (PDPA s.26): what is agreed, and what stands guard over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from onboarding import item, policy, tenant
from onboarding.desired import realm_client, realm_mark, settings_common
from onboarding.policies import judge, mou, ten_storage
from onboarding.policy import Severity, Stage

_CLASS = "gdcc.go.th/class"


def holds_sensitive(of: tenant.Tenant) -> str:
    return "" if any(i.sensitive for i in of.instances) else "no sensitive personal data"


def sensitive_guarded(view: policy.View) -> Iterator[policy.Result]:
    """From the manifest: what was agreed. From plan and live systems: each guard, by instance."""
    guarded = [i for i in view.tenant.instances if i.sensitive]
    if view.stage is Stage.MANIFEST:
        yield judge.problems(
            "sensitive data",
            list(_agreed(view, guarded)),
            "impact high, AAL 2, namespaces apart, access logged",
        )
        return
    for instance in guarded:
        wrong = [
            *_place(view, instance),
            *_sign_in(view, instance),
            *_log(view, instance),
        ]
        good = "class sensitive, encrypted, AAL 2, access logged"
        yield judge.problems(f"Namespace {instance.namespace}", wrong, good)


def _agreed(view: policy.View, guarded: list[tenant.Instance]) -> Iterator[str]:
    impact = mou.overall_impact(view.tenant)
    if impact != "high":
        yield f"overall impact {impact}"
    least = view.thresholds["pdp.sensitiveLeastAal"]
    required = view.tenant.manifest.identity.required_aal
    if required < least:
        yield f"AAL {required}, at least {least}"
    for instance in guarded:
        agreed = settings_common.access_log(view.tenant, instance)
        yield from _log_flaws(view, instance, agreed)


def _place(view: policy.View, instance: tenant.Instance) -> Iterator[str]:
    spaces = view.items(item.EngineName.CLUSTER, "Namespace")
    space = next((s for s in spaces if s.ref.name == instance.namespace), None)
    marks = ((space.fields.get("metadata") or {}).get("labels") or {}) if space else {}
    if marks.get(_CLASS) != "sensitive":
        yield f"namespace of the class {judge.show(marks.get(_CLASS))}"
    quotas = view.items(item.EngineName.CLUSTER, "ResourceQuota")
    yield from ten_storage.quota_flaws(view, instance, quotas)
    for claim in view.items(item.EngineName.CLUSTER, "PersistentVolumeClaim"):
        if claim.ref.scope == instance.namespace:
            yield from ten_storage.claim_flaws(view, instance, claim)


def _sign_in(view: policy.View, instance: tenant.Instance) -> Iterator[str]:
    if instance not in view.tenant.signed_in_to or not view.environment.images.of(instance.kind):
        return
    clients = view.items(item.EngineName.SSO, "Client")
    client = next((c for c in clients if c.ref.name == instance.namespace), None)
    got = ((client.fields.get("attributes") or {}) if client else {}).get(realm_client.LEAST_ACR)
    levels = realm_mark.policy()["acrLevels"]
    if levels.get(got, 0) < view.thresholds["pdp.sensitiveLeastAal"]:
        yield f"sign-in at {judge.show(got)} or above"


def _log(view: policy.View, instance: tenant.Instance) -> Iterator[str]:
    delivered = view.items(item.EngineName.SETTINGS, "Settings")
    found = next((s for s in delivered if s.ref.scope == instance.namespace), None)
    yield from _log_flaws(view, instance, (found.fields.get("accessLog") or {}) if found else {})


def _log_flaws(
    view: policy.View, instance: tenant.Instance, log: Mapping[str, Any]
) -> Iterator[str]:
    if log.get("enabled") is not True:
        yield f"{instance.system}: no access log"
        return
    least, days = view.thresholds["pdp.accessLogDays"], log.get("retentionDays")
    if not isinstance(days, int) or days < least:
        yield f"{instance.system}: access log kept {judge.show(days)} days, at least {least}"


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="PDP-007",
        title_en="Sensitive data is guarded",
        title_th="ข้อมูลอ่อนไหวได้รับการคุ้มครองเป็นพิเศษ",
        severity=Severity.CRITICAL,
        stages=frozenset(Stage),
        check=sensitive_guarded,
        applies=holds_sensitive,
        remedy_en="Raise the impact, AAL and log; run apply to restore the guards.",
        remedy_th="ปรับระดับผลกระทบ ระดับการยืนยันตัวตน และบันทึกการเข้าถึง แล้วดำเนินการ apply",
        sources=("PDPA s.26",),
    ),
)
