"""Good order of one manifest: what a reader of the file can tell, and a waiver may set aside.

The controls MOU-005 and MOU-006 judge by these rules when an agency is planned; `onboard
validate` shows them at their lines before.
"""

from __future__ import annotations

from collections.abc import Iterator

from onboarding.manifest import checks, model

COORDINATOR = "MOU-005"
SUMS = "MOU-006"


def mistakes(manifest: model.AgencyMou) -> Iterator[tuple[str, checks.Mistake]]:
    """Every mistake with the control that judges it."""
    for mistake in coordinator(manifest):
        yield COORDINATOR, mistake
    for mistake in sums(manifest):
        yield SUMS, mistake


def coordinator(manifest: model.AgencyMou) -> Iterator[checks.Mistake]:
    """A regional programme is coordinated by the statistical office of its own province."""
    mou, province = manifest.mou, manifest.agency.province_code
    if mou.mechanism != "regional":
        return
    if mou.coordinator is None:
        yield checks.Mistake(
            ("mou", "mechanism"),
            "regional, without a coordinator",
            "add mou.coordinator, the provincial statistical office",
        )
        return
    if mou.coordinator.kind != "nso-provincial-office":
        yield checks.Mistake(
            ("mou", "coordinator", "kind"),
            f"kind {mou.coordinator.kind}",
            "name the provincial statistical office (nso-provincial-office)",
        )
    theirs = mou.coordinator.province_code
    if theirs != province:
        yield checks.Mistake(
            ("mou", "coordinator", "provinceCode"),
            f"province {theirs or 'nothing'}, not {province}",
            f"the agency is of {province}; correct one of the two",
        )


def sums(manifest: model.AgencyMou) -> Iterator[checks.Mistake]:
    """Users of shards or bodies make up the users of the agency; bodies are as many as listed."""
    users, bodies, tenancy = manifest.users, manifest.bodies, manifest.tenancy
    if users.initial > users.target:
        yield checks.Mistake(
            ("users", "initial"),
            f"initial {users.initial} above target {users.target}",
            "correct one of the two",
        )
    parts = tenancy.sub_tenants or tenancy.shards
    total = sum(part.users for part in parts)
    if parts and total != users.initial:
        yield checks.Mistake(
            ("users", "initial"),
            f"the parts have {total} users, users.initial is {users.initial}",
            "correct the users of the parts or of the agency",
        )
    if bodies and bodies.onboarded > bodies.total:
        yield checks.Mistake(
            ("bodies", "onboarded"),
            f"{bodies.onboarded} bodies of {bodies.total}",
            "correct one of the two",
        )
    if bodies and tenancy.sub_tenants and len(tenancy.sub_tenants) != bodies.onboarded:
        yield checks.Mistake(
            ("bodies", "onboarded"),
            f"{len(tenancy.sub_tenants)} bodies listed, {bodies.onboarded} onboarded",
            "list every body, or correct the number",
        )
