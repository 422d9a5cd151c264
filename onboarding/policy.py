"""Control and Finding: the words in which compliance is stated.

A control is a function with metadata. It looks at a ``View`` (plain values, no engine, no
network) and yields results. What was not seen can only end as UNKNOWN: asking the view for a
kind that was not read raises ``NotSeen``, which ``evaluate`` turns into that result, and a
control that crashes or yields nothing is UNKNOWN as well, never a pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from onboarding import item
from onboarding.environment import Environment
from onboarding.tenant import Tenant


class Severity(StrEnum):
    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Stage(StrEnum):
    """When a control can be answered: from the manifest, the desired items, or live systems."""

    MANIFEST = "manifest"
    PLAN = "plan"
    LIVE = "live"


class Verdict(StrEnum):
    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    WAIVED = "waived"
    NOT_APPLICABLE = "not-applicable"
    UNKNOWN = "unknown"


class NotSeen(Exception):
    """A control asked about a kind that was not read."""


@dataclass(frozen=True, slots=True)
class Result:
    """One judgement about one object. ``seen`` says what was looked at and found.

    ``blocks``: whether it may keep an agency from being ready, as far as its control does.
    """

    verdict: Verdict
    subject: str
    seen: str = ""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    basis: str = ""
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class View:
    """Everything a control may look at, for one tenant at one stage.

    ``thresholds`` are policy values by key, e.g. ``net.dnsApps``.
    """

    tenant: Tenant
    environment: Environment
    stage: Stage
    today: date
    now_epoch: float
    thresholds: Mapping[str, Any]
    desired: tuple[item.Item, ...] = ()
    observed: Mapping[item.EngineName, item.Observation] = field(default_factory=dict)
    others: tuple[Tenant, ...] | None = None
    """The other agencies whose manifests were read; None where nobody looked for any."""

    def items(self, engine: item.EngineName, kind: str) -> tuple[item.Item, ...]:
        """The items of a kind: desired ones at plan stage, observed ones live.

        Raises ``NotSeen`` where the kind was not read.
        """
        if self.stage is not Stage.LIVE:
            return tuple(i for i in self.desired if i.ref.engine == engine and i.ref.kind == kind)
        return self._live(engine, kind, self.tenant.id)

    def shared(self, engine: item.EngineName, kind: str) -> tuple[item.Item, ...]:
        """Live items of a kind that belong to the environment, e.g. audit devices."""
        return self._live(engine, kind, "")

    def _live(self, engine: item.EngineName, kind: str, owner: str) -> tuple[item.Item, ...]:
        seen = self.observed.get(engine)
        if seen is None:
            raise NotSeen(f"{engine.value} was not read")
        why = seen.why_unread(owner, kind)
        if why or kind not in seen.read:
            raise NotSeen(f"{kind}: {why or 'was not read'}")
        return tuple(i for i in seen.of(owner) if i.ref.kind == kind)


Check = Callable[[View], Iterable[Result]]
Applies = Callable[[Tenant], str]
"""Returns "" where the control applies, else the reason why it does not."""


def always(_: Tenant) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class Control:
    """A rule with an id. ``sources`` name law, standard or benchmark; ``confirm`` marks what a
    person still has to confirm, and is shown with every finding.

    ``per_link``: what it finds holds back one link, which then is not provisioned; it never
    blocks the agency.
    """

    id: str
    title_en: str
    title_th: str
    severity: Severity
    stages: frozenset[Stage]
    check: Check
    remedy_en: str
    remedy_th: str
    sources: tuple[str, ...] = ()
    applies: Applies = always
    confirm: str = ""
    per_link: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """What a control said about one object of one tenant at one stage."""

    control: Control
    tenant_id: str
    stage: Stage
    result: Result

    @property
    def gates(self) -> bool:
        """True where this finding blocks: failed or unknown, at high or critical severity."""
        return (
            self.result.verdict in (Verdict.FAIL, Verdict.UNKNOWN)
            and self.result.blocks
            and self.control.severity in (Severity.CRITICAL, Severity.HIGH)
            and not self.control.per_link
        )


def evaluate(control: Control, view: View) -> tuple[Finding, ...]:
    """All findings of one control at the view's stage; never empty, never raises."""

    def finding(result: Result) -> Finding:
        return Finding(control, view.tenant.id, view.stage, result)

    def unknown(why: str) -> tuple[Finding, ...]:
        return (finding(Result(Verdict.UNKNOWN, view.tenant.id, why)),)

    try:
        reason = control.applies(view.tenant)
        if reason:
            return (finding(Result(Verdict.NOT_APPLICABLE, view.tenant.id, reason)),)
        results = tuple(control.check(view))
    except NotSeen as missing:
        return unknown(f"not seen: {missing}")
    except Exception as broken:  # noqa: BLE001 - a crashing check must show, and not stop the rest
        return unknown(f"the check itself failed: {type(broken).__name__}: {broken}")
    if not results:
        return unknown("nothing was there to examine")
    return tuple(finding(r) for r in results)


def evaluate_all(controls: Sequence[Control], view: View) -> tuple[Finding, ...]:
    """Findings of every control that has the view's stage, in the order given."""
    return tuple(f for c in controls if view.stage in c.stages for f in evaluate(c, view))
