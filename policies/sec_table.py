"""SEC: the controls with their titles, severities and remedies."""

from __future__ import annotations

from onboarding import policy
from onboarding.policies import sec
from onboarding.policy import Severity, Stage

_MANIFEST = frozenset({Stage.MANIFEST})
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})
_LIVE = frozenset({Stage.LIVE})
_PLAN = frozenset({Stage.PLAN})

CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="SEC-001",
        title_en="Two audit logs with different sinks",
        title_th="มีบันทึกการตรวจสอบอย่างน้อยสองปลายทาง",
        severity=Severity.CRITICAL,
        stages=_LIVE,
        check=sec.audit_devices,
        remedy_en="Add a second audit device to the server.",
        remedy_th="เพิ่มอุปกรณ์บันทึกการตรวจสอบอีกหนึ่งรายการ",
        sources=("BAO-P",),
    ),
    policy.Control(
        id="SEC-002",
        title_en="Issuance can be read in the audit log",
        title_th="อ่านการออกใบรับรองได้จากบันทึกการตรวจสอบ",
        severity=Severity.MEDIUM,
        stages=_BOTH,
        check=sec.issuance_readable,
        remedy_en="Run apply to tune the mount.",
        remedy_th="ดำเนินการ apply เพื่อปรับการตั้งค่าเมานต์",
        sources=("BAO-P",),
    ),
    policy.Control(
        id="SEC-003",
        title_en="Workloads sign in under exact names",
        title_th="ระบบงานยืนยันตัวตนด้วยชื่อที่ระบุชัดเจน",
        severity=Severity.CRITICAL,
        stages=_BOTH,
        check=sec.workload_auth,
        remedy_en="Run apply to narrow the role.",
        remedy_th="ดำเนินการ apply เพื่อจำกัดบทบาท",
        sources=("BAO-P",),
    ),
    policy.Control(
        id="SEC-004",
        title_en="Policies stay in the agency's own prefix",
        title_th="นโยบายอยู่ในขอบเขตเส้นทางของหน่วยงาน",
        severity=Severity.CRITICAL,
        stages=_BOTH,
        check=sec.own_prefix,
        remedy_en="Run apply to rewrite the policy.",
        remedy_th="ดำเนินการ apply เพื่อเขียนนโยบายใหม่",
        sources=("BAO-P",),
    ),
    policy.Control(
        id="SEC-005",
        title_en="No root token, no long-lived token",
        title_th="ไม่มีโทเคนรากและโทเคนอายุยาว",
        severity=Severity.CRITICAL,
        stages=_LIVE,
        check=sec.tokens,
        remedy_en="Revoke the token.",
        remedy_th="เพิกถอนโทเคน",
        sources=("BAO-P",),
    ),
    policy.Control(
        id="SEC-006",
        title_en="Vault is reached over verified TLS",
        title_th="เชื่อมต่อ Vault ผ่าน TLS ที่ตรวจสอบแล้ว",
        severity=Severity.HIGH,
        stages=_PLAN,
        check=sec.tls,
        remedy_en="Use an https address in the environment file.",
        remedy_th="ใช้ที่อยู่ https ในแฟ้มสภาพแวดล้อม",
        sources=("BAO-P",),
    ),
    policy.Control(
        id="SEC-007",
        title_en="Secrets are encrypted at rest",
        title_th="เข้ารหัสข้อมูลลับขณะจัดเก็บ",
        severity=Severity.HIGH,
        stages=_MANIFEST,
        check=sec.at_rest,
        remedy_en="Obtain the operator's attestation.",
        remedy_th="ขอหนังสือรับรองจากผู้ให้บริการ",
        sources=(
            "CIS Kubernetes 1.2.27",
            "CIS Kubernetes 1.2.28",
        ),
    ),
)
