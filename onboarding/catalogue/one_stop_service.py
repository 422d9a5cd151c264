"""One-stop service, such as EEC-OSS: open to the public, behind a web application firewall."""

from __future__ import annotations

from onboarding.catalogue.entry import Entry, ExtraField, Ingress, Words

ENTRY = Entry(
    kind="one-stop-service",
    title_en="One-stop service",
    title_th="ระบบบริการเบ็ดเสร็จ ณ จุดเดียว",
    summary_en="Services for people and companies: public site behind a firewall, ThaID and "
    "juristic id, payments through the egress gateway, receipt by working time.",
    summary_th="บริการประชาชนและนิติบุคคล เว็บไซต์สาธารณะหลังไฟร์วอลล์เว็บ ยืนยันตัวตนด้วย ThaID"
    " และเลขนิติบุคคล ชำระเงินผ่านเกตเวย์ขาออก และนับเวลารับคำขอตามเวลาทำการ",
    ingress=Ingress.PUBLIC,
    settings=True,
    provisions=(
        Words(
            "cluster: namespace, quota, workload, public ingress behind a web application firewall",
            "คลัสเตอร์: เนมสเปซ โควตา พอด และทางเข้าสาธารณะหลังไฟร์วอลล์เว็บ",
        ),
        Words(
            "egress gateway: the payment hosts agreed on, and no other",
            "เกตเวย์ขาออก: เฉพาะปลายทางชำระเงินที่ตกลงไว้",
        ),
        Words(
            "Vault: policy, key pair; Ansible: receipt by working time",
            "Vault: นโยบายและคู่กุญแจ; Ansible: การนับเวลารับคำขอตามเวลาทำการ",
        ),
        Words(
            "Keycloak: client, and sign-in by ThaID and juristic id once each is permitted",
            "Keycloak: ไคลเอนต์ และการลงชื่อเข้าใช้ด้วย ThaID และเลขนิติบุคคลเมื่อได้รับอนุญาต",
        ),
    ),
    controls=(
        "NET-006",
        "NET-007",
        "NET-009",
        "NET-012",
        "OPS-004",
        "DOC-013",
        "IDP-006",
        "IDP-007",
    ),
    sizing=Words("users, by the table of size classes", "จำนวนผู้ใช้ ตามตารางชั้นขนาด"),
    options=(ExtraField("oneStopService", "One-stop service", "บริการเบ็ดเสร็จ"),),
)
