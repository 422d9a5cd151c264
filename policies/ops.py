"""OPS: running operation: reports, exit, waivers, what the operator attests."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from onboarding import catalogue, policy, tenant
from onboarding.desired import reference
from onboarding.manifest import model
from onboarding.policies import judge, load
from onboarding.policy import Severity, Stage

_MANIFEST = frozenset({Stage.MANIFEST})


def readiness(view: policy.View) -> Iterator[policy.Result]:
    """What the NCSA asks for: somebody there day and night, encrypted mail, the yearly report."""
    manifest = view.tenant.manifest
    wrong = []
    if not any(c.role == "incident" and c.available == "24x7" for c in manifest.contacts):
        wrong.append("no incident contact around the clock")
    if "ncsa" not in manifest.legal.authorities:
        wrong.append("the NCSA is not among legal.authorities")
    if manifest.security.pgp_key is None:
        wrong.append("no PGP key")
    report = manifest.operations.annual_report
    due = view.thresholds["ops.annualReportMonthDay"]
    if report is None:
        wrong.append("no annual report planned")
    elif f"{report.month:02}-{report.day:02}" > due:
        wrong.append(f"annual report on {report.month:02}-{report.day:02}, due by {due}")
    good = f"24x7 contact, PGP key, report by {due}; NCSA within {reference.hours('ncsa')} hours"
    yield judge.problems("contacts, security, operations", wrong, good)


def exit_plan(view: policy.View) -> Iterator[policy.Result]:
    plan = view.tenant.manifest.operations.exit_plan
    if plan is None:
        yield judge.fails("operations.exitPlan", None, "format, owner and proof of deletion")
    else:
        yield judge.passes("operations.exitPlan", f"{plan.format}; {plan.owner}")


def is_public(of: tenant.Tenant) -> str:
    public = any(i.ingress is catalogue.Ingress.PUBLIC for i in of.instances)
    return "" if public else "no system is open to the public"


def tested_yearly(view: policy.View) -> Iterator[policy.Result]:
    test, longest = view.tenant.manifest.operations.pen_test, view.thresholds["ops.penTestDays"]
    if test is None:
        yield judge.fails("operations.penTest", None, "date and report of a penetration test")
        return
    age = (view.today - test.on).days
    seen = f"{test.on}, {test.report_ref}"
    yield judge.that(0 <= age <= longest, "operations.penTest", seen, f"within {longest} days")


def waiver_flaws(waiver: model.Waiver, today: date) -> tuple[str, ...]:
    """Why a waiver does not count; empty where it does."""
    from onboarding.policies import table  # noqa: PLC0415 - it lists this module's controls

    longest = load.thresholds()["ops.waiverDays"]
    wrong = []
    try:
        if table.get(waiver.control).severity is Severity.CRITICAL:
            wrong.append("a critical control is not waivable")
    except KeyError:
        wrong.append("there is no such control")
    if waiver.requested_by == waiver.approved_by:
        wrong.append("requester and approver are the same person")
    if waiver.expires < today:
        wrong.append(f"expired on {waiver.expires}")
    elif waiver.expires > today + timedelta(days=longest):
        wrong.append(f"runs to {waiver.expires}, more than {longest} days")
    return tuple(wrong)


def waivers_bounded(view: policy.View) -> Iterator[policy.Result]:
    waivers = view.tenant.manifest.waivers
    if not waivers:
        yield judge.passes("waivers", "none")
    for waiver in waivers:
        yield judge.problems(
            f"waiver {waiver.control} of {waiver.object}",
            list(waiver_flaws(waiver, view.today)),
            f"until {waiver.expires}, approved by {waiver.approved_by}",
        )


def attested(
    view: policy.View, subject: str, longest: str = "ops.attestationDays"
) -> policy.Result:
    """Whether the operator's statement about what tenants cannot see is there and not too old.

    Outside production there is nobody to state anything, and its absence is no finding.
    """
    found = [a for a in view.environment.attestations if a.subject == subject]
    title = f"attestation {subject}"
    if not found and not view.environment.production:
        return judge.not_applicable(title, "not a production environment")
    if not found:
        return judge.fails(title, None, "a statement of the operator")
    newest = max(found, key=lambda a: a.on)
    days = view.thresholds[longest]
    age = (view.today - newest.on).days
    seen = f"{newest.by}, {newest.on}"
    return judge.that(0 <= age <= days, title, seen, f"at most {days} days old")


def audit_policy(view: policy.View) -> Iterator[policy.Result]:
    yield attested(view, "control-plane-audit")


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="OPS-002",
        title_en="The control plane is audited",
        title_th="มีการบันทึกการใช้งานระบบควบคุมคลัสเตอร์",
        severity=Severity.MEDIUM,
        stages=_MANIFEST,
        check=audit_policy,
        remedy_en="Obtain the operator's attestation and put it into the environment file.",
        remedy_th="ขอหนังสือรับรองจากผู้ให้บริการและบันทึกในแฟ้มสภาพแวดล้อม",
        sources=("CIS Kubernetes 3.2",),
    ),
    policy.Control(
        id="OPS-003",
        title_en="Ready to report to the NCSA",
        title_th="พร้อมรายงานต่อสำนักงานคณะกรรมการการรักษาความมั่นคงปลอดภัยไซเบอร์แห่งชาติ",
        severity=Severity.HIGH,
        stages=_MANIFEST,
        check=readiness,
        remedy_en="Name a 24x7 contact, the PGP key and the annual report.",
        remedy_th="ระบุผู้ติดต่อตลอด 24 ชั่วโมง กุญแจ PGP และรายงานประจำปี",
        sources=("RPT-P",),
    ),
    policy.Control(
        id="OPS-004",
        title_en="Public sites are tested every year",
        title_th="ทดสอบเจาะระบบเว็บไซต์สาธารณะทุกปี",
        severity=Severity.MEDIUM,
        stages=frozenset({Stage.MANIFEST, Stage.LIVE}),
        check=tested_yearly,
        applies=is_public,
        remedy_en="Have the site tested and enter operations.penTest.",
        remedy_th="จัดให้มีการทดสอบเจาะระบบ และระบุใน operations.penTest",
        sources=("NCSC-WEB-2",),
    ),
    policy.Control(
        id="OPS-005",
        title_en="There is an exit plan",
        title_th="มีแผนการออกจากระบบ",
        severity=Severity.MEDIUM,
        stages=_MANIFEST,
        check=exit_plan,
        remedy_en="Write operations.exitPlan.",
        remedy_th="จัดทำแผนการออกจากระบบใน operations.exitPlan",
        sources=("DGACLOUD-2",),
    ),
    policy.Control(
        id="OPS-007",
        title_en="Waivers are bounded",
        title_th="ข้อยกเว้นอยู่ในขอบเขตที่กำหนด",
        severity=Severity.CRITICAL,
        stages=_MANIFEST,
        check=waivers_bounded,
        remedy_en="Correct or remove the waiver.",
        remedy_th="แก้ไขหรือลบข้อยกเว้น",
    ),
)
