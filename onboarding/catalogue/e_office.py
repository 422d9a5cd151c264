"""e-Office (e-Saraban): official correspondence, registers and signed external letters."""

from __future__ import annotations

from onboarding.catalogue.entry import Entry, ExtraField

ENTRY = Entry(
    kind="e-office",
    title_en="e-Office",
    title_th="ระบบสำนักงานอิเล็กทรอนิกส์ (e-Office)",
    summary_en="Correspondence with registers per unit, five roles and signed external letters.",
    summary_th="งานสารบรรณอิเล็กทรอนิกส์ ทะเบียนหนังสือรายหน่วย ห้าบทบาท และการลงนามหนังสือภายนอก",
    per_shard=True,
    settings=True,
    options=(
        ExtraField("eoffice", "Settings of the e-Office", "การตั้งค่างานสารบรรณ"),
        ExtraField("features", "Optional functions (AI)", "ความสามารถเสริม (ปัญญาประดิษฐ์)"),
    ),
)
