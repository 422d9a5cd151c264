"""Data platform of a sector, such as the National Energy Information Center."""

from __future__ import annotations

from onboarding.catalogue.entry import Entry, ExtraField, Words

ENTRY = Entry(
    kind="data-platform",
    title_en="Data platform of a sector",
    title_th="ศูนย์ข้อมูลกลางรายสาขา",
    summary_en="Data of a sector's agencies, which comes in by links that both sides declare.",
    summary_th="ข้อมูลจากหน่วยงานในสาขา รับผ่านการเชื่อมโยงที่ทั้งสองฝ่ายประกาศไว้",
    cii=True,
    options=(
        ExtraField("dataPlatform", "Datasets and storage", "ชุดข้อมูลและพื้นที่จัดเก็บ", required=True),
    ),
    provisions=(
        Words(
            "cluster: namespace, quota with the agreed storage, network policies, pods, ingress",
            "คลัสเตอร์: เนมสเปซ โควตาตามพื้นที่จัดเก็บที่ตกลง นโยบายเครือข่าย พอด และทางเข้าระบบ",
        ),
        Words(
            "Vault: policy, sign-in role, key pair; Keycloak: client of the instance",
            "Vault: นโยบาย บทบาทการลงชื่อเข้าใช้ และคู่กุญแจ; Keycloak: ไคลเอนต์ของระบบ",
        ),
        Words("one link for each agency that delivers data", "การเชื่อมโยงสำหรับทุกหน่วยงานที่ส่งข้อมูล"),
    ),
    controls=("MOU-018", "OPS-003", "TEN-003", "XCH-001", "XCH-003"),
    sizing=Words(
        "users, by the table of size classes; storage as agreed, if that is more",
        "จำนวนผู้ใช้ ตามตารางชั้นขนาด และพื้นที่จัดเก็บตามที่ตกลงหากมากกว่า",
    ),
)
