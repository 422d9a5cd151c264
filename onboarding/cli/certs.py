"""``onboard certs``: certificates of officials who sign external letters."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onboarding import clock, environment, errors, tenant, vault
from onboarding.cli import console, options

if TYPE_CHECKING:
    from onboarding.pki import issue as issuing
    from onboarding.pki import listing


@click.group(short_help="Certificates of officials who sign letters.")
def certs() -> None:
    """Certificates of officials who may sign external letters (ผู้มีอำนาจลงนามหนังสือภายนอก).

    \b
    Examples:
      onboard certs issue examples/moph.yaml --signer ps-moph --csr moph-ps-moph.csr
      onboard certs list examples/moph.yaml
    """


@certs.command(
    "issue",
    epilog=options.examples(
        "onboard certs issue examples/moph.yaml --signer ps-moph --csr moph-ps-moph.csr \\",
        "    --out ps-moph.pem",
    ),
)
@click.argument("file", type=options.MANIFEST)
@click.option(
    "--signer", "signer_id", required=True, metavar="ID", help="A signer of the manifest."
)
@click.option(
    "--csr",
    "request",
    required=True,
    type=options.MANIFEST,
    help="The official's certificate request, in PEM. Never a private key.",
)
@click.option(
    "--out",
    type=options.MANIFEST,
    help="Write certificate and chain there. Default: to stdout.",
)
@click.option(
    "--replace",
    is_flag=True,
    help="The official has a new key: revoke the certificate of the old one.",
)
@options.environment_option
@options.output_option
def issue_command(
    file: Path,
    signer_id: str,
    request: Path,
    out: Path | None,
    replace: bool,
    wanted: str | None,
    output: str,
) -> int:
    """Sign the request of an official of FILE.

    The key never leaves the official. The certificate ends with the authority at the latest. The
    same request gets the same certificate again.
    """
    from onboarding import manifest, reconcile
    from onboarding.engines import vault_pki
    from onboarding.pki import issue as issuing
    from onboarding.state import files

    target = options.target(wanted)
    of = tenant.resolve(manifest.load(file), target)
    signer = issuing.signer_of(of, signer_id)
    now = clock.Clock()
    issuing.refuse_unless_entitled(of, signer, now.today())
    store = files.FileStore(target.store())
    reconcile.check_identity([vault_pki.VaultPki(target, environment.Role.APPLIER)], target)
    with (
        vault.connect(target, environment.Role.APPLIER) as door,
        store.lease(of.id),
        console.progress().step(f"Sign the request of {signer.id}"),
    ):
        done = issuing.issue(door, of, signer, request, now, replace=replace)
        _record(store, of, done)
    if out is not None:
        _write(out, done.pem())
    _show_issued(done, out, output)
    return errors.ExitCode.DONE


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
        "certificate issued · ออกใบรับรองแล้ว"
        if done.new
        else "this key has a valid certificate already · กุญแจนี้มีใบรับรองที่ใช้ได้อยู่แล้ว",
        f"  signer · ผู้ลงนาม        {done.signer.id}  {facts['commonName']}",
        f"  organisation · หน่วยงาน  {facts['organization']}",
        f"  serial · หมายเลข         {done.serial}",
        f"  valid from · เริ่มใช้ได้  {_both(facts['notBefore'])}",
        f"  valid until · ใช้ได้ถึง   {_both(facts['notAfter'])}",
        *(f"  revoked · เพิกถอน        {serial}" for serial in done.replaced),
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
    """Show every signer of FILE with their certificates, and certificates of nobody in it."""
    from onboarding import manifest
    from onboarding.pki import listing

    target = options.target(wanted)
    of = tenant.resolve(manifest.load(file), target)
    with vault.connect(target, environment.Role.AUDITOR) as door:
        issued = listing.persons(door, of)
    rows = listing.rows(of, issued, as_of.now(), as_of.today())
    if output == "json":
        console.result_json({"agency": of.id, "certificates": [_as_json(r) for r in rows]})
    else:
        console.result(_table(of, rows))
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
