"""XCH: the controls with their titles, severities and remedies.

What a peer alone can mend (XCH-001, XCH-003) holds back the link and never the agency.
"""

from __future__ import annotations

from onboarding import policy
from onboarding.policies import load, xch, xch_kinds, xch_path
from onboarding.policy import Severity, Stage

_MANIFEST = frozenset({Stage.MANIFEST})
_REVIEW = frozenset({Stage.MANIFEST, Stage.LIVE})
_BEFORE = frozenset({Stage.MANIFEST, Stage.PLAN})
_AFTER = frozenset({Stage.PLAN, Stage.LIVE})
_ALL = frozenset(Stage)

CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="XCH-001",
        title_en="Both agencies declare the link alike",
        title_th="ทั้งสองหน่วยงานประกาศการเชื่อมโยงตรงกัน",
        severity=Severity.CRITICAL,
        stages=_BEFORE,
        check=xch.both_agree,
        remedy_en="Have the peer declare the same link, or mend the field that differs.",
        remedy_th="ให้หน่วยงานคู่เชื่อมโยงประกาศการเชื่อมโยงเดียวกัน หรือแก้ไขรายการที่ไม่ตรงกัน",
        applies=xch.has_links,
        per_link=True,
    ),
    policy.Control(
        id="XCH-002",
        title_en="The link has its legal basis",
        title_th="การเชื่อมโยงมีฐานทางกฎหมาย",
        severity=Severity.HIGH,
        stages=_MANIFEST,
        check=xch.legal_basis,
        remedy_en="State basis, purpose, dataset, owner, and the fields that are needed.",
        remedy_th="ระบุฐานทางกฎหมาย วัตถุประสงค์ ชุดข้อมูล เจ้าของข้อมูล และรายการข้อมูลเท่าที่จำเป็น",
        sources=("PDPA s.22", "PDPA s.27"),
        applies=xch.has_links,
    ),
    policy.Control(
        id="XCH-003",
        title_en="The link carries no more than both may hold",
        title_th="ชั้นข้อมูลที่เชื่อมโยงไม่เกินเพดานของทั้งสองหน่วยงาน",
        severity=Severity.CRITICAL,
        stages=_BEFORE,
        check=xch.class_ceiling,
        remedy_en="Lower the class of the link, or have the peer declare it.",
        remedy_th="ลดชั้นข้อมูลของการเชื่อมโยง หรือให้หน่วยงานคู่เชื่อมโยงประกาศ",
        applies=xch.has_links,
        per_link=True,
    ),
    policy.Control(
        id="XCH-004",
        title_en="Mutual TLS, explicit scopes, one audience",
        title_th="ใช้ TLS สองทาง ขอบเขตสิทธิชัดเจน และผู้รับรายเดียว",
        severity=Severity.HIGH,
        stages=_AFTER,
        check=xch_path.certificate_and_scopes,
        remedy_en="Name the scopes in the manifest and run apply.",
        remedy_th="ระบุขอบเขตสิทธิในแบบแจ้งและดำเนินการ apply",
        sources=("TGIX-P",),
    ),
    policy.Control(
        id="XCH-005",
        title_en="The only way is through the gateway",
        title_th="เชื่อมโยงผ่านเกตเวย์เท่านั้น",
        severity=Severity.HIGH,
        stages=_AFTER,
        check=xch_path.narrow_path,
        remedy_en="Run apply to write the network policies of the link again.",
        remedy_th="ดำเนินการ apply เพื่อเขียนนโยบายเครือข่ายของการเชื่อมโยงใหม่",
    ),
    policy.Control(
        id="XCH-006",
        title_en="Every exchange is logged and limited",
        title_th="บันทึกและจำกัดอัตราการแลกเปลี่ยนทุกครั้ง",
        severity=Severity.MEDIUM,
        stages=_AFTER,
        check=xch.logged,
        remedy_en="Run apply to write the route of the link again.",
        remedy_th="ดำเนินการ apply เพื่อเขียนเส้นทางของการเชื่อมโยงใหม่",
        sources=("CCA-2",),
        applies=xch.has_links,
    ),
    policy.Control(
        id="XCH-007",
        title_en="The link is reviewed every year",
        title_th="ทบทวนการเชื่อมโยงทุกปี",
        severity=Severity.MEDIUM,
        stages=_REVIEW,
        check=xch.review,
        remedy_en="Review the link and renew expires on both sides, at most a year ahead.",
        remedy_th="ทบทวนการเชื่อมโยงและต่ออายุทั้งสองฝ่าย ไม่เกินหนึ่งปี",
        applies=xch.has_links,
    ),
    policy.Control(
        id="XCH-008",
        title_en="Health Link: members, consent and clinicians",
        title_th="Health Link: สมาชิก ความยินยอม และผู้ประกอบวิชาชีพ",
        severity=Severity.CRITICAL,
        stages=_ALL,
        check=xch.health_link,
        remedy_en="Set consentMode, clinicianCheck and facility codes of five digits.",
        remedy_th="กำหนดรูปแบบความยินยอม การตรวจสอบผู้ประกอบวิชาชีพ และรหัสสถานพยาบาลห้าหลัก",
        sources=("HL-P",),
        applies=xch.has_kind("health-link"),
    ),
    policy.Control(
        id="XCH-009",
        title_en="Personal data of reported cases is masked",
        title_th="ปิดบังข้อมูลส่วนบุคคลของเรื่องที่รับแจ้ง",
        severity=Severity.HIGH,
        stages=_ALL,
        check=xch_kinds.masking,
        remedy_en="Name the masked fields under intake, and run apply.",
        remedy_th="ระบุรายการที่ปิดบังและดำเนินการ apply",
        applies=xch.has_kind("intake"),
    ),
    policy.Control(
        id="XCH-010",
        title_en="Cases are answered in time",
        title_th="ตอบรับเรื่องภายในเวลาที่กำหนด",
        severity=Severity.MEDIUM,
        stages=_ALL,
        check=xch_kinds.answered,
        remedy_en="Set intake.answerHours, and run apply.",
        remedy_th="กำหนดเวลาตอบรับเรื่องและดำเนินการ apply",
        applies=xch.has_kind("intake"),
        confirm=load.confirm("xch.answerHours"),
    ),
    policy.Control(
        id="XCH-011",
        title_en="The intake of cases is always there",
        title_th="ระบบรับเรื่องพร้อมใช้งานตลอดเวลา",
        severity=Severity.MEDIUM,
        stages=_ALL,
        check=xch_kinds.always_there,
        remedy_en="Rate availability as high in security.category, and run apply.",
        remedy_th="กำหนดระดับความพร้อมใช้งานเป็นสูงในแบบแจ้ง และดำเนินการ apply",
        applies=xch_kinds.takes_in,
    ),
    policy.Control(
        id="XCH-012",
        title_en="A foreigner's identity has no citizen id",
        title_th="ตัวตนของคนต่างด้าวไม่ใช้เลขประจำตัวประชาชน",
        severity=Severity.HIGH,
        stages=_ALL,
        check=xch_kinds.no_citizen_id,
        remedy_en="Take the citizen id out of fields, scopes and claims of the portal's link.",
        remedy_th="นำเลขประจำตัวประชาชนออกจากรายการข้อมูล ขอบเขตสิทธิ และข้อมูลยืนยันตัวตนของพอร์ทัล",
        applies=xch.has_kind("portal"),
    ),
)
