"""``onboard render``: what this version of the tool wants of agencies, without asking a system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from onboarding import clock, rendering
from onboarding.cli import console, folders, options
from onboarding.cli import job as jobs


@click.command(
    epilog=options.examples(
        "onboard render examples/moph.yaml",
        "onboard render agencies/ --environment gdcc --output json > wanted.jsonl",
    ),
)
@folders.argument
@options.environment_option
@options.with_option
@options.output_option
@options.volume_options
@options.as_of_option
def render(
    places: Sequence[Path],
    wanted: str | None,
    given: tuple[Path, ...],
    output: str,
    as_of: clock.Clock,
) -> int:
    """Print every item that each agency of FILE or FOLDER should have, and nothing else.

    Of the environment only its file and the records of past runs are read, no live system. Text
    is a YAML document for each agency, JSON a line for each.
    """
    agencies = folders.Agencies(places)
    for made in _renderings(agencies, wanted, given, as_of):
        if output == "json":
            console.result_line(made.json())
        else:
            console.result(_yaml(made))
    return agencies.exit_code(output)


def _renderings(
    agencies: folders.Agencies, wanted: str | None, given: tuple[Path, ...], as_of: clock.Clock
) -> Iterator[rendering.Rendering]:
    import onboarding
    from onboarding import desired, verify

    for one in agencies.read():
        # Only who has links needs the others, and a folder may hold thousands of them.
        peers = (*given, *agencies.places) if one.manifest.links else ()
        job = jobs.start(one.path, wanted, peers, as_of, "json", "en")
        items = desired.everything(job.tenant, job.environment)
        found = verify.review(job.tenant, job.environment, items, others=job.others, now=job.now)
        yield rendering.Rendering(
            job.tenant.id, onboarding.__version__, items, rendering.still_open(found)
        )


def _yaml(made: rendering.Rendering) -> str:
    import yaml

    return "---\n" + yaml.safe_dump(made.json(), sort_keys=False, allow_unicode=True).rstrip("\n")
