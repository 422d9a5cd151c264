"""Words of ``onboard certs``: what was issued, who has what; on the screen and as JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onboarding import clock, tenant

if TYPE_CHECKING:
    from onboarding.pki import devices, listing
    from onboarding.pki import issue as issuing

_NEW = "certificate issued · ออกใบรับรองแล้ว"
_KNOWN = "this key has a valid certificate already · กุญแจนี้มีใบรับรองที่ใช้ได้อยู่แล้ว"


def _dates(facts: Mapping[str, Any], serial: str, replaced: Sequence[str]) -> list[str]:
    return [
        f"  serial · หมายเลข         {serial}",
        f"  valid from · เริ่มใช้ได้  {_both(facts['notBefore'])}",
        f"  valid until · ใช้ได้ถึง   {_both(facts['notAfter'])}",
        *(f"  revoked · เพิกถอน        {gone}" for gone in replaced),
    ]


def of_signer(done: issuing.Issued) -> tuple[dict[str, Any], list[str]]:
    """Who got a certificate, as JSON and as lines."""
    name, organization = done.facts["commonName"], done.facts["organization"]
    lines = [
        f"  signer · ผู้ลงนาม        {done.signer.id}  {name}",
        f"  organisation · หน่วยงาน  {organization}",
    ]
    return {"signer": done.signer.id}, lines


def of_device(done: devices.Issued) -> tuple[dict[str, Any], list[str]]:
    """Which device got a certificate, as JSON and as lines."""
    lines = [f"  device · อุปกรณ์         {done.device.id}  {done.device.name}"]
    return {"device": done.device.id, "system": done.device.system}, lines


def issued_json(
    done: issuing.Issued | devices.Issued, who: Mapping[str, Any], out: Path | None
) -> dict[str, Any]:
    facts = done.facts
    return {
        **who,
        "serial": done.serial,
        "commonName": facts["commonName"],
        "organization": facts["organization"],
        "notBefore": facts["notBefore"],
        "notAfter": facts["notAfter"],
        "sha256": facts["sha256"],
        "new": done.new,
        "replaced": list(done.replaced),
        "certificate": facts["certificate"],
        "chain": list(done.chain),
        "file": str(out) if out else "",
    }


def issued(done: issuing.Issued | devices.Issued, who: Sequence[str], out: Path | None) -> str:
    """The certificate itself follows where it is written to no file."""
    lines = [_NEW if done.new else _KNOWN, *who]
    lines += _dates(done.facts, done.serial, done.replaced)
    lines += ["", done.pem()] if out is None else [f"  written to · เขียนที่      {out}"]
    return "\n".join(lines)


def _both(stamp: str) -> str:
    """A time of a certificate as its day in Bangkok, Gregorian and of the Buddhist Era."""
    from onboarding.pki import listing

    return _day(listing.moment(stamp).astimezone(clock.BANGKOK).date())


def _day(day: date | None) -> str:
    return f"{day.isoformat()} (พ.ศ. {clock.buddhist_year(day)})" if day else ""


def row_json(row: listing.Row) -> dict[str, Any]:
    return {
        "signer": row.signer,
        "name": row.name,
        "organization": row.organization,
        "state": row.state.value,
        "authority": row.authority.value,
        "authorityFrom": row.authority_from.isoformat() if row.authority_from else "",
        "authorityTo": row.authority_to.isoformat() if row.authority_to else "",
        "serial": row.serial,
        "notBefore": row.not_before,
        "notAfter": row.not_after,
        "revokedAt": row.revoked_at,
    }


def device_json(row: devices.Row) -> dict[str, Any]:
    return {
        "device": row.device.id,
        "system": row.device.system,
        "name": row.device.name,
        "state": row.state.value,
        "serial": row.serial,
        "notBefore": row.not_before,
        "notAfter": row.not_after,
        "revokedAt": row.revoked_at,
    }


_STATES_TH = {
    "issued": "ออกแล้ว",
    "expired": "หมดอายุ",
    "revoked": "เพิกถอนแล้ว",
    "awaiting-enrolment": "รอลงทะเบียน",
    "awaiting-trust": "รอผู้รับรอง",
    "not-in-manifest": "ไม่อยู่ในแบบแจ้งข้อมูล",
}
_AUTHORITY_TH = {"valid": "มีอำนาจ", "not-yet": "ยังไม่เริ่ม", "lapsed": "สิ้นสุดแล้ว", "none": "-"}


def table(of: tenant.Tenant, rows: Sequence[listing.Row]) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table

    if not rows:
        return f"{of.id}: the manifest has no signers · ไม่มีผู้มีอำนาจลงนาม"
    table = Table(box=box.SIMPLE, pad_edge=False)
    for heading in (
        "signer\nผู้ลงนาม",
        "name\nชื่อ",
        "state\nสถานะ",
        "authority until\nมีอำนาจถึง",
        "serial\nหมายเลข",
        "valid until\nใช้ได้ถึง",
    ):
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(
            row.signer or "-",
            f"{row.name}\n{row.organization}",
            f"{row.state.value}\n{_STATES_TH[row.state.value]}",
            f"{_day(row.authority_to)}\n{row.authority.value} {_AUTHORITY_TH[row.authority.value]}",
            row.serial,
            _both(row.not_after) if row.not_after else "",
        )
    sheet = Console(width=140, no_color=True, highlight=False)
    with sheet.capture() as captured:
        sheet.print(table)
    return captured.get()


def device_table(rows: Sequence[devices.Row]) -> str:
    """Devices with their certificates; those that wait for one are named together."""
    from onboarding.pki import listing

    held = [row for row in rows if row.state is not listing.State.AWAITING_ENROLMENT]
    waiting = [row.device.name for row in rows if row.state is listing.State.AWAITING_ENROLMENT]
    lines = [
        f"{row.device.name}  {row.state.value} · {_STATES_TH[row.state.value]}"
        f"  {row.serial}  {_both(row.not_after)}"
        for row in held
    ]
    if waiting:
        span = waiting[0] if len(waiting) == 1 else f"{waiting[0]} … {waiting[-1]}"
        state = listing.State.AWAITING_ENROLMENT.value
        lines.append(f"{len(waiting)} devices {state} · {_STATES_TH[state]}: {span}")
    return "\n".join(lines)
