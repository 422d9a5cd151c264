"""``onboard history``: who did what with an agency, when, and from which plan."""

from __future__ import annotations

from datetime import date

import click

from onboarding import errors, history
from onboarding.cli import agency, console, options
from onboarding.report import history as report
from onboarding.state import opening


def _day(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str:
    if value is None:
        return ""
    try:
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise click.BadParameter(f"{value!r} is no date; write YYYY-MM-DD.") from None


@click.command(
    "history",
    epilog=options.examples(
        "onboard history examples/moph.yaml",
        "onboard history moph --since 2026-11-01 --verbose",
        "onboard history --limit 20 --output json",
    ),
)
@click.argument("which", metavar="[FILE|AGENCY]", required=False)
@click.option("--since", callback=_day, metavar="DATE", help="Only what began then or later (UTC).")
@click.option("--limit", type=click.IntRange(min=1), help="Only the last so many.")
@options.environment_option
@options.output_option
@options.volume_options
def history_command(
    which: str | None, since: str, limit: int | None, wanted: str | None, output: str
) -> int:
    """Show what was done with the agency of FILE, or of that id, or with all; oldest first.

    A line for each run, verification, certificate and approval; with --verbose every change.
    """
    target = options.target(wanted)
    store = opening.of(target)
    tenants = agency.several(store, which)
    found = [act for t in tenants for act in history.acts(t, store.journal(t))]
    listed = sorted(history.since(found, since), key=lambda act: act.at)[-(limit or 0) :]
    if output == "json":
        console.result_json(
            {"environment": target.name, "acts": [report.json(act) for act in listed]}
        )
    else:
        shown = report.text(listed, verbose=console.verbose())
        console.result(f"environment {target.name}\n{shown}")
    return errors.ExitCode.DONE
