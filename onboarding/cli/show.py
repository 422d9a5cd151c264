"""``onboard show``: a plan file as people review it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from onboarding import errors, plan_file
from onboarding.cli import console, options


@click.command(
    "show",
    epilog=options.examples(
        "onboard show moph.plan",
        "onboard show moph.plan --format markdown --language th > comment.md",
        "onboard show moph.plan --format html > review.html",
    ),
)
@click.argument("file", metavar="PLAN", type=options.MANIFEST)
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["text", "json", "markdown", "html"]),
    default="text",
    show_default=True,
    help="markdown fits into the comment of a pull request; html is one page for itself.",
)
@click.option("-o", "--output", type=click.Choice(["text", "json"]), help="As --format.")
@options.language_option
@options.volume_options
def show_command(file: Path, form: str, output: str | None, language: str) -> int:
    """Show what the plan file PLAN would do: dangerous changes first, then all, and the digest.

    Nothing is asked of any system; whether the plan still holds is checked by onboard apply
    --plan PLAN. A damaged or altered file is refused.
    """
    from onboarding.report import plan_markdown, plan_page, plan_text

    saved = plan_file.read(file)
    expired = plan_file.expired(saved, datetime.now(UTC))
    match output or form:
        case "json":
            console.result_json(plan_file.document(saved))
        case "markdown":
            console.result(plan_markdown.of(saved, language=language, expired=expired))
        case "html":
            console.result(plan_page.html(saved, language=language, expired=expired))
        case _:
            verbose = console.verbose()
            console.result(plan_text.saved(saved, language, verbose=verbose, expired=expired))
    return errors.ExitCode.DONE
