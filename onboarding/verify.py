"""Judging a tenant: which controls run at which stage, what gates, and what it all amounts to.

Pure: everything that is judged was read before, and the day comes from the run's one clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date

from onboarding import clock, environment, errors, item, policy, tenant
from onboarding.manifest import model
from onboarding.policies import load, ops, table
from onboarding.policy import Stage, Verdict


def review(
    of: tenant.Tenant,
    target: environment.Environment,
    desired: Sequence[item.Item],
    *,
    others: Sequence[tenant.Tenant] | None = None,
    now: clock.Clock,
) -> tuple[policy.Finding, ...]:
    """What the manifest and the desired items alone can tell; these findings gate ``apply``."""
    view = _view(of, target, desired, {}, others, now)
    return tuple(
        finding
        for stage in (Stage.MANIFEST, Stage.PLAN)
        for finding in _judged(replace(view, stage=stage))
    )


def verify_tenant(
    of: tenant.Tenant,
    target: environment.Environment,
    desired: Sequence[item.Item],
    observed: Mapping[item.EngineName, item.Observation],
    *,
    others: Sequence[tenant.Tenant] | None = None,
    now: clock.Clock,
) -> tuple[policy.Finding, ...]:
    """What the live systems show; these findings gate the tenant's state ``ready``."""
    return _judged(_view(of, target, desired, observed, others, now))


def _view(
    of: tenant.Tenant,
    target: environment.Environment,
    desired: Sequence[item.Item],
    observed: Mapping[item.EngineName, item.Observation],
    others: Sequence[tenant.Tenant] | None,
    now: clock.Clock,
) -> policy.View:
    return policy.View(
        tenant=of,
        environment=target,
        stage=Stage.LIVE,
        today=now.today(),
        now_epoch=now.now().timestamp(),
        thresholds=load.thresholds(),
        desired=tuple(desired),
        observed=observed,
        others=None if others is None else tuple(others),
    )


def _judged(view: policy.View) -> tuple[policy.Finding, ...]:
    found = policy.evaluate_all(table.CONTROLS, view)
    return waive(found, view.tenant.manifest.waivers, view.today)


def waive(
    findings: Iterable[policy.Finding], waivers: Sequence[model.Waiver], today: date
) -> tuple[policy.Finding, ...]:
    """Mark failures that a waiver in force covers; shown as waived, never as passed."""
    return tuple(_waived(finding, waivers, today) for finding in findings)


def _waived(
    finding: policy.Finding, waivers: Sequence[model.Waiver], today: date
) -> policy.Finding:
    if finding.result.verdict is not Verdict.FAIL:
        return finding
    for waiver in waivers:
        if covers(waiver, finding, today):
            seen = (
                f"{finding.result.seen} (waived until {waiver.expires} by {waiver.approved_by}: "
                f"{waiver.reason})"
            )
            result = replace(finding.result, verdict=Verdict.WAIVED, seen=seen)
            return replace(finding, result=result)
    return finding


def covers(waiver: model.Waiver, finding: policy.Finding, today: date) -> bool:
    """Whether a waiver names this control and object, and is itself within the rules."""
    return (
        waiver.control == finding.control.id
        and waiver.object in (finding.result.subject, finding.result.subject.split(" ")[-1])
        and not flaws(waiver, today)
    )


def flaws(waiver: model.Waiver, today: date) -> tuple[str, ...]:
    """Why a waiver does not count; the same rules as OPS-007."""
    return ops.waiver_flaws(waiver, today)


def gate(findings: Iterable[policy.Finding]) -> errors.Refused | None:
    """The refusal that these findings amount to; None where nothing blocks."""
    blocking = [finding for finding in findings if finding.gates]
    if not blocking:
        return None
    failed = sum(finding.result.verdict is Verdict.FAIL for finding in blocking)
    return errors.Refused(
        f"{blocking[0].tenant_id}: {failed} control(s) failed and "
        f"{len(blocking) - failed} could not be determined, at critical or high severity",
        details=[
            f"{f.control.id} {f.result.verdict.value}: {f.result.subject}: {f.result.seen}"
            for f in blocking
        ],
        resolution="Mend what is named. A high one may be waived in the manifest for at most "
        "180 days; a critical one may not.",
    )


def pending(findings: Iterable[policy.Finding]) -> tuple[str, ...]:
    """The links that are held back, e.g. ``link moph-bdi-healthlink``, each once."""
    held = (f for f in findings if f.control.per_link and f.result.verdict is Verdict.FAIL)
    return tuple(dict.fromkeys(f.result.subject for f in held))


def counts(findings: Iterable[policy.Finding]) -> dict[Verdict, int]:
    """How many findings ended in each verdict; every verdict has its entry."""
    seen = [finding.result.verdict for finding in findings]
    return {verdict: seen.count(verdict) for verdict in Verdict}


def exit_code(findings: Iterable[policy.Finding]) -> errors.ExitCode:
    """5 where something that gates could not be determined, 4 where a control failed, else 0.

    What could not be determined weighs more than what failed: nothing can be said about it.
    """
    open_findings = [f for f in findings if f.result.verdict in (Verdict.FAIL, Verdict.UNKNOWN)]
    if any(f.gates and f.result.verdict is Verdict.UNKNOWN for f in open_findings):
        return errors.ExitCode.UNDETERMINED
    if any(f.result.verdict is Verdict.FAIL for f in open_findings):
        return errors.ExitCode.FINDINGS
    return errors.ExitCode.DONE
