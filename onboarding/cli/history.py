"""``onboard history``: who did what with an agency, when, and from which plan."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from onboarding import errors, history, history_file, lineage
from onboarding.cli import agency, console, history_check, options
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
        "onboard history moph --export moph-history.jsonl",
        "onboard history --verify moph-history.jsonl",
    ),
)
@click.argument("which", metavar="[FILE|AGENCY]", required=False)
@click.option("--since", callback=_day, metavar="DATE", help="Only what began then or later (UTC).")
@click.option("--limit", type=click.IntRange(min=1), help="Only the last so many.")
@click.option("--verify", is_flag=True, help="Check the chain of records to its head.")
@click.option("--expect-head", metavar="HASH", default="", help="A head that was kept elsewhere.")
@click.option(
    "--export",
    type=options.MANIFEST,
    metavar="OUT",
    help="Write every record with its hash; --verify OUT needs no store.",
)
@options.environment_option
@options.output_option
@options.volume_options
def history_command(
    which: str | None,
    since: str,
    limit: int | None,
    verify: bool,
    expect_head: str,
    export: Path | None,
    wanted: str | None,
    output: str,
) -> int:
    """Show what was done with the agency of FILE, or of that id, or with all; oldest first.

    A line for each run, verification, certificate and approval; with --verbose every change. The
    history of predecessors stands before that of an agency that was renamed, merged or split.

    Each record holds the hash of the one before it. --verify checks them all and shows the head:
    kept elsewhere, it proves later, with --expect-head, that nothing before it was changed. Exit
    code 1 where a chain is broken, 5 where it could not be read.
    """
    expected = expect_head.removeprefix("sha256:")
    text = history_check.exported(Path(which)) if which else ""
    if text and which:
        return history_check.told(history_file.read(text, which), expected, output)
    target = options.target(wanted)
    store = opening.of(target)
    tenants = agency.several(store, which)
    if expected and len(tenants) != 1:
        raise errors.UsageError("--expect-head is the head of one agency: name which")
    if export is not None:
        history_check.export(target, tenants, export)
    if verify or expected or export is not None:
        return history_check.told(history_check.chains(target, tenants), expected, output)
    before = [p for t in tenants for p in lineage.predecessors(store, t)]
    found = [
        act
        for one in dict.fromkeys([*before, *tenants])
        for act in history.acts(one, store.journal(one))
    ]
    listed = sorted(history.since(found, since), key=lambda act: act.at)[-(limit or 0) :]
    if output == "json":
        console.result_json(
            {"environment": target.name, "acts": [report.json(act) for act in listed]}
        )
    else:
        shown = report.text(listed, verbose=console.verbose())
        console.result(f"environment {target.name}\n{shown}")
    return errors.ExitCode.DONE
