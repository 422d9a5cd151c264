"""e-Office (e-Saraban): official correspondence, registers and signed external letters."""

from __future__ import annotations

from onboarding.catalogue.entry import Entry, ExtraField, Words

ENTRY = Entry(
    kind="e-office",
    title_en="e-Office",
    title_th="ระบบสำนักงานอิเล็กทรอนิกส์ (e-Office)",
    summary_en="Correspondence with registers per unit, five roles and signed external letters.",
    summary_th="งานสารบรรณอิเล็กทรอนิกส์ ทะเบียนหนังสือรายหน่วย ห้าบทบาท และการลงนามหนังสือภายนอก",
    per_shard=True,
    settings=True,
    provisions=(
        Words(
            "cluster: namespace per environment and shard, quota, network policies, pods, ingress",
            "คลัสเตอร์: เนมสเปซต่อสภาพแวดล้อมและหน่วยย่อย โควตา นโยบายเครือข่าย พอด และทางเข้าระบบ",
        ),
        Words(
            "Vault: issuing authority, roles for officials, policy, key pair, e-CMS secrets",
            "Vault: ผู้ออกใบรับรอง บทบาทสำหรับผู้ลงนาม นโยบาย คู่กุญแจ และความลับของบัญชี e-CMS",
        ),
        Words(
            "Keycloak: client, groups of the five roles, of signers and of units",
            "Keycloak: ไคลเอนต์ กลุ่มของห้าบทบาท ผู้ลงนาม และหน่วยย่อย",
        ),
        Words(
            "Ansible: registers, letter types, workflow, calendar, e-CMS, AI fence; hand-over kit",
            "Ansible: ทะเบียน ชนิดหนังสือ ขั้นตอนงาน ปฏิทิน e-CMS ขอบเขต AI และเอกสารส่งมอบ",
        ),
    ),
    controls=(*(f"DOC-{number:03}" for number in (*range(1, 9), 10, 13, 15)), "SEC-008"),
    sizing=Words(
        "users, by the table of size classes; shards above 100,000",
        "จำนวนผู้ใช้ ตามตารางชั้นขนาด และแบ่งหน่วยย่อยเมื่อเกิน 100,000",
    ),
    options=(
        ExtraField("eoffice", "Settings of the e-Office", "การตั้งค่างานสารบรรณ"),
        ExtraField("features", "Optional functions (AI)", "ความสามารถเสริม (ปัญญาประดิษฐ์)"),
    ),
)
