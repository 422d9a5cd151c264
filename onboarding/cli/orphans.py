"""``onboard orphans``: what is there without a manifest, and the other way round."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onboarding import environment, errors, folder, progress
from onboarding.cli import console, options
from onboarding.leaving import records as leaving
from onboarding.state import interface, opening

if TYPE_CHECKING:
    from onboarding import orphans


@click.command(
    epilog=options.examples(
        "onboard orphans",
        "onboard orphans agencies/ --verbose",
        "onboard orphans --output json",
    ),
)
@click.argument("places", type=options.MANIFESTS, nargs=-1, metavar="[FILE|FOLDER]…")
@options.environment_option
@options.output_option
@options.volume_options
def orphans_command(places: tuple[Path, ...], wanted: str | None, output: str) -> int:
    """Find what no manifest speaks of; never writes.

    Looks at the cluster, Vault, Keycloak, Pulumi's state and the state folder. Manifests are
    those given, else those applied here. Exit code 4 where there are orphans, 5 where something
    could not be read. Agencies that have left are known, and no orphans.
    """
    from onboarding import orphans
    from onboarding.engines import inventory
    from onboarding.report import orphans as report

    target = options.target(wanted)
    store = opening.of(target)
    known = _known(places, store)
    with console.progress().step("Read the cluster, Vault, Keycloak, stacks and folders"):
        seen = inventory.read(target, environment.Role.AUDITOR, known.manifests | known.records)
    found = orphans.find(seen.things, known, unread=seen.unread)
    if output == "json":
        console.result_json(report.as_json(target.name, known, found, seen.unread))
    else:
        shown = report.text(target.name, known, found, seen.unread, verbose=console.verbose())
        console.result(shown)
    if seen.unread:
        return errors.ExitCode.UNDETERMINED
    return errors.ExitCode.FINDINGS if found else errors.ExitCode.DONE


def _known(places: tuple[Path, ...], store: interface.StateStore) -> orphans.Known:
    from onboarding import orphans

    records = frozenset(store.tenants())
    gone = frozenset(store.kept_by(leaving.TOMBSTONE))
    manifests = _given(places) if places else frozenset(store.manifests())
    applied = {t: frozenset(i.ref for i in store.applied(t)) for t in records - gone}
    return orphans.Known(manifests - gone, applied, records, gone)


def _given(places: tuple[Path, ...]) -> frozenset[str]:
    """Ids of the manifests given. Raises ``errors.InvalidInput``: one that is left out would make
    orphans of everything that its agency has."""
    read = list(folder.read(folder.files(places), progress.Silent()))
    broken = [p for one in read if isinstance(one, folder.Refused) for p in one.problems]
    if broken:
        raise errors.InvalidInput("a manifest cannot be read", broken)
    return frozenset(one.manifest.id for one in read if isinstance(one, folder.Read))


orphans_command.name = "orphans"
