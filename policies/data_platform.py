"""MOU: who runs the data platform of a sector says whether it is critical infrastructure."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import catalogue, policy, tenant
from onboarding.policies import judge
from onboarding.policy import Severity, Stage


def runs_platform(of: tenant.Tenant) -> str:
    runs = any(catalogue.get(system.kind).cii for system in of.manifest.systems)
    return "" if runs else "no data platform of a sector"


def infrastructure_stated(view: policy.View) -> Iterator[policy.Result]:
    """A platform that a whole sector relies on: yes or no, and if yes which sector."""
    cii = view.tenant.manifest.security.cii
    if cii is None:
        yield judge.fails("security.cii", None, "isCii: true or false, with the sector")
        return
    wrong = ["no sector"] if cii.is_cii and not cii.sector else []
    good = (
        f"critical information infrastructure, {cii.sector}" if cii.is_cii else "no CII, as stated"
    )
    yield judge.problems("security.cii", wrong, good)


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="MOU-018",
        title_en="Critical infrastructure is stated with its sector",
        title_th="ระบุการเป็นโครงสร้างพื้นฐานสำคัญทางสารสนเทศพร้อมภาคส่วน",
        severity=Severity.HIGH,
        stages=frozenset({Stage.MANIFEST}),
        check=infrastructure_stated,
        applies=runs_platform,
        confirm="the designation as critical information infrastructure, by the NCSA",
        remedy_en="Enter security.cii with isCii and, if it is, the sector.",
        remedy_th="ระบุ security.cii พร้อม isCii และภาคส่วนหากเป็นโครงสร้างพื้นฐานสำคัญ",
        sources=("Cybersecurity Act s.49",),
    ),
)
