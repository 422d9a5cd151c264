"""TEN: what the API server answers when asked what the agency's people may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

from onboarding import item, names, policy
from onboarding.policies import judge
from onboarding.policy import Severity, Stage

CLUSTER = item.EngineName.CLUSTER
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})
_LIVE = frozenset({Stage.LIVE})
CLUSTER_WIDE_KINDS = ("ClusterRole", "ClusterRoleBinding")


def _cluster_groups(view: policy.View) -> tuple[str, ...]:
    """The tenant's groups as RBAC subjects that roles are given to."""
    prefix = view.environment.cluster.oidc_prefix
    return tuple(g if g.startswith(prefix) else prefix + g for g in view.tenant.groups)


def _reviews(view: policy.View, purpose: str) -> tuple[Mapping[str, Any], ...]:
    return tuple(
        i.fields for i in view.items(CLUSTER, "AccessReview") if i.fields.get("purpose") == purpose
    )


def _asked(review: Mapping[str, Any]) -> tuple[str, str]:
    group = review.get("apiGroup") or ""
    resource = review.get("resource") or ""
    return str(review.get("verb")), f"{resource}.{group}" if group else str(resource)


def _judged_reviews(
    subject: str, reviews: Sequence[Mapping[str, Any]], wanted: set[tuple[str, str]]
) -> policy.Result:
    """Fail for anything allowed; unknown where a wanted question was not asked."""
    allowed = sorted(
        " ".join(_asked(r))
        for r in reviews
        if r.get("allowed") is not False and not str(r.get("resource")).startswith("selfsubject")
    )
    if allowed:
        return judge.fails(subject, f"allowed: {', '.join(allowed)}", "denied")
    missing = wanted - {_asked(r) for r in reviews}
    if missing:
        some = ", ".join(" ".join(m) for m in sorted(missing)[:3])
        return judge.unknown(subject, f"{len(missing)} questions were not asked, e.g. {some}")
    return judge.passes(subject, f"{len(reviews)} questions, all denied")


def guard_rails_locked(view: policy.View) -> Iterator[policy.Result]:
    """The tenant's groups may not touch what fences them in, in any namespace of theirs."""
    rules = view.thresholds
    wanted = set(product(rules["access.writeVerbs"], rules["access.guardRails"]))
    reviews = _reviews(view, "guard-rail")
    for instance, group in product(view.tenant.instances, _cluster_groups(view)):
        answers = [
            r
            for r in reviews
            if r.get("group") == group and r.get("namespace") == instance.namespace
        ]
        yield _judged_reviews(f"Group {group} in {instance.namespace}", answers, wanted)


def people_may_not(view: policy.View, questions: str) -> Iterator[policy.Result]:
    """The API server's answers in the production namespaces, whatever role they come from.

    ``questions`` is the key of a policy value: verbs with resources.
    """
    wanted = {(verb, what) for verb, what in map(str.split, view.thresholds[questions])}
    reviews = [r for r in _reviews(view, "guard-rail") if _asked(r) in wanted]
    spaces = [i.namespace for i in view.tenant.instances if i.environment == names.PRODUCTION]
    for namespace, group in product(spaces, _cluster_groups(view)):
        answers = [r for r in reviews if (r.get("namespace"), r.get("group")) == (namespace, group)]
        yield _judged_reviews(f"Group {group} in {namespace}", answers, wanted)


def no_cluster_scope(view: policy.View) -> Iterator[policy.Result]:
    if view.stage is Stage.PLAN:
        yield from _no_cluster_wide_items(view)
        return
    rules = view.thresholds
    wanted = set(product(rules["access.allVerbs"], rules["access.clusterResources"]))
    reviews = _reviews(view, "cluster-scope")
    for group in _cluster_groups(view):
        answers = [r for r in reviews if r.get("group") == group]
        yield _judged_reviews(f"Group {group} cluster-wide", answers, wanted)


def _no_cluster_wide_items(view: policy.View) -> Iterator[policy.Result]:
    if not view.items(CLUSTER, "RoleBinding"):
        return
    wide = [i for i in view.desired if i.ref.kind in CLUSTER_WIDE_KINDS]
    if not wide:
        yield judge.passes(view.tenant.id, "no cluster-wide role or binding is planned")
    for planned in wide:
        yield judge.fails(str(planned.ref), "cluster-wide", "roles inside the tenant's namespaces")


def no_other_tenant(view: policy.View) -> Iterator[policy.Result]:
    own = {i.namespace for i in view.tenant.instances}
    rules = view.thresholds
    wanted = set(product(rules["access.readWriteVerbs"], rules["access.tenantResources"]))
    reviews = [r for r in _reviews(view, "other-tenant") if r.get("namespace") not in own]
    for group in _cluster_groups(view):
        answers = [r for r in reviews if r.get("group") == group]
        where = sorted({str(r.get("namespace")) for r in answers})
        subject = f"Group {group} in {', '.join(where) or 'namespaces of others'}"
        yield _judged_reviews(subject, answers, wanted)


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="TEN-006",
        title_en="The agency cannot change its own guard rails",
        title_th="หน่วยงานไม่สามารถแก้ไขเครื่องป้องกันของตนเอง",
        severity=Severity.CRITICAL,
        stages=_LIVE,
        check=guard_rails_locked,
        remedy_en="Cut the role that allows it.",
        remedy_th="ตัดสิทธิออกจากบทบาทที่อนุญาต",
        sources=("MTB-PL1-BC-CPI-2", "MTB-PL1-CC-TI-1"),
    ),
    policy.Control(
        id="TEN-007",
        title_en="No rights over the cluster",
        title_th="ไม่มีสิทธิระดับคลัสเตอร์",
        severity=Severity.CRITICAL,
        stages=_BOTH,
        check=no_cluster_scope,
        remedy_en="Remove the cluster-wide role or binding.",
        remedy_th="นำบทบาทหรือการผูกสิทธิระดับคลัสเตอร์ออก",
        sources=("MTB-PL1-CC-CPI-1",),
    ),
    policy.Control(
        id="TEN-008",
        title_en="No rights in other agencies' namespaces",
        title_th="ไม่มีสิทธิในเนมสเปซของหน่วยงานอื่น",
        severity=Severity.CRITICAL,
        stages=_LIVE,
        check=no_other_tenant,
        remedy_en="Remove the role or binding that allows it.",
        remedy_th="นำบทบาทหรือการผูกสิทธิที่อนุญาตออก",
        sources=("MTB-PL1-CC-TI-2",),
    ),
)
