"""``onboard state``: check the records of runs, move them, and mend them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onboarding import counted, environment, errors
from onboarding.cli import agency, console, options
from onboarding.state import archive, checking, opening

if TYPE_CHECKING:
    from onboarding.engines import witness


@click.group(
    epilog=options.examples(
        "onboard state verify",
        "onboard state export --out state.tar",
        "onboard state import state.tar --environment gdcc-prod",
        "onboard state repair moph",
    )
)
def state() -> None:
    """The records of runs: what was applied, the journal, approvals.

    Where they are kept is state.store of the environment file: a folder, PostgreSQL or S3.
    """


@state.command(
    epilog=options.examples("onboard state verify", "onboard state verify moph --output json")
)
@click.argument("which", metavar="[FILE|AGENCY]", required=False)
@options.environment_option
@options.output_option
@options.volume_options
def verify(which: str | None, wanted: str | None, output: str) -> int:
    """Read every record, check every hash and link, and ask Vault what it remembers.

    Exit code 1 where something is damaged, missing or older than it was, 5 where Vault could
    not be asked.
    """
    target = options.target(wanted)
    store = opening.at(target.state)
    asked = agency.several(store, which)
    found = [f for tenant_id in asked for f in checking.check(store, tenant_id)]
    unasked = ""
    try:
        behind = _behind(target, asked, everyone=which is None)
        told = {f.tenant_id for f in found if f.damage and f.part == "journal"}
        found += [f for f in behind if f.tenant_id not in told]
    except (errors.Unreachable, errors.Denied) as unreachable:
        unasked = unreachable.message
    damaged = sorted({f.tenant_id for f in found if f.damage})
    if output == "json":
        console.result_json(_verified_json(store.place.where, asked, found, unasked))
    else:
        console.result(_verified_text(store.place.where, asked, found, unasked))
    if damaged:
        raise errors.EngineFailed(
            f"the records of {len(damaged)} of {len({*asked, *damaged})} agencies are damaged",
            resolution=f"Mend one after the other: onboard state repair {damaged[0]}",
        )
    return errors.ExitCode.UNDETERMINED if unasked else errors.ExitCode.DONE


def _witness(target: environment.Environment, role: environment.Role) -> witness.Witness:
    from onboarding.engines import table, witness

    found = witness.of(table.of(target, role))
    if found is None:
        raise errors.Unreachable("no engine of this environment remembers journals")
    return found


def _behind(
    target: environment.Environment, asked: Sequence[str], *, everyone: bool
) -> list[checking.Found]:
    """What Vault remembers and the store does not hold, of ``asked`` or of every agency."""
    from onboarding.engines import witness

    source = _witness(target, environment.Role.PLANNER)
    store = opening.at(target.state)
    known = {*asked, *source.all_remembered()} if everyone else set(asked)
    found = []
    for tenant_id in sorted(known):
        entries = checking.salvage(store, tenant_id).records.entries
        why = witness.lacking(entries, source.remembered(tenant_id))
        if why:
            found.append(checking.Found(tenant_id, "journal", f"Vault remembers more: {why}"))
    return found


def _verified_json(
    where: str, asked: Sequence[str], found: Sequence[checking.Found], unasked: str
) -> dict[str, object]:
    return {
        "store": where,
        "agencies": sorted({*asked, *(f.tenant_id for f in found)}),
        "found": [
            {"agency": f.tenant_id, "part": f.part, "told": f.told, "damage": f.damage}
            for f in found
        ],
        "witness": unasked or "asked",
    }


def _verified_text(
    where: str, asked: Sequence[str], found: Sequence[checking.Found], unasked: str
) -> str:
    lines = [f"state store {where}"]
    for tenant_id in sorted({*asked, *(f.tenant_id for f in found)}):
        own = [f for f in found if f.tenant_id == tenant_id]
        lines.append(f"  {tenant_id}  {'DAMAGED' if any(f.damage for f in own) else 'whole'}")
        lines += [f"    {'!' if f.damage else '-'} {f.part}: {f.told}" for f in own]
    if unasked:
        lines.append(f"Vault was not asked what it remembers: {unasked}")
    return "\n".join(lines)


@state.command(
    epilog=options.examples(
        "onboard state export --out state.tar", "onboard state export moph --out moph.tar"
    )
)
@click.argument("which", metavar="[FILE|AGENCY]", required=False)
@click.option(
    "--out", required=True, type=options.MANIFEST, metavar="FILE", help="The archive to write."
)
@options.environment_option
def export(which: str | None, out: Path, wanted: str | None) -> int:
    """Write the records of one agency, or of all, to a tar file with checksums.

    It holds no secret, but names of people who ran and approved; its mode is 0600.
    """
    target = options.target(wanted)
    store = opening.at(target.state)
    if out.exists():
        raise errors.UsageError(f"{out} is there already", resolution="Name another file.")
    asked = agency.several(store, which)
    if not asked:
        raise errors.UsageError(f"{store.place.where} holds no agency yet")
    archive.export(store, asked, out, target.name)
    console.result(f"{counted.of(len(asked), 'agency')} exported to {out}")
    return errors.ExitCode.DONE


@state.command(
    "import",
    epilog=options.examples(
        "onboard state import state.tar",
        "onboard state import state.tar --agency moph --yes",
    ),
)
@click.argument("file", type=options.MANIFEST)
@click.option("--agency", "only", multiple=True, metavar="ID", help="Only this agency.")
@options.environment_option
@click.option("--yes", is_flag=True, help="Do not ask.")
def import_command(file: Path, only: tuple[str, ...], wanted: str | None, yes: bool) -> int:
    """Bring exported records into the store of this environment.

    What the store holds already must be the beginning of what is imported; anything newer or
    else is refused. The journal goes on: its chain and its numbers stay.
    """
    target = options.target(wanted)
    store = opening.at(target.state)
    parts = archive.read(file)
    unknown = set(only) - parts.keys()
    if unknown:
        raise errors.UsageError(
            f"{file} holds no {', '.join(sorted(unknown))}",
            details=[f"it holds: {', '.join(sorted(parts))}"],
        )
    wanted_parts = {t: part for t, part in parts.items() if not only or t in only}
    lacking = archive.missing(store, wanted_parts)
    new = {t: n for t, n in lacking.items() if n}
    if not new:
        console.result("everything is there already")
        return errors.ExitCode.DONE
    for tenant_id, records in new.items():
        console.hint(f"  {tenant_id}: {counted.of(records, 'record')}\n")
    _agree(yes, f"Import into {store.place.where}?")
    for tenant_id in new:
        archive.bring(store, tenant_id, wanted_parts[tenant_id])
    console.result(f"{counted.of(len(new), 'agency')} imported into {store.place.where}")
    return errors.ExitCode.DONE


def _agree(yes: bool, question: str) -> None:
    if yes:
        return
    console.refuse_without_asking("Read what it says above")
    if not console.confirm(question):
        raise errors.OnboardError("nothing was changed: it was not agreed to")


@state.command(
    epilog=options.examples(
        "onboard state repair moph", "onboard state repair examples/moph.yaml --yes"
    )
)
@click.argument("which", metavar="FILE|AGENCY")
@options.environment_option
@click.option("--yes", is_flag=True, help="Do not ask.")
@options.volume_options
def repair(which: str, wanted: str | None, yes: bool) -> int:
    """Rebuild the damaged, older or deleted records of one agency.

    What is whole stays; what was applied is read from the live systems, by our labels. The old
    records are moved aside, and the journal says what was lost. Give FILE where no manifest is
    left in the store.
    """
    from onboarding.cli import state_repair

    return state_repair.run(which, options.target(wanted), agreed=lambda q: _agree(yes, q))
