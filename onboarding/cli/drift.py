"""``onboard drift``: what differs live from what was applied, and who changed it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onboarding import (
    clock,
    environment,
    errors,
    item,
    lineage,
    links,
    manifest,
    strict_yaml,
    tenant,
)
from onboarding.cli import console, options, peers
from onboarding.leaving import records
from onboarding.state import interface, opening

if TYPE_CHECKING:
    from onboarding import drift


@dataclass(frozen=True, slots=True)
class _Asked:
    """One agency: as it was applied last, and, where its file was given, what that wants."""

    tenant: tenant.Tenant
    desired: tuple[item.Item, ...] | None


@click.command(
    epilog=options.examples(
        "onboard drift examples/moph.yaml",
        "onboard drift --all --verbose",
        "onboard drift --all --output json > drift.json",
    ),
)
@click.argument("files", type=options.MANIFEST, nargs=-1, metavar="[FILE]…")
@click.option("--all", "every", is_flag=True, help="Every agency that was applied here.")
@options.environment_option
@options.with_option
@options.output_option
@options.volume_options
@options.as_of_option
def drift_command(
    files: tuple[Path, ...],
    every: bool,
    wanted: str | None,
    given: tuple[Path, ...],
    output: str,
    as_of: clock.Clock,
) -> int:
    """Show what hands or other tools changed since it was applied; never writes.

    With a FILE also what its manifest changes and nobody applied yet. Exit code 4 where
    something drifted, 5 where something could not be read. apply repairs what drifted.
    """
    from onboarding import drift
    from onboarding.report import drift as report

    if bool(files) == every:
        raise errors.UsageError(
            "name manifests, or ask for every agency with --all",
            resolution="For example: onboard drift --all",
        )
    target = options.target(wanted)
    store = opening.of(target)
    asked = _every(store, target, given) if every else _named(files, store, target, given, as_of)
    found = _found(asked, store, target)
    if output == "json":
        shown = [report.as_json(d) for d in found]
        console.result_json({"environment": target.name, "tenants": shown})
    else:
        console.result(_text([a.tenant for a in asked], found, target))
    return drift.exit_code(found)


def _found(
    asked: Sequence[_Asked], store: interface.StateStore, target: environment.Environment
) -> list[drift.Drift]:
    from onboarding import desired, drift
    from onboarding.engines import authors, table

    if not asked:
        return []
    role = environment.Role.AUDITOR
    seen = drift.read(table.of(target, role), target, [a.tenant for a in asked], console.progress())
    found = []
    for one in asked:
        applied, wanted = store.applied(one.tenant.id), one.desired
        if not applied and wanted is None:
            # Its first run ended before it wrote anything: all that is known is what it wants.
            wanted = desired.everything(one.tenant, target)
        found.append(drift.compare(one.tenant.id, applied, seen, wanted))
    refs = [d.ref for one in found for d in one.drifted]
    if not refs:
        return found
    with console.progress().step("Ask the systems' records who changed it"):
        known = authors.last(target, role, refs)
    return [drift.with_authors(one, known) for one in found]


def _named(
    files: Sequence[Path],
    store: interface.StateStore,
    target: environment.Environment,
    given: tuple[Path, ...],
    now: clock.Clock,
) -> list[_Asked]:
    from onboarding import desired

    applied = records.manifests(store)
    asked = []
    for file in files:
        read, document = manifest.read(file)
        of = _resolved(read, document, store, target, given, applied, now)
        asked.append(_Asked(of, desired.everything(of, target)))
    return asked


def _every(
    store: interface.StateStore, target: environment.Environment, given: tuple[Path, ...]
) -> list[_Asked]:
    """As they were applied last: no manifest of today is looked at."""
    applied = records.manifests(store)
    asked = []
    for agency in sorted(applied):
        title = f"last manifest of {agency}"
        read = manifest.loads(applied[agency], title)
        document = strict_yaml.loads(applied[agency], title)
        of = _resolved(read, document, store, target, given, applied, clock.Clock(None))
        asked.append(_Asked(of, None))
    return asked


def _resolved(
    read: manifest.model.AgencyMou,
    document: strict_yaml.Document,
    store: interface.StateStore,
    target: environment.Environment,
    given: tuple[Path, ...],
    applied: Mapping[str, str],
    now: clock.Clock,
) -> tenant.Tenant:
    resolved = tenant.resolve(
        read,
        target,
        declared=links.Declared(read, document),
        peers=peers.declared({link.peer for link in read.links}, given, applied),
        today=now.today(),
        former=lineage.former_names(store, read.id),
        authority=lineage.authority(store, read.id),
    )
    stands = records.standing(store, resolved.id)
    return tenant.standing(resolved, stands.phase, stands.generation)


def _text(
    of: Sequence[tenant.Tenant], found: Sequence[drift.Drift], target: environment.Environment
) -> str:
    from onboarding.report import drift as report

    if not found:
        return f"environment {target.name}: no agency was applied yet"
    kind = "" if target.production else " (not production)"
    parts = []
    clean = []
    for one, result in zip(of, found, strict=True):
        agency = one.manifest.agency
        title = f"{agency.name_en} · {agency.name_th} ({one.id}) on environment {target.name}{kind}"
        if len(found) > 1 and not result.differences and not result.unread:
            clean.append(f"{one.id}: {report.summary(result)}")
        else:
            parts.append(report.text(title, result, verbose=console.verbose()))
    drifted = sum(bool(r.drifted) for r in found)
    if len(found) > 1:
        clean.append(f"{len(found)} agencies: {drifted} drifted.")
    if drifted:
        clean.append(
            "Repair: onboard apply FILE. What was added by hand and should stay belongs "
            "into the manifest, or under a name and label of its own."
        )
    return "\n\n".join(filter(None, [*parts, "\n".join(clean)]))


drift_command.name = "drift"
