"""Telemetry of devices, such as the Smart Bus Terminal: device identity, limits, no persons."""

from __future__ import annotations

from onboarding.catalogue.entry import Entry, ExtraField, Words

ENTRY = Entry(
    kind="iot-telemetry",
    title_en="Telemetry of devices",
    title_th="ระบบรับข้อมูลจากอุปกรณ์ (IoT)",
    summary_en="An ingest gateway for devices that prove who they are by certificate; no persons.",
    summary_th="เกตเวย์รับข้อมูลจากอุปกรณ์ที่ยืนยันตัวตนด้วยใบรับรอง ไม่มีข้อมูลส่วนบุคคล",
    sign_in=False,
    personal_data=False,
    options=(ExtraField("telemetry", "Devices and limits", "อุปกรณ์และขีดจำกัด", required=True),),
    provisions=(
        Words(
            "cluster: namespace, quota, network policies, ingest gateway with its volume",
            "คลัสเตอร์: เนมสเปซ โควตา นโยบายเครือข่าย เกตเวย์รับข้อมูลพร้อมพื้นที่จัดเก็บ",
        ),
        Words(
            "ingress that asks each device for its certificate and limits its messages",
            "ทางเข้าระบบที่ตรวจใบรับรองของอุปกรณ์และจำกัดจำนวนข้อความรายอุปกรณ์",
        ),
        Words(
            "Vault: role `device`, which signs for the listed devices and nobody else",
            "Vault: บทบาท `device` ซึ่งลงนามใบรับรองให้เฉพาะอุปกรณ์ที่ระบุไว้",
        ),
    ),
    controls=("PKI-023", "PKI-024", "NET-013", "PDP-010", "TEN-003"),
    sizing=Words(
        "users for processors and pods; time series for memory; series, messages a minute and"
        " days kept for storage",
        "จำนวนผู้ใช้กำหนดหน่วยประมวลผลและพอด จำนวนอนุกรมเวลากำหนดหน่วยความจำ"
        " จำนวนอนุกรมเวลา ข้อความต่อนาที และจำนวนวันที่เก็บกำหนดพื้นที่จัดเก็บ",
    ),
)
