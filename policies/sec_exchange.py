"""SEC: the secrets of the letter exchange are read only by who may send, or receive."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import item, policy, tenant
from onboarding.desired import exchange, vault_policies
from onboarding.policies import judge, pki_signers
from onboarding.policy import Severity, Stage

VAULT = item.EngineName.VAULT
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})


def _capabilities(document: item.Item, path: str) -> set[str]:
    """What a policy allows at a path; ``deny`` goes before everything else."""
    rules = pki_signers.rules_of(document)
    found = {c for p, listed in rules.items() if pki_signers.grants(p, path) for c in listed}
    return set() if "deny" in found else found


def _documents(view: policy.View) -> dict[str, item.Item]:
    """Every policy that was seen, those of nobody too, by name."""
    found = list(view.items(VAULT, "Policy"))
    if view.stage is Stage.LIVE:
        found += view.shared(VAULT, "OtherPolicy")
    return {document.ref.name: document for document in found}


def _flaws(
    of: tenant.Tenant, instance: tenant.Instance, right: str, documents: dict[str, item.Item]
) -> Iterator[str]:
    path = f"{of.kv_mount}/data/{exchange.credential(of, instance, right)}"
    holder = vault_policies.workload_name(of, instance)
    agreed = {"read"} if right in exchange.rights(of, instance) else set()
    for name, document in documents.items():
        wanted = agreed if name == holder else set()
        given = _capabilities(document, path)
        if given - wanted:
            yield f"{name} may {', '.join(sorted(given - wanted))} the secret to {right}"
    if agreed and (holder not in documents or agreed - _capabilities(documents[holder], path)):
        yield f"{holder} may not read the secret to {right}, which is agreed"


def exchange_secrets(view: policy.View) -> Iterator[policy.Result]:
    documents = _documents(view)
    for instance in view.tenant.e_offices:
        agreed = exchange.rights(view.tenant, instance)
        wrong = [
            flaw
            for right in exchange.RIGHTS
            for flaw in _flaws(view.tenant, instance, right, documents)
        ]
        good = f"only its own workload, to {' and '.join(agreed)}" if agreed else "read by nobody"
        yield judge.problems(f"e-CMS secrets of {instance.namespace}", wrong, good)
    if not view.tenant.e_offices:
        yield judge.not_applicable(view.tenant.id, "the agency has no e-Office")


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="SEC-008",
        title_en="Who may send, and who may receive, has that secret alone",
        title_th="ความลับสำหรับส่งและสำหรับรับหนังสือแยกจากกัน และเข้าถึงได้เฉพาะผู้มีสิทธิ",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=exchange_secrets,
        remedy_en="Run apply to rewrite the workload's policy; remove foreign policies.",
        remedy_th="ดำเนินการ apply เพื่อเขียนนโยบายใหม่ และนำนโยบายอื่นที่เข้าถึงได้ออก",
    ),
)
