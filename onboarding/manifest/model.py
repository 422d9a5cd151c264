"""The manifest: what an agency and the ministry agreed on, as one strict, frozen model.

Field names follow the table of the domain reference (5.1); the models of its sections stand in
`agreement`, `systems` and `duties`.
"""

from __future__ import annotations

from typing import Literal

from onboarding.manifest.agreement import (
    Agency,
    Bodies,
    Branch,
    Coordinator,
    EcmsCodes,
    Metadata,
    Mou,
    Signatory,
    Users,
    Waiver,
)
from onboarding.manifest.duties import (
    Contact,
    Identity,
    Impact,
    Legal,
    Operations,
    Security,
    Signer,
    Signing,
    ThaId,
)
from onboarding.manifest.fields import Model, field
from onboarding.manifest.systems import (
    EOffice,
    Link,
    PersonalData,
    Population,
    Service,
    Shard,
    SubTenant,
    System,
    Tenancy,
)

API_VERSION = "gdcc.go.th/v1alpha2"

__all__ = [
    "API_VERSION",
    "Agency",
    "AgencyMou",
    "Bodies",
    "Branch",
    "Contact",
    "Coordinator",
    "EOffice",
    "EcmsCodes",
    "Identity",
    "Impact",
    "Legal",
    "Link",
    "Metadata",
    "Mou",
    "Operations",
    "PersonalData",
    "Population",
    "Security",
    "Service",
    "Shard",
    "Signatory",
    "Signer",
    "Signing",
    "SubTenant",
    "System",
    "Tenancy",
    "ThaId",
    "Users",
    "Waiver",
]


class AgencyMou(Model):
    """An agency's MOU with the ministry (บันทึกข้อตกลงของหน่วยงาน)."""

    api_version: Literal["gdcc.go.th/v1alpha2"] = field("รุ่นของรูปแบบ", "Version of the format")
    kind: Literal["AgencyMou"] = field("ชนิดเอกสาร", "Kind of document")
    metadata: Metadata = field("ข้อมูลกำกับ", "Metadata")
    agency: Agency = field("หน่วยงาน", "Agency")
    mou: Mou = field("บันทึกข้อตกลง", "MOU")
    users: Users = field("จำนวนผู้ใช้", "Users")
    bodies: Bodies | None = field("จำนวนหน่วยงาน", "Bodies", "regional mechanism only", None)
    tenancy: Tenancy = field("การแยกพื้นที่", "Tenancy")
    security: Security = field("ความมั่นคงปลอดภัย", "Security")
    systems: tuple[System, ...] = field("ระบบงาน", "Systems", min_length=1)
    identity: Identity = field("การยืนยันตัวตน", "Identity")
    signing: Signing | None = field("ใบรับรอง CA", "Signing", "certificates of officials", None)
    links: tuple[Link, ...] = field("การเชื่อมโยงข้อมูล", "Links", "", ())
    services: tuple[Service, ...] = field("บริการร่วม", "Shared services", "", ())
    populations: tuple[Population, ...] = field("กลุ่มผู้ใช้สาธารณะ", "Populations", "", ())
    legal: Legal = field("ข้อกฎหมาย", "Legal")
    operations: Operations = field("การปฏิบัติการ", "Operations", "", Operations.model_construct())
    contacts: tuple[Contact, ...] = field("ผู้ติดต่อ", "Contacts", min_length=1)
    waivers: tuple[Waiver, ...] = field("ข้อยกเว้น", "Waivers", "", ())

    @property
    def id(self) -> str:
        """The agency's id."""
        return self.metadata.id
