"""Options of the systems that serve patients and the public, one block per kind of system."""

from __future__ import annotations

from onboarding.manifest.calendar import WorkCalendar
from onboarding.manifest.fields import Https, Model, Name, Slug, field


class AccessLog(Model):
    """Who looked at which record, when and why."""

    retention_days: int = field(
        "ระยะเวลาเก็บบันทึกการเข้าถึง (วัน)",
        "Kept for days",
        "at least 90",
        180,
        ge=1,
        le=3650,
    )
    reason_required: bool = field(
        "ต้องระบุเหตุผลการเข้าถึง", "Reason required", "before a record is opened", True
    )


class HealthPlatform(Model):
    """Options of a health platform (PDPA s.26)."""

    access_log: AccessLog = field("บันทึกการเข้าถึง", "Access log", "", AccessLog.model_construct())


class PaymentGateway(Model):
    """A payment service that the system may reach, through the egress gateway only."""

    name: Slug = field("ชื่อช่องทางชำระเงิน", "Name")
    endpoint: Https = field("ที่อยู่บริการ", "Address", "its host is opened at the egress gateway")


class JuristicId(Model):
    """Sign-in of companies by a provider of juristic ids (OpenID Connect)."""

    permit_ref: Name = field("เลขที่หนังสืออนุญาต", "Permit", "TBD in a draft")
    issuer: Https = field("ผู้ออกโทเคน", "Issuer", "OpenID Connect issuer of the provider")
    authorization_url: Https = field("ที่อยู่ขออนุญาต", "Authorization address")
    token_url: Https = field("ที่อยู่ขอโทเคน", "Token address")
    jwks_url: Https = field("ที่อยู่กุญแจสาธารณะ", "Key set address")
    client_id: Name | None = field(
        "รหัสไคลเอนต์", "Client id", "given by the provider with the permit", None
    )


class OneStopService(Model):
    """Options of a one-stop service."""

    payments: tuple[PaymentGateway, ...] = field("ช่องทางชำระเงิน", "Payment gateways", "", ())
    juristic_id: JuristicId | None = field("การยืนยันตัวตนนิติบุคคล", "Juristic id", "", None)
    work_calendar: WorkCalendar = field(
        "ปฏิทินวันทำการ",
        "Working calendar",
        "when a request counts as received",
        WorkCalendar.model_construct(),
    )
