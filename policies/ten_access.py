"""TEN: who may do what in the cluster, by roles and bindings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from onboarding import item, names, policy
from onboarding.policies import idp_cluster, judge, ten_reviews, workload
from onboarding.policy import Severity, Stage

CLUSTER = item.EngineName.CLUSTER
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})
EVERYBODY = frozenset({"system:authenticated", "system:unauthenticated", "system:serviceaccounts"})


def _subjects(binding: item.Item) -> Sequence[Mapping[str, Any]]:
    return binding.fields.get("subjects") or ()


def _names_everybody(subject: Mapping[str, Any]) -> bool:
    name = str(subject.get("name"))
    return name in EVERYBODY or name == "system:masters"


def _is_of_tenant(subject: Mapping[str, Any], view: policy.View) -> bool:
    prefix = f"{view.environment.cluster.oidc_prefix}{view.tenant.id}:"
    spaces = {i.namespace for i in view.tenant.instances}
    name = str(subject.get("name"))
    return (
        name.startswith(prefix)
        # A person's agency does not stand in the name, so a binding to one is everybody's matter.
        or (subject.get("kind") == "User" and name.startswith(view.environment.cluster.oidc_prefix))
        or subject.get("namespace") in spaces
        or name.removeprefix("system:serviceaccounts:") in spaces
    )


def _binding_problems(binding: item.Item, view: policy.View) -> list[str]:
    role = (binding.fields.get("roleRef") or {}).get("name")
    wrong = [f"subject {s.get('name')}" for s in _subjects(binding) if _names_everybody(s)]
    if role in view.thresholds["access.adminRoles"]:
        wrong.append(f"role {role}")
    return wrong


def _cluster_binding_problems(binding: item.Item, view: policy.View) -> list[str]:
    """What a cluster-wide binding gives to this tenant, or to everybody beyond the defaults."""
    role = (binding.fields.get("roleRef") or {}).get("name")
    wrong = [
        f"role {role} for {s.get('name')}" for s in _subjects(binding) if _is_of_tenant(s, view)
    ]
    if binding.ref.name not in view.thresholds["access.builtInBindings"]:
        wrong += [
            f"role {role} for {s.get('name')}" for s in _subjects(binding) if _names_everybody(s)
        ]
    return wrong


def no_admin_binding(view: policy.View) -> Iterator[policy.Result]:
    good = "no administrator role, no subject that is everybody"
    yield from judge.each(
        view,
        CLUSTER,
        "RoleBinding",
        lambda b: judge.problems(str(b.ref), _binding_problems(b, view), good),
    )
    if view.stage is not Stage.LIVE:
        return
    wide = view.shared(CLUSTER, "ClusterRoleBinding")
    wrong = [(b, p) for b in wide if (p := _cluster_binding_problems(b, view))]
    for binding, found in wrong:
        yield judge.problems(str(binding.ref), found, good)
    if wide and not wrong:
        yield judge.passes("cluster-wide bindings", f"{len(wide)} seen, none for this agency")
    if not wide:
        yield judge.unknown("cluster-wide bindings", "none were listed, not even the built-in ones")


def _rules(role: item.Item) -> Sequence[Mapping[str, Any]]:
    return role.fields.get("rules") or ()


def no_wildcard(view: policy.View) -> Iterator[policy.Result]:
    def one(role: item.Item) -> policy.Result:
        wrong = [
            f"* in {part}"
            for rule in _rules(role)
            for part in ("apiGroups", "resources", "verbs")
            if any("*" in str(value) for value in rule.get(part) or ())
        ]
        return judge.problems(str(role.ref), wrong, "groups, resources and verbs are listed")

    yield from judge.each(view, CLUSTER, "Role", one)


def _human_roles(view: policy.View) -> Iterator[item.Item]:
    """Roles that a group of people holds in a production namespace."""
    production = {i.namespace for i in view.tenant.instances if i.environment == names.PRODUCTION}
    bound = {
        (b.ref.scope, (b.fields.get("roleRef") or {}).get("name"))
        for b in view.items(CLUSTER, "RoleBinding")
        if any(s.get("kind") == "Group" for s in _subjects(b))
    }
    for role in view.items(CLUSTER, "Role"):
        if role.ref.scope in production and (role.ref.scope, role.ref.name) in bound:
            yield role


def _granted(role: item.Item) -> Iterator[tuple[str, str]]:
    for rule in _rules(role):
        yield from product(rule.get("verbs") or (), rule.get("resources") or ())


def _no_production(view: policy.View) -> Iterator[policy.Result]:
    if not any(i.environment == names.PRODUCTION for i in view.tenant.instances):
        yield judge.not_applicable(view.tenant.id, "no production namespace")


def no_secrets_for_people(view: policy.View) -> Iterator[policy.Result]:
    yield from _no_production(view)
    for role in _human_roles(view):
        wrong = [
            f"{verb} {resource}"
            for verb, resource in _granted(role)
            if resource in ("secrets", "*") and verb in ("get", "list", "watch", "*")
        ]
        yield judge.problems(str(role.ref), wrong, "no reading of Secrets")
    if view.stage is Stage.LIVE:
        yield from ten_reviews.people_may_not(view, "access.secretQuestions")


def no_escalation(view: policy.View) -> Iterator[policy.Result]:
    yield from _no_production(view)
    verbs = frozenset({"bind", "escalate", "impersonate", "*"})
    resources = frozenset(view.thresholds["access.escalatingResources"])
    for role in _human_roles(view):
        wrong = [
            f"{verb} {resource}"
            for verb, resource in _granted(role)
            if verb in verbs or resource in resources or resource == "*"
        ]
        yield judge.problems(str(role.ref), wrong, "no verb or resource that gives more rights")
    if view.stage is Stage.LIVE:
        yield from ten_reviews.people_may_not(view, "access.escalationQuestions")


def default_account_idle(view: policy.View) -> Iterator[policy.Result]:
    """The default ServiceAccount mounts no token, serves no pod and is bound to nothing."""
    users: dict[str, list[str]] = {i.namespace: [] for i in view.tenant.instances}
    for kind in workload.kinds(view):
        for have in view.items(CLUSTER, kind):
            spec = have.fields.get("spec") or {}
            pod = spec if kind == "Pod" else (spec.get("template") or {}).get("spec") or {}
            if pod.get("serviceAccountName", "default") == "default":
                users.setdefault(have.ref.scope, []).append(f"used by {have.ref}")
    for binding in view.items(CLUSTER, "RoleBinding"):
        for subject in _subjects(binding):
            if (subject.get("kind"), subject.get("name")) == ("ServiceAccount", "default"):
                users.setdefault(binding.ref.scope, []).append(f"bound by {binding.ref}")
    accounts = {
        i.ref.scope: i for i in view.items(CLUSTER, "ServiceAccount") if i.ref.name == "default"
    }
    for namespace, wrong in users.items():
        account = accounts.get(namespace)
        if account is not None and account.fields.get("automountServiceAccountToken") is not False:
            wrong.append("mounts its token")
        subject_name = f"ServiceAccount {namespace}/default"
        if account is None and view.stage is Stage.LIVE and not wrong:
            yield judge.unknown(subject_name, "the account was not among those read")
        else:
            yield judge.problems(subject_name, wrong, "no token, no pod, no binding")


def oidc_groups_only(view: policy.View) -> Iterator[policy.Result]:
    prefix = f"{view.environment.cluster.oidc_prefix}{view.tenant.id}:"
    planned = {i.ref for i in view.desired}

    def one(binding: item.Item) -> policy.Result:
        wrong = [
            f"{s.get('kind')} {s.get('name')}"
            for s in _subjects(binding)
            if s.get("kind") != "Group" or not str(s.get("name")).startswith(prefix)
        ]
        if view.stage is Stage.LIVE and binding.ref not in planned:
            wrong.append("in no plan")
        return judge.problems(str(binding.ref), wrong, f"groups {prefix}…")

    yield from judge.each(view, CLUSTER, "RoleBinding", one)
    if view.stage is Stage.LIVE:
        yield from idp_cluster.group_claims(view)


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="TEN-009",
        title_en="No administrator binding",
        title_th="ไม่มีการผูกสิทธิผู้ดูแลระบบสูงสุด",
        severity=Severity.CRITICAL,
        stages=_BOTH,
        check=no_admin_binding,
        remedy_en="Remove the binding.",
        remedy_th="ลบการผูกสิทธิดังกล่าว",
        sources=("CIS Kubernetes 5.1.1", "CIS Kubernetes 5.1.7"),
    ),
    policy.Control(
        id="TEN-010",
        title_en="Roles list what they allow",
        title_th="บทบาทระบุสิทธิเป็นรายการ ไม่ใช้อักขระแทน",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=no_wildcard,
        remedy_en="List groups, resources and verbs.",
        remedy_th="ระบุกลุ่ม ทรัพยากร และการกระทำเป็นรายการ",
        sources=("CIS Kubernetes 5.1.3",),
    ),
    policy.Control(
        id="TEN-011",
        title_en="People do not read Secrets in production",
        title_th="บุคคลไม่สามารถอ่านความลับในสภาพแวดล้อมใช้งานจริง",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=no_secrets_for_people,
        remedy_en="Remove secrets from the role.",
        remedy_th="นำสิทธิอ่าน secrets ออกจากบทบาท",
        sources=("CIS Kubernetes 5.1.2",),
    ),
    policy.Control(
        id="TEN-012",
        title_en="No right that gives more rights",
        title_th="ไม่มีสิทธิที่ใช้ยกระดับสิทธิของตน",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=no_escalation,
        remedy_en="Remove the verb or resource from the role.",
        remedy_th="นำการกระทำหรือทรัพยากรดังกล่าวออกจากบทบาท",
        sources=("CIS Kubernetes 5.1.8", "CIS Kubernetes 5.1.13"),
    ),
    policy.Control(
        id="TEN-013",
        title_en="The default service account is idle",
        title_th="บัญชีบริการเริ่มต้นไม่ถูกใช้งาน",
        severity=Severity.MEDIUM,
        stages=_BOTH,
        check=default_account_idle,
        remedy_en="Give the workload an account of its own.",
        remedy_th="กำหนดบัญชีบริการเฉพาะให้ระบบงาน",
        sources=("CIS Kubernetes 5.1.5",),
    ),
    policy.Control(
        id="TEN-014",
        title_en="Rights are given to the agency's groups only",
        title_th="ให้สิทธิแก่กลุ่มผู้ใช้ของหน่วยงานเท่านั้น",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=oidc_groups_only,
        remedy_en="Bind the role to a group of the agency.",
        remedy_th="ผูกบทบาทกับกลุ่มผู้ใช้ของหน่วยงาน",
        sources=("CIS Kubernetes 3.1.1",),
    ),
)
