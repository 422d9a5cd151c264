"""The agency and what it signed: identity, MOU, numbers of users and bodies."""

from __future__ import annotations

from typing import Literal

from onboarding.manifest.fields import (
    AgencyId,
    CertificateName,
    Count,
    Day,
    Domain,
    Email,
    JuristicId,
    Model,
    Name,
    Phone,
    Province,
    Slug,
    Text,
    ThaiName,
    field,
)

Branch = Literal[
    "executive-central",
    "executive-regional",
    "local",
    "public-organization",
    "state-enterprise",
    "education",
    "judiciary",
    "legislature",
    "independent",
    "security",
]


class Metadata(Model):
    """Who this file is about."""

    id: AgencyId = field("รหัสหน่วยงาน", "Agency id", "short id that every name is made from")


class EcmsCodes(Model):
    """Codes of the TH e-GIF letter exchange."""

    ministry_code: str = field(
        "รหัสกระทรวง e-CMS",
        "e-CMS ministry code",
        "first two digits of the department code",
        pattern=r"^[0-9]{2}$",
    )
    department_code: str = field(
        "รหัสหน่วยงาน e-CMS", "e-CMS department code", "five digits", pattern=r"^[0-9]{5}$"
    )


class Education(Model):
    """Only state schools and universities may ask for the service."""

    state: bool = field("สถานศึกษาของรัฐ", "State institution", "true for a state institution")


class Agency(Model):
    """The agency as law and registers know it."""

    name_th: ThaiName = field("ชื่อหน่วยงาน", "Name in Thai", "official name, as in its law")
    name_en: Name = field("ชื่อหน่วยงาน (อังกฤษ)", "Name in English")
    certificate_name: CertificateName | None = field(
        "ชื่อในใบรับรอง",
        "Name in certificates",
        "official name of at most 64 characters, where the full name is longer",
        None,
    )
    branch: Branch = field("ประเภทหน่วยงาน", "Branch of the state", "decides which laws apply")
    parent: Slug | None = field("สังกัด", "Parent agency", "id of the agency above", None)
    province_code: Province = field("รหัสจังหวัด", "Province", "ISO 3166-2:TH, e.g. TH-10")
    organization_id: JuristicId | None = field(
        "เลขประจำตัวผู้เสียภาษี/นิติบุคคล", "Tax or juristic id", "13 digits, in quotes", None
    )
    letter_code: Name = field(
        "รหัสพยัญชนะหนังสือ", "Letter code", "letters before the number of an official letter"
    )
    ecms: EcmsCodes | None = field("รหัสหน่วยงาน e-CMS", "e-CMS codes", "", None)
    domains: tuple[Domain, ...] = field(
        "โดเมน", "Domains", "the first one carries the hosts of the services", min_length=1
    )
    saraban_email: Email = field("อีเมลสารบรรณกลาง", "Central correspondence address")
    education: Education | None = field("สถานศึกษา", "Education", "only for schools", None)


class Signatory(Model):
    """Who signed the MOU."""

    party: Literal["mdes", "agency"] = field("ฝ่าย", "Party")
    name: Name = field("ชื่อ", "Name")
    position: Name = field("ตำแหน่ง", "Position")


class Coordinator(Model):
    """Who coordinates a regional programme."""

    kind: Literal["nso-provincial-office", "agency", "mdes"] = field(
        "ประเภทผู้ประสานงาน", "Kind", "a regional programme has the provincial statistical office"
    )
    name_th: ThaiName = field("ชื่อผู้ประสานงาน", "Name in Thai")
    province_code: Province | None = field("รหัสจังหวัด", "Province", "", None)
    email: Email | None = field("อีเมล", "E-mail", "", None)
    phone: Phone | None = field("โทรศัพท์", "Telephone", "", None)


class Fee(Model):
    """A price, which only an add-on may have."""

    item: Name = field("รายการ", "Item", "e-office and ca are free of charge")
    amount_thb: Count = field("จำนวนเงิน (บาท)", "Amount in baht")
    approval_ref: Name | None = field("เลขที่อนุมัติ", "Approval reference", "", None)


class Mou(Model):
    """The memorandum of understanding."""

    title: Name = field("ชื่อบันทึกข้อตกลง", "Title")
    number: Name = field("เลขที่", "Number")
    signed_on: Day = field("วันที่ลงนาม", "Signed on", "Gregorian date")
    effective_from: Day = field("วันที่เริ่มมีผล", "In force from", "Gregorian date")
    effective_to: Day = field("วันที่สิ้นสุด", "In force until", "Gregorian date, inclusive")
    mechanism: Literal["central", "regional"] = field(
        "กลไก", "Mechanism", "central: by a ministry; regional: a province's programme"
    )
    coordinator: Coordinator | None = field("ผู้ประสานงาน", "Coordinator", "", None)
    signatories: tuple[Signatory, ...] = field("ผู้ลงนาม", "Signatories", min_length=1)
    fees: tuple[Fee, ...] = field("ค่าบริการ", "Fees", "add-ons only", ())


class Users(Model):
    """People who work with the e-Office."""

    initial: Count = field("จำนวนผู้ใช้เริ่มต้น", "Users at the start", "drives sizing")
    target: Count = field("จำนวนผู้ใช้เป้าหมาย", "Users aimed at")


class Bodies(Model):
    """Coverage of a regional programme."""

    onboarded: Count = field("จำนวนหน่วยงานที่เข้าร่วม", "Bodies on board")
    total: Count = field("จำนวนหน่วยงานทั้งหมด", "Bodies in the province")


class Waiver(Model):
    """A finding that is accepted for a time."""

    control: str = field("มาตรการ", "Control", "e.g. PDP-006", pattern=r"^[A-Z]{3}-[0-9]{3}$")
    object: Name = field("สิ่งที่ยกเว้น", "Object")
    reason: Text = field("เหตุผล", "Reason")
    requested_by: Name = field("ผู้ขอ", "Requested by")
    approved_by: Name = field("ผู้อนุมัติ", "Approved by", "another person than the requester")
    expires: Day = field("วันหมดอายุ", "Expires", "at most 180 days ahead")
