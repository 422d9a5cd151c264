"""``onboard certs``: certificates of officials who sign external letters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onboarding import clock, environment, errors, tenant, vault
from onboarding.cli import certs_text, console, options

if TYPE_CHECKING:
    from onboarding.pki import devices
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
    from onboarding.leaving import records
    from onboarding.pki import devices
    from onboarding.pki import issue as issuing
    from onboarding.state import opening

    if (signer_id is None) == (device_id is None):
        raise errors.UsageError(
            "a certificate is for a signer or for a device",
            resolution="Add --signer ID or --device ID, one of them.",
        )
    target = options.target(wanted)
    of = _known(file, target)
    records.refuse_unless_present(records.standing(opening.of(target), of.id), of.id)
    now = clock.Clock()
    if device_id is not None:
        device = devices.device_of(of, device_id)
        with _signing(of, target, device.name) as (door, store):
            sent = devices.issue_to(door, of, device, request, now, replace=replace)
            _record_device(store, of, sent)
        _show(sent, *certs_text.of_device(sent), out, output)
        return errors.ExitCode.DONE
    signer = issuing.signer_of(of, str(signer_id))
    issuing.refuse_unless_entitled(of, signer, now.today())
    with _signing(of, target, signer.id) as (door, store):
        done = issuing.issue(door, of, signer, request, now, replace=replace)
        _record(store, of, done)
    _show(done, *certs_text.of_signer(done), out, output)
    return errors.ExitCode.DONE


def _known(file: Path, target: environment.Environment) -> tenant.Tenant:
    """The agency of a manifest as it stands, with the names that it had before."""
    from onboarding import lineage, manifest
    from onboarding.leaving import records
    from onboarding.state import opening

    read = manifest.load(file)
    store = opening.of(target)
    of = tenant.resolve(read, target, former=lineage.former_names(store, read.id))
    stands = records.standing(store, of.id)
    return tenant.standing(of, stands.phase, stands.generation)


@contextmanager
def _signing(
    of: tenant.Tenant, target: environment.Environment, who: str
) -> Iterator[tuple[vault.Vault, Any]]:
    """The way to Vault and to the journal while one request is signed."""
    from onboarding import reconcile
    from onboarding.engines import vault_pki
    from onboarding.state import opening

    store = opening.of(target)
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


def _show(
    done: issuing.Issued | devices.Issued,
    who: Mapping[str, Any],
    lines: Sequence[str],
    out: Path | None,
    output: str,
) -> None:
    if out is not None:
        _write(out, done.pem())
    if output == "json":
        console.result_json(certs_text.issued_json(done, who, out))
    else:
        console.result(certs_text.issued(done, lines, out))


def _write(path: Path, pem: str) -> None:
    try:
        path.write_text(pem, encoding="ascii")
    except OSError as problem:
        raise errors.UsageError(
            f"the certificate was made, but {path} cannot be written",
            details=[str(problem.strerror)],
            resolution="Run the command again with another --out: you get the same certificate.",
        ) from problem


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
    from onboarding.pki import devices, listing

    target = options.target(wanted)
    of = _known(file, target)
    with vault.connect(target, environment.Role.AUDITOR) as door:
        issued = listing.persons(door, of)
        sent = devices.certificates_of(door, of) if of.devices else ()
    rows = listing.rows(of, issued, as_of.now(), as_of.today())
    of_devices = tuple(devices.rows(of, sent, as_of.now()))
    if output == "json":
        shown = {"agency": of.id, "certificates": [certs_text.row_json(r) for r in rows]}
        console.result_json({**shown, "devices": [certs_text.device_json(r) for r in of_devices]})
    else:
        parts = [certs_text.table(of, rows)] if rows or not of_devices else []
        parts += [certs_text.device_table(of_devices)] if of_devices else []
        console.result("\n".join(parts))
    return errors.ExitCode.DONE
