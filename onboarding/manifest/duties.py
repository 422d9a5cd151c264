"""What law and security ask of the agency: category, identity, signing, law, contacts."""

from __future__ import annotations

from typing import Literal

from onboarding.manifest.fields import (
    CertificateName,
    Count,
    Day,
    Email,
    Https,
    Model,
    Name,
    Phone,
    Slug,
    Text,
    ThaiName,
    field,
)
from onboarding.manifest.systems import DataClass

Impact = Literal["low", "moderate", "high"]
Authority = Literal["pdpc", "ncsa", "etda", "depa", "dga", "onde", "opdc"]


class Category(Model):
    """Impact levels by confidentiality, integrity and availability; the highest counts."""

    c: Impact = field("ผลกระทบด้านความลับ", "Confidentiality")
    i: Impact = field("ผลกระทบด้านความครบถ้วน", "Integrity")
    a: Impact = field("ผลกระทบด้านความพร้อมใช้", "Availability")
    reviewed_on: Day = field("วันที่ทบทวน", "Reviewed on", "at most three years ago")


class Cii(Model):
    """Critical information infrastructure (Cybersecurity Act 2562)."""

    is_cii: bool = field("เป็นโครงสร้างพื้นฐานสำคัญ", "Is CII")
    sector: Name | None = field("ภาคส่วน", "Sector", "", None)


class PgpKey(Model):
    """Key for mail about incidents (CRC notification 2566)."""

    fingerprint: str = field(
        "ลายนิ้วมือกุญแจ", "Fingerprint", "40 hexadecimal digits", pattern=r"^[0-9A-F]{40}$"
    )
    published_at: Https = field("ที่เผยแพร่", "Published at")


class Security(Model):
    """Security category and limits."""

    category: Category = field("ระดับผลกระทบ", "Security category")
    max_data_class: DataClass = field(
        "ชั้นข้อมูลสูงสุด", "Highest data class", "open, internal, confidential, secret"
    )
    cii: Cii | None = field("โครงสร้างพื้นฐานสำคัญ", "CII", "", None)
    pgp_key: PgpKey | None = field("กุญแจ PGP", "PGP key", "for incident mail", None)


class ThaId(Model):
    """Sign-in with the digital id of the Department of Provincial Administration (DOPA)."""

    dopa_permit_ref: Name = field("เลขที่หนังสืออนุญาตกรมการปกครอง", "DOPA permit", "TBD in a draft")
    client_id: Name | None = field(
        "รหัสไคลเอนต์ ThaID", "Client id", "given by DOPA with the permit", None
    )
    purpose: Text = field("วัตถุประสงค์", "Purpose", "only the permitted one")
    systems: tuple[Slug, ...] = field("ระบบที่ได้รับอนุญาต", "Permitted systems", min_length=1)
    scopes: tuple[
        Literal["openid", "pid", "given_name", "family_name", "birthdate", "address"], ...
    ] = field("ขอบเขตข้อมูล", "Scopes", "no more than the purpose needs", min_length=1)


class Identity(Model):
    """How staff sign in."""

    provider: Literal["keycloak"] = field("ผู้ให้บริการยืนยันตัวตน", "Provider", "", "keycloak")
    isolation: Literal["organization", "realm"] = field(
        "การแยกบัญชี",
        "Isolation",
        "organization in the shared realm, or an own realm",
        "organization",
    )
    thaid: ThaId | None = field("ThaID", "ThaID", "", None)
    required_ial: Literal["1.1", "1.2", "1.3", "2.1", "2.2", "2.3", "3"] = field(
        "ระดับการพิสูจน์ตัวตน", "Identity assurance level (IAL)", "in quotes", "2.3"
    )
    required_aal: int = field("ระดับการยืนยันตัวตน", "Authenticator level (AAL)", "", 2, ge=1, le=3)


class Ra(Model):
    """Registration authority: who approves certificates."""

    approver: Name = field("ผู้อนุมัติใบรับรอง", "Approver")


class Signer(Model):
    """An official authorised to sign external letters."""

    id: Slug = field("รหัสผู้ลงนาม", "Signer id")
    body: Slug | None = field("หน่วยย่อย", "Body", "pooled agencies only", None)
    name_th: CertificateName = field(
        "ชื่อผู้มีอำนาจลงนามหนังสือภายนอก", "Name in Thai", "becomes CN, at most 64 characters"
    )
    position_th: ThaiName = field("ตำแหน่ง", "Position in Thai")
    email: Email = field("อีเมล", "E-mail", "in the agency's domains")
    order_ref: Name = field("เลขที่คำสั่งแต่งตั้ง", "Order reference")
    authority_from: Day = field("มีอำนาจตั้งแต่", "Authority from", "Gregorian date")
    authority_to: Day = field("มีอำนาจถึง", "Authority until", "Gregorian date, inclusive")
    ial_evidence_ref: Name = field("หลักฐานการพิสูจน์ตัวตน", "Evidence of identity proofing")
    requested_by: Name | None = field("ผู้ขอใบรับรอง", "Requested by", "not the approver", None)


