"""A command line whose engines are in memory: what they hold is given, what they did is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from onboarding import item, plan, policy, progress, tenant

AGENCY = "admincourt"


def thing(engine: item.EngineName, name: str, **fields: object) -> item.Item:
    return item.Item(item.Ref(engine, "Thing", "place", name), {"x": 1, **fields}, AGENCY)


@dataclass
class Memory:
    """Implements ``engines.interface.Engine``; what is applied is held from then on."""

    name: item.EngineName
    held: dict[item.Ref, item.Item] = field(default_factory=dict)
    observed: int = 0
    stop_with: BaseException | None = None

    def identity(self) -> str:
        return "id"

    def observe(
        self, tenants: Sequence[tenant.Tenant], *, evidence: bool = False
    ) -> item.Observation:
        self.observed += 1
        return item.Observation(items={AGENCY: tuple(self.held.values())})

    def apply(
        self,
        of: tenant.Tenant,
        changes: Sequence[plan.Change],
        report: progress.Progress,
        *,
        begin: plan.Begin = plan.unrecorded,
        unfinished: Mapping[str, str] = plan.NOTHING,
    ) -> Iterator[plan.Outcome]:
        for change in changes:
            if self.stop_with is not None:
                raise self.stop_with
            begin(change)
            if change.desired is None:
                del self.held[change.ref]
            else:
                self.held[change.ref] = change.desired
            report.note(f"wrote {change.ref.name}")
            yield plan.Outcome(change, plan.Status.APPLIED)


class Moving(Memory):
    """Somebody else changes the system between two readings."""

    def observe(
        self, tenants: Sequence[tenant.Tenant], *, evidence: bool = False
    ) -> item.Observation:
        seen = super().observe(tenants, evidence=evidence)
        moved = thing(self.name, f"foreign-{self.observed}")
        return item.Observation(items={AGENCY: (*seen.of(AGENCY), moved)})


def control(
    number: str, severity: policy.Severity = policy.Severity.HIGH, *, confirm: str = ""
) -> policy.Control:
    return policy.Control(
        id=number,
        title_en=f"Rule {number}",
        title_th=f"มาตรการ {number}",
        severity=severity,
        stages=frozenset(policy.Stage),
        check=lambda _: (),
        remedy_en="Mend it.",
        remedy_th="แก้ไข",
        confirm=confirm,
    )


def findings(
    *told: tuple[str, policy.Verdict, str], stage: policy.Stage = policy.Stage.LIVE
) -> tuple[policy.Finding, ...]:
    """One finding for each (control id, verdict, subject)."""
    controls = {number: control(number) for number, _, _ in told}
    return tuple(
        policy.Finding(controls[number], AGENCY, stage, policy.Result(verdict, subject, "seen"))
        for number, verdict, subject in told
    )


def refs(engines: Iterable[Memory]) -> set[str]:
    return {ref.name for engine in engines for ref in engine.held}
