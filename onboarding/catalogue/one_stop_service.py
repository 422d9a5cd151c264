"""One-stop service, such as EEC-OSS: open to the public, behind a web application firewall."""

from __future__ import annotations

from onboarding.catalogue.entry import Entry, ExtraField, Ingress

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
    options=(ExtraField("oneStopService", "One-stop service", "บริการเบ็ดเสร็จ"),),
)
