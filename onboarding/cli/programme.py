"""``onboard programme``: where the national programme stands, from the manifests of a folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onboarding import clock, errors
from onboarding import programme as programme_of
from onboarding.cli import console, folders, options
from onboarding.report import programme as report

if TYPE_CHECKING:
    from onboarding.state import interface


@click.command(
    epilog=options.examples(
        "onboard programme examples",
        "onboard programme agencies/ --language th --html programme.html",
        "onboard programme agencies/ --as-of 2026-12-31 --output csv > agencies.csv",
    ),
)
@folders.argument
@options.environment_option
@click.option(
    "-o",
    "--output",
    type=click.Choice(["text", "json", "csv"]),
    default="text",
    show_default=True,
    help="json and csv are for machines and stable.",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write the report to FILE too, as one page that needs nothing else.",
)
@options.volume_options
@options.language_option
@options.as_of_option
def programme(
    places: Sequence[Path],
    wanted: str | None,
    output: str,
    html: Path | None,
    language: str,
    as_of: clock.Clock,
) -> int:
    """Report on the programme from every manifest of each FILE and FOLDER.

    Users against the national goal, agencies, provinces and their coverage, the time from MOU to
    ready, and MOUs near their end. When an agency was ready is read from the records of the
    environment; without an environment it is unknown.
    """
    agencies = folders.Agencies(places)
    found = _found(agencies, wanted, as_of)
    if output == "json":
        console.result_json({**report.json(found), "leftOut": agencies.json()})
    elif output == "csv":
        console.result(report.csv(found))
    else:
        console.result(report.text(found, language=language, left_out=agencies.count))
    if html is not None:
        _write(html, found, language, agencies.count)
    return agencies.exit_code(output)


def _found(
    agencies: folders.Agencies, wanted: str | None, as_of: clock.Clock
) -> programme_of.Programme:
    name, store = _records(wanted)
    today = as_of.today()
    listed: list[programme_of.Agency] = []
    unread: list[str] = []
    for one in agencies.read():
        ready = None
        try:
            if store is not None:
                ready = programme_of.first_ready(store.journal(one.manifest.id), today)
        except errors.EngineFailed as damaged:
            unread.append(one.manifest.id)
            console.warning(str(damaged))
        listed.append(programme_of.agency(one.manifest, ready))
    return programme_of.Programme(today, tuple(listed), name, tuple(unread))


def _records(wanted: str | None) -> tuple[str, interface.StateStore | None]:
    """The name of the environment and its records; nothing where nobody asked and there is none."""
    from onboarding.state import opening

    try:
        target = options.target(wanted)
    except errors.UsageError:
        if wanted or os.environ.get("ONBOARD_ENVIRONMENT"):
            raise
        return "", None
    return target.name, opening.of(target)


def _write(path: Path, found: programme_of.Programme, language: str, left_out: int) -> None:
    from onboarding.report import programme_page

    page = programme_page.html(found, language=language, left_out=left_out)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as refused:
        raise errors.UsageError(
            f"{path} cannot be written: {refused.strerror}",
            resolution="Name a file in a folder that exists and that you may write to.",
        ) from refused
    console.hint(f"{path}: written")
