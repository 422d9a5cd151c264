"""What the agency asks for: tenancy, systems with their options, links, services, populations."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pydantic

from onboarding.manifest.agreement import EcmsCodes
from onboarding.manifest.calendar import WorkCalendar
from onboarding.manifest.citizen import HealthPlatform, OneStopService
from onboarding.manifest.fields import (
    CertificateName,
    Count,
    Day,
    Email,
    Https,
    Model,
    Name,
    Slug,
    Text,
    ThaiName,
    WebPath,
    field,
    mistake,
)
from onboarding.manifest.options import DataPlatform, Restricted, Telemetry

EnvironmentName = Literal["prod", "uat"]
SystemKind = Literal[
    "e-office",
    "health-platform",
    "one-stop-service",
    "iot-telemetry",
    "restricted",
    "data-platform",
]
LinkKind = Literal["health-link", "data-exchange", "portal", "intake"]
LetterType = Literal["external", "internal", "stamped", "order", "public-relations", "records"]
LetterClass = Literal["normal", "confidential", "secret"]
Speed = Literal["normal", "urgent", "very-urgent", "most-urgent"]
Notifier = Literal[
    "ReceiveLetterNotifier",
    "AcceptLetterNotifier",
    "RejectLetterNotifier",
    "InvalidLetterNotifier",
    "InvalidAcceptIDNotifier",
]


def _no_top_secret(value: Any) -> Any:
    if value in ("top-secret", "ลับที่สุด"):
        raise mistake(
            "top secret (ลับที่สุด) must never enter the system (Saraban rules No. 4, 2564)",
            "remove it; the highest class is secret (ลับมาก)",
        )
    return value


DataClass = Annotated[
    Literal["open", "internal", "confidential", "secret"],
    pydantic.BeforeValidator(_no_top_secret),
]
Secrecy = Annotated[LetterClass, pydantic.BeforeValidator(_no_top_secret)]


Scope = Annotated[str, pydantic.Field(pattern=r"^[a-z0-9][a-z0-9._:-]{0,99}$")]
"""OAuth scope: one word, as scopes stand in one line with spaces between them (RFC 6749 3.3)."""


class Shard(Model):
    """A part of a federated agency with instances of its own."""

    id: Slug = field("รหัสหน่วยย่อย", "Shard id", "begins with the agency's id")
    name_th: ThaiName = field("ชื่อหน่วยย่อย", "Name in Thai")
    users: Count = field("จำนวนผู้ใช้", "Users")


class SubTenant(Model):
    """A body of a pooled agency, e.g. one municipality."""

    id: Slug = field("รหัสหน่วยย่อย", "Body id")
    name_th: ThaiName = field("ชื่อหน่วยย่อย", "Name in Thai", "stands in its certificates")
    certificate_name: CertificateName | None = field(
        "ชื่อในใบรับรอง", "Name in certificates", "where the full name exceeds 64 characters", None
    )
    users: Count = field("จำนวนผู้ใช้", "Users")
    ecms: EcmsCodes | None = field("รหัสหน่วยงาน e-CMS", "e-CMS codes", "", None)


class SizingOverride(Model):
    """Size for another number of users than the agency has."""

    users: Count = field("จำนวนผู้ใช้ที่ใช้คำนวณ", "Users to size for")
    approval_ref: Name = field("เลขที่อนุมัติ", "Approval reference")


class Tenancy(Model):
    """How the agency is kept apart."""

    isolation: Literal["dedicated", "pooled", "federated"] = field(
        "รูปแบบการแยก",
        "Isolation",
        "dedicated: own instances; pooled: many bodies share one; federated: one per shard",
    )
    environments: tuple[EnvironmentName, ...] = field(
        "สภาพแวดล้อม", "Environments", "prod, uat", min_length=1
    )
    shards: tuple[Shard, ...] = field("หน่วยย่อย", "Shards", "federated only", ())
    sub_tenants: tuple[SubTenant, ...] = field("หน่วยย่อย", "Bodies", "pooled only", ())
    sizing_override: SizingOverride | None = field("ขนาดเฉพาะ", "Sizing override", "", None)


class PersonalData(Model):
    """Record of processing."""

    categories: tuple[Name, ...] = field(
        "ประเภทเจ้าของข้อมูล", "Categories", "whose data or which data", min_length=1
    )
    sensitive: bool = field("ข้อมูลอ่อนไหว", "Sensitive data", "data of PDPA s.26", False)
    purpose: Text = field("วัตถุประสงค์", "Purpose")
    retention_years: int = field("ระยะเวลาเก็บ (ปี)", "Kept for years", ge=1, le=100)
    basis: Literal[
        "public-task", "legal-obligation", "consent", "contract", "vital-interest",
        "legitimate-interest", "archive",
    ] = field("ฐานทางกฎหมาย", "Legal basis")  # fmt: skip
    recipients: tuple[Name, ...] = field("ผู้รับข้อมูล", "Recipients", "who receives the data", ())


class AiFeature(Model):
    """AI functions of the e-Office, fenced to letters of one class."""

    max_letter_class: Literal["normal"] = field(
        "ชั้นความลับสูงสุดที่ใช้ AI", "Highest letter class for AI", "only letters of class normal"
    )
    endpoint: Https = field("ปลายทางบริการ AI", "AI endpoint", "in Thailand")


def _ai_fence(value: Any) -> Any:
    if value is True:
        raise mistake(
            "'ai: true' does not say which letters the AI may read",
            "write ai: {maxLetterClass: normal, endpoint: https://…}; the AI is fenced to letters"
            " of class normal and to an endpoint in Thailand",
        )
    return None if value is False else value


class Features(Model):
    """Optional functions of a system."""

    ai: Annotated[
        AiFeature | None,
        pydantic.BeforeValidator(
            _ai_fence, json_schema_input_type=AiFeature | Literal[False] | None
        ),
    ] = field("ปัญญาประดิษฐ์", "AI", "off where absent", None)


class EcmsAccount(Model):
    """Account at the letter exchange between agencies."""

    endpoint: Https = field("ที่อยู่บริการ e-CMS", "e-CMS address")
    account: Name = field("บัญชี e-CMS", "Account", "its secret lives in Vault only")
    send: bool = field("สิทธิส่ง", "May send", "", True)
    receive: bool = field("สิทธิรับ", "May receive", "", True)
    notifiers: tuple[Notifier, ...] = field(
        "การแจ้งสถานะ",
        "Notifiers",
        "the five state messages of the exchange",
        (
            "ReceiveLetterNotifier",
            "AcceptLetterNotifier",
            "RejectLetterNotifier",
            "InvalidLetterNotifier",
            "InvalidAcceptIDNotifier",
        ),
    )


class EOffice(Model):
    """Settings of an e-Office (งานสารบรรณ)."""

    letter_types: tuple[LetterType, ...] = field(
        "ชนิดหนังสือ",
        "Letter types",
        "the six types of the Saraban rules",
        ("external", "internal", "stamped", "order", "public-relations", "records"),
    )
    secrecy: tuple[Secrecy, ...] = field(
        "ชั้นความลับ",
        "Secrecy classes",
        "normal, confidential (ลับ), secret (ลับมาก)",
        ("normal", "confidential"),
    )
    speeds: tuple[Speed, ...] = field(
        "ชั้นความเร็ว",
        "Speed classes",
        "normal (ปกติ), urgent (ด่วน), very-urgent (ด่วนมาก), most-urgent (ด่วนที่สุด)",
        ("normal", "urgent", "very-urgent", "most-urgent"),
    )
    retention_years: int = field("อายุการเก็บหนังสือ (ปี)", "Kept for years", "", 10, ge=1, le=100)
    work_calendar: WorkCalendar = field(
        "ปฏิทินวันทำการ", "Working calendar", "", WorkCalendar.model_construct()
    )
    ecms: EcmsAccount | None = field("บัญชีแลกเปลี่ยนหนังสือ", "Letter exchange", "", None)


class HostingException(Model):
    """Why a system is not on GDCC (Cloud First)."""

    reason: Text = field("เหตุผล", "Reason")
    expires: Day = field("วันหมดอายุ", "Expires", "at most one year ahead")


class System(Model):
    """One system of the agency."""

    name: Slug = field("ชื่อระบบ", "Name")
    kind: SystemKind = field("ชนิดระบบ", "Kind")
    hosting: Literal["gdcc", "other"] = field("ที่ตั้งระบบ", "Hosting", "", "gdcc")
    hosting_exception: HostingException | None = field("ข้อยกเว้นที่ตั้ง", "Hosting exception", "", None)
    data_class: DataClass = field("ชั้นข้อมูล", "Data class", "open, internal, confidential, secret")
    users: Count | None = field(
        "จำนวนผู้ใช้ระบบ", "Users of this system", "where other than users.initial", None
    )
    public: bool = field("เปิดสู่สาธารณะ", "Open to the public", "", False)
    personal_data: PersonalData | None = field("ข้อมูลส่วนบุคคล", "Personal data", "", None)
    features: Features = field("ความสามารถเสริม", "Features", "", Features.model_construct())
    eoffice: EOffice | None = field("งานสารบรรณ", "e-Office settings", "e-office only", None)
    health_platform: HealthPlatform | None = field(
        "แพลตฟอร์มสุขภาพ", "Health platform", "health-platform only", None
    )
    one_stop_service: OneStopService | None = field(
        "บริการเบ็ดเสร็จ", "One-stop service", "one-stop-service only", None
    )
    telemetry: Telemetry | None = field("ข้อมูลจากอุปกรณ์", "Telemetry", "iot-telemetry only", None)
    restricted: Restricted | None = field("การจำกัดการเข้าถึง", "Restricted", "restricted only", None)
    data_platform: DataPlatform | None = field(
        "ศูนย์ข้อมูล", "Data platform", "data-platform only", None
    )


class HealthLink(Model):
    """What the Health Link needs on this agency's side."""

    consent_webhook: WebPath = field(
        "เส้นทางแจ้งความยินยอม",
        "Consent webhook",
        "path at which the carrying system is told of consents given and withdrawn",
        "/health-link/consents",
    )


