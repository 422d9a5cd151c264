"""PDP: protection of personal data, as far as the manifest tells."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import policy, tenant
from onboarding.desired import reference
from onboarding.policies import judge, load, mou
from onboarding.policy import Severity, Stage

_MANIFEST = frozenset({Stage.MANIFEST})


def listed(of: tenant.Tenant) -> str:
    """The notification lists the agency or the one above it."""
    ids = load.read("applicability.yaml")["dpoListed"]
    agency = of.manifest.agency
    if of.id in ids or agency.parent in ids:
        return ""
    return "not on the list of state bodies that must have a data protection officer"


def has_officer_with_duties(of: tenant.Tenant) -> str:
    officer = of.manifest.legal.pdpa.dpo
    return "" if officer and officer.other_duties else "no officer with other duties"


def claims_exemption(of: tenant.Tenant) -> str:
    return "" if of.manifest.legal.pdpa.exemption else "no exemption is claimed"


def officer_named(view: policy.View) -> Iterator[policy.Result]:
    officer = view.tenant.manifest.legal.pdpa.dpo
    if officer is None:
        yield judge.fails("legal.pdpa.dpo", None, "name or office, e-mail, telephone")
        return
    wrong = [] if officer.name or officer.office else ["neither name nor office"]
    yield judge.problems("legal.pdpa.dpo", wrong, str(officer.office or "named"))


def officer_without_conflict(view: policy.View) -> Iterator[policy.Result]:
    officer = view.tenant.manifest.legal.pdpa.dpo
    reference = officer.certified_to_pdpc if officer else None
    yield judge.that(
        bool(reference), "legal.pdpa.dpo.certifiedToPdpc", reference, "a certificate to the PDPC"
    )


def processor_agreement(view: policy.View) -> Iterator[policy.Result]:
    """``controller`` needs the processing agreement, ``joint`` the agreement of all controllers."""
    pdpa = view.tenant.manifest.legal.pdpa
    wrong = []
    if pdpa.role not in ("controller", "joint"):
        wrong.append(f"role {pdpa.role}")
    if not pdpa.dpa_ref:
        wrong.append("no reference of the agreement")
    yield judge.problems("legal.pdpa", wrong, f"{pdpa.role}, {pdpa.dpa_ref}")


def record_of_processing(view: policy.View) -> Iterator[policy.Result]:
    for system in view.tenant.manifest.systems:
        held = system.personal_data
        if held is None:
            continue
        parts = {
            "purpose": held.purpose,
            "categories": held.categories,
            "retentionYears": held.retention_years,
            "basis": held.basis,
            "recipients": held.recipients,
        }
        wrong = [f"no {name}" for name, value in parts.items() if not value]
        yield judge.problems(f"system {system.name}", wrong, "record of processing complete")


def exemption_precise(view: policy.View) -> Iterator[policy.Result]:
    exemption = view.tenant.manifest.legal.pdpa.exemption
    if exemption is None:
        return
    wrong = [] if exemption.scope else ["no scope"]
    row = load.branch(view.tenant.manifest.agency.branch)
    if row["pdpa"] is True:
        wrong.append(f"branch {view.tenant.manifest.agency.branch} has no exemption of s.4")
    note = f" (to confirm: {row['confirm']})" if row.get("confirm") else ""
    good = f"{exemption.paragraph}: {exemption.scope}; security measures stay on{note}"
    yield judge.problems("legal.pdpa.exemption", wrong, good)


def breach_contacts(view: policy.View) -> Iterator[policy.Result]:
    manifest = view.tenant.manifest
    contacts = [c for c in manifest.contacts if c.role == "incident"]
    least, hours = view.thresholds["pdp.leastContacts"], reference.hours("pdpc")
    wrong = []
    if len({c.email for c in contacts}) < least:
        wrong.append(f"{len(contacts)} incident contact(s)")
    if not any(c.available == "24x7" for c in contacts):
        wrong.append("nobody around the clock")
    if manifest.operations.pdpc_hours > hours:
        wrong.append(f"{manifest.operations.pdpc_hours} hours to notify the PDPC")
    if "pdpc" not in manifest.legal.authorities:
        wrong.append("the PDPC is not among legal.authorities")
    yield judge.problems("contacts", wrong, f"{len(contacts)} contacts, PDPC within {hours} hours")


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="PDP-001",
        title_en="A listed body has its data protection officer",
        title_th="หน่วยงานตามประกาศมีเจ้าหน้าที่คุ้มครองข้อมูลส่วนบุคคล",
        severity=Severity.HIGH,
        stages=_MANIFEST,
        check=officer_named,
        applies=listed,
        remedy_en="Appoint the officer and enter legal.pdpa.dpo.",
        remedy_th="แต่งตั้งเจ้าหน้าที่คุ้มครองข้อมูลส่วนบุคคลและระบุใน legal.pdpa.dpo",
        sources=("DPO-P",),
    ),
    policy.Control(
        id="PDP-002",
        title_en="The officer's other duties do not conflict",
        title_th="หน้าที่อื่นของเจ้าหน้าที่คุ้มครองข้อมูลไม่ขัดแย้งกัน",
        severity=Severity.MEDIUM,
        stages=_MANIFEST,
        check=officer_without_conflict,
        applies=has_officer_with_duties,
        remedy_en="Certify it to the PDPC and enter the reference.",
        remedy_th="รับรองต่อสำนักงานคณะกรรมการคุ้มครองข้อมูลส่วนบุคคลและระบุเลขที่",
        sources=("DPO-P",),
    ),
    policy.Control(
        id="PDP-003",
        title_en="There is a processing agreement",
        title_th="มีข้อตกลงการประมวลผลข้อมูลส่วนบุคคล",
        severity=Severity.HIGH,
        stages=_MANIFEST,
        check=processor_agreement,
        remedy_en="Sign the agreement and enter legal.pdpa.dpaRef.",
        remedy_th="จัดทำข้อตกลงและระบุเลขที่ใน legal.pdpa.dpaRef",
        sources=("PDPA s.40",),
    ),
    policy.Control(
        id="PDP-004",
        title_en="Every system has its record of processing",
        title_th="ทุกระบบมีบันทึกรายการประมวลผล",
        severity=Severity.HIGH,
        stages=_MANIFEST,
        check=record_of_processing,
        applies=mou.has_personal_data,
        remedy_en="Complete personalData of the system.",
        remedy_th="ระบุข้อมูล personalData ของระบบให้ครบถ้วน",
        sources=("PDPA-SEC-2",),
    ),
    policy.Control(
        id="PDP-005",
        title_en="An exemption is precise",
        title_th="การขอยกเว้นระบุขอบเขตชัดเจน",
        severity=Severity.HIGH,
        stages=_MANIFEST,
        check=exemption_precise,
        applies=claims_exemption,
        remedy_en="Narrow the exemption to a paragraph and a scope.",
        remedy_th="ระบุอนุมาตราและขอบเขตของการยกเว้น",
        sources=("PDPA4-2",),
    ),
    policy.Control(
        id="PDP-006",
        title_en="Breaches can be reported",
        title_th="มีผู้ติดต่อกรณีการละเมิดข้อมูลส่วนบุคคล",
        severity=Severity.HIGH,
        stages=_MANIFEST,
        check=breach_contacts,
        remedy_en="Name two incident contacts, one around the clock.",
        remedy_th="ระบุผู้ติดต่อเหตุการณ์สองราย โดยหนึ่งรายติดต่อได้ตลอด 24 ชั่วโมง",
        sources=("BRK-P",),
    ),
)
