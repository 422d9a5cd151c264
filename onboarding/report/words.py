"""The words of reports, in English and in the formal Thai of official documents."""

from __future__ import annotations

from collections.abc import Mapping

WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "fail": "FAIL",
        "unknown": "UNKNOWN",
        "waived": "waived",
        "pass": "pass",
        "not-applicable": "n/a",
        "critical": "critical",
        "high": "high",
        "medium": "medium",
        "low": "low",
        "manifest": "manifest",
        "plan": "plan",
        "live": "live",
        "remedy": "remedy",
        "confirm": "to be confirmed",
        "basis": "basis",
        "configuration": "configuration",
        "more": "and {count} more",
        "controls": "{controls} controls, {findings} findings:",
        "failed": "failed",
        "could not be determined": "could not be determined",
        "passed": "passed",
        "not applicable": "not applicable",
        "in order": "in order: {controls} controls (each of them: --verbose)",
        "MOU": "Manifest and law",
        "PDP": "Personal data",
        "TEN": "Tenancy",
        "WRK": "Workloads",
        "NET": "Network",
        "PKI": "Signers",
        "SEC": "Vault",
        "IDP": "Identity",
        "DOC": "e-Office",
        "XCH": "Links",
        "OPS": "Operations",
    },
    "th": {
        "fail": "ไม่ผ่าน",
        "unknown": "ตรวจสอบไม่ได้",
        "waived": "ได้รับยกเว้น",
        "pass": "ผ่าน",
        "not-applicable": "ไม่ใช้บังคับ",
        "critical": "วิกฤต",
        "high": "สูง",
        "medium": "ปานกลาง",
        "low": "ต่ำ",
        "manifest": "แบบแจ้งข้อมูล",
        "plan": "แผน",
        "live": "ระบบจริง",
        "remedy": "วิธีแก้ไข",
        "confirm": "รอการยืนยัน",
        "basis": "พิจารณาจาก",
        "configuration": "การตั้งค่า",
        "more": "และอีก {count} รายการ",
        "controls": "{controls} มาตรการ {findings} ผลการตรวจ:",
        "failed": "ไม่ผ่าน",
        "could not be determined": "ตรวจสอบไม่ได้",
        "passed": "ผ่าน",
        "not applicable": "ไม่ใช้บังคับ",
        "in order": "เรียบร้อย {controls} มาตรการ (ดูรายมาตรการ: --verbose)",
        "MOU": "ข้อตกลงและกฎหมาย",
        "PDP": "ข้อมูลส่วนบุคคล",
        "TEN": "การแยกพื้นที่หน่วยงาน",
        "WRK": "ระบบงาน",
        "NET": "เครือข่าย",
        "PKI": "ใบรับรองผู้ลงนาม",
        "SEC": "ระบบเก็บความลับ",
        "IDP": "การยืนยันตัวตน",
        "DOC": "งานสารบรรณ",
        "XCH": "การเชื่อมโยงข้อมูล",
        "OPS": "การปฏิบัติการ",
    },
}
THAI_MONTHS = (
    "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
    "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
)  # fmt: skip


def language(name: str) -> Mapping[str, str]:
    """The words of a language; English for one that there is not."""
    return WORDS.get(name, WORDS["en"])
