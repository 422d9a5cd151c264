"""``onboard capacity``: what agencies need together, and which limits that comes near."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from onboarding import capacity as needs_of
from onboarding import tenant
from onboarding.cli import console, folders, options
from onboarding.report import capacity as report


@click.command(
    epilog=options.examples(
        "onboard capacity examples",
        "onboard capacity agencies/ --language th",
        "onboard capacity agencies/ --output json",
    ),
)
@folders.argument
@options.output_option
@options.volume_options
@options.language_option
def capacity(places: Sequence[Path], output: str, language: str) -> int:
    """Sum up what the agencies of each FILE and FOLDER need on the platform.

    Cores, memory and storage (per year to the end of each agency's retention), namespaces, pods,
    certificates, realms and organizations; how near that comes to documented limits of
    Kubernetes, Vault or OpenBao and Keycloak, and how many of each it takes. Needs no environment.
    """
    agencies = folders.Agencies(places)
    needs = needs_of.Needs()
    for one in agencies.read():
        needs.add(tenant.resolve(one.manifest))
    if output == "json":
        console.result_json({**report.json(needs), "leftOut": agencies.json()})
    else:
        console.result(report.text(needs, language=language))
    return agencies.exit_code(output)
