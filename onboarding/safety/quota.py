"""Rules about quotas: never below what is in use, and more of them where capacity is guarded."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import normal_form, plan
from onboarding.safety import words
from onboarding.safety.words import Facts, Hazard

_KIND = "ResourceQuota"


def below_use(of: plan.Plan, facts: Facts) -> Iterator[Hazard]:
    """A quota that is set, or lowered, below what the controller reports as used now.

    Where the use was not seen, nothing is known to fit.
    """
    told: list[tuple[str, plan.Change]] = []
    for change in of.changes:
        live = facts.live.get(change.ref)
        if change.ref.kind != _KIND or change.desired is None or live is None:
            continue
        used = (live.fields.get("status") or {}).get("used") or {}
        before = (live.fields.get("spec") or {}).get("hard") or {}
        for resource, hard in sorted((change.desired.fields["spec"]["hard"]).items()):
            limit = normal_form.quantity(hard)
            if resource in before and limit >= normal_form.quantity(before[resource]):
                continue
            if resource not in used:
                told.append((f"{change.ref}: {resource} {hard}: its use is not known", change))
            elif limit < normal_form.quantity(used[resource]):
                line = f"{change.ref}: {resource} {hard}, but {used[resource]} is in use"
                told.append((line, change))
    if told:
        yield Hazard.of(
            words.QUOTA_BELOW_USE, f"the plan sets {len(told)} quota(s) below what is in use", told
        )


def raised(of: plan.Plan, facts: Facts) -> Iterator[Hazard]:
    """Quotas that grow, or are new, after the agency's first apply."""
    told: list[tuple[str, plan.Change]] = []
    for change in of.changes:
        if change.ref.kind != _KIND or change.desired is None:
            continue
        agreed = facts.before(change.ref)
        before = (agreed.fields.get("spec") or {}).get("hard") or {} if agreed else {}
        for resource, hard in sorted(change.desired.fields["spec"]["hard"].items()):
            old = before.get(resource, "0")
            if normal_form.quantity(hard) > normal_form.quantity(old):
                told.append((f"{change.ref}: {resource} {old} -> {hard}", change))
    if told:
        yield Hazard.of(words.QUOTA_INCREASE, f"the plan raises {len(told)} quota(s)", told)