class Signing(Model):
    """Certificates for external letters."""

    trust: Literal["gdcc", "nrca"] = field(
        "ผู้รับรอง", "Trust", "gdcc: root of the environment; nrca: signed by an NRCA member", "gdcc"
    )
    profile: Literal["letter-signing"] = field("โปรไฟล์", "Profile", "", "letter-signing")
    ra: Ra = field("หน่วยรับลงทะเบียน", "Registration authority")
    signers: tuple[Signer, ...] = field("ผู้มีอำนาจลงนามหนังสือภายนอก", "Signers", "", ())


class Epa(Model):
    """e-Performance Act 2565."""

    mode: Literal["applicable", "royal-decree", "voluntary", "not-applicable"] = field(
        "การใช้บังคับ", "Mode", "courts, legislature and independent bodies are outside s.4"
    )
    ref: Name | None = field("อ้างอิง", "Reference", "the decree, for royal-decree", None)
    note: Text | None = field("หมายเหตุ", "Note", "", None)


class Dpo(Model):
    """Data protection officer."""

    name: Name | None = field("ชื่อ", "Name", "", None)
    office: Name | None = field("หน่วยงาน", "Office", "", None)
    email: Email = field("อีเมล", "E-mail")
    phone: Phone = field("โทรศัพท์", "Telephone")
    other_duties: bool = field("มีหน้าที่อื่น", "Has other duties", "", False)
    certified_to_pdpc: Name | None = field(
        "หนังสือรับรองต่อ สคส.", "Certified to the PDPC", "reference", None
    )


class Exemption(Model):
    """Exemption of PDPA s.4; security measures stay on."""

    paragraph: str = field("อนุมาตรา", "Paragraph", "e.g. s4(5)", pattern=r"^s4\([1-6]\)$")
    scope: Text = field("ขอบเขต", "Scope")


class Pdpa(Model):
    """Personal Data Protection Act 2562."""

    role: Literal["controller", "processor", "joint"] = field("บทบาท", "Role")
    exemption: Exemption | None = field("ข้อยกเว้น", "Exemption", "", None)
    dpo: Dpo | None = field("เจ้าหน้าที่คุ้มครองข้อมูล", "DPO", "", None)
    dpa_ref: Name | None = field(
        "ข้อตกลงประมวลผลข้อมูล", "Processing or sharing agreement", "reference", None
    )


class Legal(Model):
    """Which rules apply, and on what basis."""

    epa2565: Epa = field("พ.ร.บ. การปฏิบัติราชการทางอิเล็กทรอนิกส์", "e-Performance Act")
    pdpa: Pdpa = field("พ.ร.บ. คุ้มครองข้อมูลส่วนบุคคล", "PDPA")
    saraban: Literal["saraban-2526", "own-rule"] = field(
        "ระเบียบงานสารบรรณ", "Correspondence rules", "", "saraban-2526"
    )
    authorities: tuple[Authority, ...] = field(
        "หน่วยงานกำกับ", "Authorities", "whom breaches and incidents are reported to",
        ("pdpc", "ncsa"),
    )  # fmt: skip


class Contact(Model):
    """Whom to call."""

    role: Literal["technical", "dpo", "incident", "coordinator"] = field("หน้าที่", "Role")
    email: Email = field("อีเมล", "E-mail")
    phone: Phone = field("โทรศัพท์", "Telephone", 'in quotes: "+66-2-000-0000"')
    available: str = field(
        "เวลาที่ติดต่อได้",
        "Available",
        "24x7 or hours such as 08:30-16:30",
        "08:30-16:30",
        pattern=r"^(24x7|([01][0-9]|2[0-3]):[0-5][0-9]-([01][0-9]|2[0-4]):[0-5][0-9])$",
    )


class AnnualReport(Model):
    """Yearly summary to the NCSA, due by 31 January."""

    month: int = field("เดือน", "Month", ge=1, le=12)
    day: int = field("วัน", "Day", ge=1, le=31)
    owner: Name = field("ผู้รับผิดชอบ", "Owner")


class PenTest(Model):
    """Last penetration test."""

    on: Day = field("วันที่ทดสอบ", "Date")
    report_ref: Name = field("เลขที่รายงาน", "Report reference")


class ExitPlan(Model):
    """How the agency gets its data back."""

    format: Name = field("รูปแบบข้อมูล", "Format")
    owner: Name = field("ผู้รับผิดชอบ", "Owner")
    deletion_proof: Name = field("หลักฐานการลบ", "Proof of deletion")


class Operations(Model):
    """Duties of running operation."""

    annual_report: AnnualReport | None = field("รายงานประจำปี", "Annual report", "", None)
    pen_test: PenTest | None = field("การทดสอบเจาะระบบ", "Penetration test", "", None)
    exit_plan: ExitPlan | None = field("แผนการออกจากระบบ", "Exit plan", "", None)
    regions: tuple[Name, ...] = field(
        "พื้นที่จัดเก็บข้อมูล", "Regions", "of storage, backups and logs; in Thailand", ("TH",)
    )
    pdpc_hours: Count = field("ชั่วโมงแจ้ง สคส.", "Hours to notify the PDPC", "", 72)
