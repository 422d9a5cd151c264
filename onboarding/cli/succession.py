"""``onboard rename``, ``merge`` and ``split``: agencies that the law changes keep their records."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

from onboarding import actor, clock, environment, errors, lineage, links, manifest, tenant
from onboarding import succession as successions
from onboarding.cli import console, options
from onboarding.leaving import records
from onboarding.state import interface, opening

F = TypeVar("F", bound=Callable[..., Any])


def _day(_ctx: click.Context, _param: click.Parameter, value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is no date; write YYYY-MM-DD.") from None


def _law_options(function: F) -> F:
    gazette = click.option(
        "--gazette",
        required=True,
        metavar="TEXT",
        help="Where the law stands in the Royal Gazette.",
    )
    effective = click.option(
        "--effective", required=True, callback=_day, metavar="DATE", help="The day it takes effect."
    )
    yes = click.option("--yes", is_flag=True, help="Record it; without it only shown.")
    return gazette(effective(yes(function)))


@click.command(
    epilog=options.examples(
        "onboard rename old.yaml new.yaml --effective 2026-12-01 \\",
        '    --gazette "vol. 143 part 70 a, 12 November B.E. 2569"',
    ),
)
@click.argument("old", type=options.MANIFEST)
@click.argument("new", type=options.MANIFEST)
@_law_options
@options.with_option
@options.environment_option
@options.output_option
@options.volume_options
@options.as_of_option
def rename(old: Path, new: Path, **asked: Any) -> int:
    """An agency gets another name by law: OLD becomes NEW.

    With the same id it is amended in place. With another id NEW is a tenant of its own, OLD
    leaves, and both keep a record of each other. Shows everything; --yes records it. Writes to no
    live system and destroys nothing.
    """
    return _run(successions.Kind.RENAME, [old], [new], **asked)


@click.command(
    epilog=options.examples(
        "onboard merge a.yaml b.yaml --into c.yaml --effective 2026-12-01 \\",
        '    --gazette "vol. 143 part 70 a, 12 November B.E. 2569"',
    ),
)
@click.argument("old", type=options.MANIFEST, nargs=-1, required=True)
@click.option("--into", "new", type=options.MANIFEST, required=True, help="Manifest of the result.")
@_law_options
@options.with_option
@options.environment_option
@options.output_option
@options.volume_options
@options.as_of_option
def merge(old: tuple[Path, ...], new: Path, **asked: Any) -> int:
    """Agencies become one by law. Where the result has the id of one of them, that one goes on."""
    if len(old) < 2:
        raise errors.UsageError(
            "a merger has two agencies at least", resolution="Name all of their manifests."
        )
    return _run(successions.Kind.MERGE, old, [new], **asked)


@click.command(
    epilog=options.examples(
        "onboard split a.yaml --into b.yaml c.yaml --effective 2026-12-01 \\",
        '    --gazette "vol. 143 part 70 a, 12 November B.E. 2569"',
    ),
)
@click.argument("old", type=options.MANIFEST)
@click.argument("more", type=options.MANIFEST, nargs=-1, metavar="")
@click.option(
    "--into",
    "new",
    type=options.MANIFEST,
    multiple=True,
    required=True,
    help="The results, one after the other.",
)
@_law_options
@options.with_option
@options.environment_option
@options.output_option
@options.volume_options
@options.as_of_option
def split(old: Path, more: tuple[Path, ...], new: tuple[Path, ...], **asked: Any) -> int:
    """An agency becomes several by law. Where one of them has its id, that one goes on."""
    results = (*new, *more)
    if len(results) < 2:
        raise errors.UsageError(
            "a split has two results at least", resolution="Name another after --into."
        )
    return _run(successions.Kind.SPLIT, [old], results, **asked)


def _run(
    kind: successions.Kind,
    old: Sequence[Path],
    new: Sequence[Path],
    *,
    gazette: str,
    effective: date,
    yes: bool,
    given: tuple[Path, ...],
    wanted: str | None,
    output: str,
    as_of: clock.Clock,
) -> int:
    from onboarding.cli import succession_plans
    from onboarding.report import succession as report

    target = options.target(wanted)
    store = opening.of(target)
    before, after = (tuple(links.Declared(*manifest.read(p)) for p in side) for side in (old, new))
    of = successions.Succession(kind, successions.Basis(gazette, effective), before, after)
    _refuse(of, store, given)
    persons, authorities = _seen(target, of)
    trails = successions.trail(of, persons, as_of.now())
    document = lineage.document(of, trails, authorities)
    planned = succession_plans.of(of, authorities, wanted, given, as_of)
    if yes:
        _record(store, document)
    if output == "json":
        console.result_json(
            {**document, "recorded": yes, "plans": [p.json() for p in planned],
             "leftBehind": list(successions.left_behind(of))}
        )  # fmt: skip
    else:
        console.result(report.text(of, trails, [p.line() for p in planned], recorded=yes))
    return errors.ExitCode.DONE


def _refuse(
    of: successions.Succession, store: interface.StateStore, given: tuple[Path, ...]
) -> None:
    here = records.manifests(store)
    gone = [i for i in of.ids_after if store.kept(i, records.TOMBSTONE) is not None]
    heirs = [heir for agency in of.ids_before for heir in lineage.successors(store, agency)]
    others = _others(of, here, given)
    found = (*successions.problems(of, others, here, gone, heirs), *_not_as_applied(of, here))
    if found:
        raise errors.InvalidInput(
            f"{of.kind} of {', '.join(of.ids_before)} into {', '.join(of.ids_after)}:"
            f" {len(found)} thing(s) stand in the way",
            found,
            resolution="Mend them, then run the command again; nothing was changed.",
        )


def _others(
    of: successions.Succession, here: dict[str, str], given: tuple[Path, ...]
) -> tuple[links.Declared, ...]:
    """All other manifests that may name who ends: those given, else as they were applied last."""
    from onboarding import folder, strict_yaml

    parties = {*of.ids_before, *of.ids_after}
    ending = [one.manifest.id for one in of.predecessors]
    found = {}
    for file in folder.files(given):
        one = links.Declared(*manifest.read(file.path))
        found[one.manifest.id] = one
    for agency, text in here.items():
        title = f"last manifest of {agency}"
        if agency not in found and any(name in text for name in ending):
            document = strict_yaml.loads(text, title)
            found[agency] = links.Declared(manifest.loads(text, title), document)
    return tuple(one for agency, one in sorted(found.items()) if agency not in parties)


def _not_as_applied(of: successions.Succession, here: dict[str, str]) -> Iterator[errors.Problem]:
    """Who ends must be told as it is: sums and certificates are taken from its manifest."""
    from onboarding import amendment

    for one in of.predecessors:
        name = one.manifest.id
        applied = manifest.loads(here[name], f"last manifest of {name}") if name in here else None
        if applied is not None and amendment.compare(applied, one.manifest):
            message = f"it is not as {name} was applied last"
            remedy = f"see: onboard amendments {one.file}"
            yield errors.Problem(one.file, 1, 1, "", message, remedy)


def _seen(
    target: environment.Environment, of: successions.Succession
) -> tuple[dict[str, Any], dict[str, tenant.Authority]]:
    """Of each agency of the old side the certificates of persons, and the names of its CA."""
    from onboarding import vault
    from onboarding.pki import certificates, issue, listing

    persons, authorities = {}, {}
    with vault.connect(target, environment.Role.AUDITOR) as door:
        for one in of.before:
            agency = tenant.resolve(one.manifest, target)
            persons[agency.id] = listing.persons(door, agency)
            ca = certificates.facts(issue.chain(door, agency)[0])
            authorities[agency.id] = tenant.Authority(ca["commonName"], ca["organization"])
    return persons, authorities


def _record(store: interface.StateStore, document: dict[str, Any]) -> None:
    for agency in lineage.parties(document):
        with store.lease(agency):
            lineage.keep(store, agency, document, actor.name())