class Portal(Model):
    """The one-stop portal and the service it shows."""

    operator: Slug = field("หน่วยงานผู้ดูแลพอร์ทัล", "Operator", "id of the agency that runs the portal")
    public_api: WebPath = field("เส้นทาง API สาธารณะ", "Public API", "path, e.g. /api/services")
    identities: tuple[Literal["citizen", "foreigner"], ...] = field(
        "กลุ่มผู้ใช้พอร์ทัล", "Identities", "a foreigner has no citizen id", min_length=1
    )


class Intake(Model):
    """Cases that come in from a national contact centre."""

    channel: Literal["aoc-1441", "gcc-1111"] = field(
        "ช่องทาง", "Channel", "AOC 1441 (online fraud) or GCC 1111 (government contact centre)"
    )
    masked: tuple[Name, ...] = field(
        "รายการที่ปิดบัง", "Masked fields", "personal data shown to no clerk", ()
    )
    answer_hours: int | None = field(
        "ตอบรับภายใน (ชั่วโมง)", "Answered within hours", "24 at most", None, ge=1, le=720
    )


class Link(Model):
    """An exchange of data with another agency; both sides must declare the same."""

    id: Slug = field("รหัสการเชื่อมโยง", "Link id", "the same in both manifests")
    kind: LinkKind = field("ชนิดการเชื่อมโยง", "Kind")
    peer: Slug = field("หน่วยงานคู่เชื่อมโยง", "Peer", "id of the other agency")
    direction: Literal["in", "out", "both"] = field("ทิศทาง", "Direction")
    dataset: Name = field("ชุดข้อมูล", "Dataset")
    basis: Name = field("ฐานทางกฎหมาย", "Legal basis", "law, consent or agreement")
    purpose: Text | None = field("วัตถุประสงค์", "Purpose", "", None)
    owner: Name | None = field("เจ้าของข้อมูล", "Owner of the data", "", None)
    data_fields: tuple[Name, ...] = field(
        "รายการข้อมูล", "Fields exchanged", "no more than needed", ()
    )
    scopes: tuple[Scope, ...] = field(
        "ขอบเขตสิทธิ", "OAuth scopes", "small letters a-z, digits and . _ : -, no spaces", ()
    )
    data_class: DataClass = field("ชั้นข้อมูล", "Data class", alias="class")
    consent_mode: Literal["source-opt-in"] | None = field(
        "รูปแบบความยินยอม", "Consent mode", "Health Link: consent at the source hospital", None
    )
    facility_codes: tuple[Name, ...] = field(
        "รหัสสถานพยาบาล", "Facility codes", "Health Link: five digits each", ()
    )
    clinician_check: bool | None = field(
        "ตรวจสอบผู้ประกอบวิชาชีพ", "Clinician check", "Health Link: licence checked", None
    )
    health_link: HealthLink | None = field("Health Link", "Health Link", "health-link only", None)
    portal: Portal | None = field("พอร์ทัลกลาง", "Portal", "portal only", None)
    intake: Intake | None = field("การรับเรื่อง", "Intake of cases", "intake only", None)
    system: Slug | None = field(
        "ระบบที่ใช้เชื่อมโยง",
        "System",
        "which system carries the link; default: the first that is not the e-Office",
        None,
    )
    requests_per_minute: int | None = field(
        "จำนวนคำขอต่อนาที", "Requests per minute", "rate limit at the gateway", None, ge=1, le=100_000
    )
    restricted_approval: Name | None = field(
        "เลขที่อนุมัติการเชื่อมโยง",
        "Approval of a restricted agency",
        "an agency with a restricted system is linked to nobody without it",
        None,
    )
    country: str = field("ประเทศ", "Country", "ISO 3166-1", "TH", pattern=r"^[A-Z]{2}$")
    transfer_basis: Name | None = field(
        "ฐานการโอนไปต่างประเทศ", "Basis of transfer abroad", "PDPA s.28", None
    )
    expires: Day = field("วันหมดอายุ", "Expires", "reviewed at least once a year")


class Service(Model):
    """A shared government service that the agency uses."""

    kind: Literal["mail", "shared-data-centre"] = field("ชนิดบริการ", "Kind")
    central_address: Email | None = field("อีเมลกลาง", "Central address", "mail only", None)
    dkim: bool | None = field("DKIM", "DKIM record requested", "mail only", None)
    spf: bool | None = field("SPF", "SPF record requested", "mail only", None)
    site: Name | None = field("สถานที่", "Site", "data centre only", None)


class Population(Model):
    """People who use services without being staff, e.g. at public access points."""

    kind: Literal["public-access"] = field("กลุ่มผู้ใช้", "Kind")
    name_th: ThaiName = field("ชื่อกลุ่ม", "Name in Thai")
    access_points: Count = field("จำนวนจุดให้บริการ", "Access points")
    users: Count = field("จำนวนผู้ใช้", "Users")
    session_minutes: int = field("อายุเซสชัน (นาที)", "Session in minutes", "", 15, ge=1, le=60)
