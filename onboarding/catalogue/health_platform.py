"""Digital health platform: data of PDPA s.26, so fenced and encrypted more strictly."""

from __future__ import annotations

from onboarding.catalogue.entry import Entry, ExtraField, Words

ENTRY = Entry(
    kind="health-platform",
    title_en="Digital health platform",
    title_th="แพลตฟอร์มสุขภาพดิจิทัล",
    summary_en="Health data (PDPA s.26) in namespaces of the class sensitive, encrypted at rest.",
    summary_th="ข้อมูลสุขภาพ (พ.ร.บ. คุ้มครองข้อมูลส่วนบุคคล มาตรา 26) ในเนมสเปซชั้นอ่อนไหว เข้ารหัสขณะจัดเก็บ",
    sensitive=True,
    provisions=(
        Words(
            "cluster: namespace of the class sensitive, encrypted storage, workload, ingress",
            "คลัสเตอร์: เนมสเปซชั้นอ่อนไหว พื้นที่จัดเก็บเข้ารหัส พอด และทางเข้าระบบ",
        ),
        Words(
            "Vault: policy, key pair; Keycloak: client that asks for AAL 2; Ansible: access log",
            "Vault: นโยบายและคู่กุญแจ; Keycloak: ไคลเอนต์ที่ต้องการ AAL 2; Ansible: บันทึกการเข้าถึง",
        ),
    ),
    controls=("PDP-007", "TEN-017"),
    sizing=Words("users, by the table of size classes", "จำนวนผู้ใช้ ตามตารางชั้นขนาด"),
    settings=True,
    least_aal=2,
    options=(ExtraField("healthPlatform", "Health platform", "แพลตฟอร์มสุขภาพ"),),
)
