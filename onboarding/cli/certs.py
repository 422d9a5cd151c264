"""``onboard certs``: certificates of officials who sign external letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onboarding import clock, environment, errors, tenant, vault
from onboarding.cli import console, options

if TYPE_CHECKING:
    from onboarding.pki import devices, listing
    from onboarding.pki import issue as issuing


@click.group(short_help="Certificates of officials who sign letters, and of devices.")
def certs() -> None:
    """Certificates of officials who may sign external letters (ผู้มีอำนาจลงนามหนังสือภายนอก), and
    of devices that send telemetry (อุปกรณ์).

    \b
    Examples:
      onboard certs issue examples/moph.yaml --signer ps-moph --csr moph-ps-moph.csr
      onboard certs issue examples/dlt.yaml --device station-07 --csr station-07.csr
      onboard certs list examples/moph.yaml
    """


@certs.command(
    "issue",
    epilog=options.examples(
        "onboard certs issue examples/moph.yaml --signer ps-moph --csr moph-ps-moph.csr \\",
        "    --out ps-moph.pem",
        "onboard certs issue examples/dlt.yaml --device station-07 --csr station-07.csr",
    ),
)
@click.argument("file", type=options.MANIFEST)
@click.option("--signer", "signer_id", metavar="ID", help="A signer of the manifest.")
@click.option("--device", "device_id", metavar="ID", help="A device of the manifest.")
@click.option(
    "--csr",
    "request",
    required=True,
    type=options.MANIFEST,
    help="Their certificate request, in PEM. Never a private key.",
)
@click.option(
    "--out",
    type=options.MANIFEST,
    help="Write certificate and chain there. Default: to stdout.",
)
@click.option(
    "--replace",
    is_flag=True,
    help="They have a new key: revoke the certificate of the old one.",
)
@options.environment_option
@options.output_option
def issue_command(
    file: Path,
    signer_id: str | None,
    device_id: str | None,
    request: Path,
    out: Path | None,
    replace: bool,
    wanted: str | None,
    output: str,
) -> int:
    """Sign the request of an official, or of a device, of FILE.

    The key never leaves them. An official's certificate ends with the authority at the latest, a
    device's after 90 days. The same request gets the same certificate again; that of a device a
    new one once it is due.
    """
    from onboarding import manifest
    from onboarding.pki import devices
    from onboarding.pki import issue as issuing

    if (signer_id is None) == (device_id is None):
        raise errors.UsageError(
            "a certificate is for a signer or for a device",
            resolution="Add --signer ID or --device ID, one of them.",
        )
    target = options.target(wanted)
    of = tenant.resolve(manifest.load(file), target)
    now = clock.Clock()
    if device_id is not None:
        device = devices.device_of(of, device_id)
        with _signing(of, target, device.name) as (door, store):
            sent = devices.issue_to(door, of, device, request, now, replace=replace)
            _record_device(store, of, sent)
        _show_device(sent, out, output)
        return errors.ExitCode.DONE
    signer = issuing.signer_of(of, str(signer_id))
    issuing.refuse_unless_entitled(of, signer, now.today())
    with _signing(of, target, signer.id) as (door, store):
        done = issuing.issue(door, of, signer, request, now, replace=replace)
        _record(store, of, done)
    if out is not None:
        _write(out, done.pem())
    _show_issued(done, out, output)
    return errors.ExitCode.DONE


@contextmanager
def _signing(
    of: tenant.Tenant, target: environment.Environment, who: str
) -> Iterator[tuple[vault.Vault, Any]]:
    """The way to Vault and to the journal while one request is signed."""
    from onboarding import reconcile
    from onboarding.engines import vault_pki
    from onboarding.state import files

    store = files.FileStore(target.store())
    reconcile.check_identity([vault_pki.VaultPki(target, environment.Role.APPLIER)], target)
    with (
        vault.connect(target, environment.Role.APPLIER) as door,
        store.lease(of.id),
        console.progress().step(f"Sign the request of {who}"),
    ):
        yield door, store


def _record_device(store: Any, of: tenant.Tenant, done: devices.Issued) -> None:
    if done.new:
        store.record(
            of.id,
            "certificate-issued",
            device=done.device.name,
            serial=done.serial,
            notAfter=done.facts["notAfter"],
            replaced=list(done.replaced),
        )


def _show_device(done: devices.Issued, out: Path | None, output: str) -> None:
    if out is not None:
        _write(out, done.pem())
    facts = done.facts
    if output == "json":
        console.result_json(
            {
                "device": done.device.id,
                "system": done.device.system,
                "serial": done.serial,
                "commonName": facts["commonName"],
                "notBefore": facts["notBefore"],
                "notAfter": facts["notAfter"],
                "sha256": facts["sha256"],
                "new": done.new,
                "replaced": list(done.replaced),
                "certificate": facts["certificate"],
                "chain": list(done.chain),
                "file": str(out) if out else "",
            }
        )
        return
    lines = [
        _NEW if done.new else _KNOWN,
        f"  device · อุปกรณ์         {done.device.id}  {facts['commonName']}",
        *_dates(facts, done.serial, done.replaced),
    ]
    lines += ["", done.pem()] if out is None else [f"  written to · เขียนที่      {out}"]
    console.result("\n".join(lines))


_NEW = "certificate issued · ออกใบรับรองแล้ว"
_KNOWN = "this key has a valid certificate already · กุญแจนี้มีใบรับรองที่ใช้ได้อยู่แล้ว"


def _dates(facts: Mapping[str, Any], serial: str, replaced: Sequence[str]) -> list[str]:
    return [
        f"  serial · หมายเลข         {serial}",
        f"  valid from · เริ่มใช้ได้  {_both(facts['notBefore'])}",
        f"  valid until · ใช้ได้ถึง   {_both(facts['notAfter'])}",
        *(f"  revoked · เพิกถอน        {gone}" for gone in replaced),
    ]


def _record(store: Any, of: tenant.Tenant, done: issuing.Issued) -> None:
    if done.new:
        store.record(
            of.id,
            "certificate-issued",
            signer=done.signer.id,
            serial=done.serial,
            notAfter=done.facts["notAfter"],
            orderRef=done.signer.order_ref,
            replaced=list(done.replaced),
        )


def _write(path: Path, pem: str) -> None:
    try:
        path.write_text(pem, encoding="ascii")
    except OSError as problem:
        raise errors.UsageError(
            f"the certificate was made, but {path} cannot be written",
            details=[str(problem.strerror)],
            resolution="Run the command again with another --out: you get the same certificate.",
        ) from problem


def _show_issued(done: issuing.Issued, out: Path | None, output: str) -> None:
    facts = done.facts
    if output == "json":
        shown = {
            "signer": done.signer.id,
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
        console.result_json(shown)
        return
    lines = [
        _NEW if done.new else _KNOWN,
        f"  signer · ผู้ลงนาม        {done.signer.id}  {facts['commonName']}",
        f"  organisation · หน่วยงาน  {facts['organization']}",
        *_dates(facts, done.serial, done.replaced),
    ]
    if out is None:
        lines += ["", done.pem()]
    else:
        lines += [f"  written to · เขียนที่      {out}"]
    console.result("\n".join(lines))


def _both(stamp: str) -> str:
    """A time of a certificate as its day in Bangkok, Gregorian and of the Buddhist Era."""
    from onboarding.pki import listing

    return _day(listing.moment(stamp).astimezone(clock.BANGKOK).date())


def _day(day: date | None) -> str:
    return f"{day.isoformat()} (พ.ศ. {clock.buddhist_year(day)})" if day else ""


@certs.command(
    "list",
    epilog=options.examples(
        "onboard certs list examples/moph.yaml",
        "onboard certs list examples/plk-lao.yaml --output json",
    ),
)
@click.argument("file", type=options.MANIFEST)
@options.environment_option
@options.output_option
@options.as_of_option
def list_command(file: Path, wanted: str | None, output: str, as_of: clock.Clock) -> int:
    """Show every signer and device of FILE with their certificates, and those of nobody in it."""
    from onboarding import manifest
    from onboarding.pki import devices, listing

    target = options.target(wanted)
    of = tenant.resolve(manifest.load(file), target)
    with vault.connect(target, environment.Role.AUDITOR) as door:
        issued = listing.persons(door, of)
        sent = devices.certificates_of(door, of) if of.devices else ()
    rows = listing.rows(of, issued, as_of.now(), as_of.today())
    of_devices = tuple(devices.rows(of, sent, as_of.now()))
    if output == "json":
        shown = {"agency": of.id, "certificates": [_as_json(r) for r in rows]}
        console.result_json({**shown, "devices": [_device_json(r) for r in of_devices]})
    else:
        parts = [_table(of, rows)] if rows or not of_devices else []
        parts += [_device_table(of_devices)] if of_devices else []
        console.result("\n".join(parts))
    return errors.ExitCode.DONE


def _as_json(row: listing.Row) -> dict[str, Any]:
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


def _device_json(row: devices.Row) -> dict[str, Any]:
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
    "not-in-manifest": "ไม่อยู่ในบันทึกข้อตกลง",
}
_AUTHORITY_TH = {"valid": "มีอำนาจ", "not-yet": "ยังไม่เริ่ม", "lapsed": "สิ้นสุดแล้ว", "none": "-"}


def _table(of: tenant.Tenant, rows: Sequence[listing.Row]) -> str:
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


def _device_table(rows: Sequence[devices.Row]) -> str:
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
