"""``onboard lab person``: somebody who can sign in to an agency's e-Office on the lab."""

from __future__ import annotations

from pathlib import Path

import click

from onboarding import errors
from onboarding.cli import console, options


@click.command(short_help="A test person who can sign in to an e-Office.")
@click.argument("file", type=options.MANIFEST)
@click.option("--role", default="central", show_default=True, help="Role in the agency.")
@click.option("--body", default="", metavar="ID", help="Body of a pooled agency, whose role it is.")
@options.lab_name
@options.output_option
def person(file: Path, role: str, body: str, name: str, output: str) -> int:
    """Make a test person of an agency, who can sign in to its e-Office on the lab.

    Somebody there is already gets another password and a first sign-in again.

    \b
    Examples:
      onboard lab person examples/mot.yaml
      onboard lab person examples/mot.yaml --role section --name trial
      onboard lab person examples/plk-lao.yaml --body plk-002
    """
    from onboarding import environment, manifest, tenant
    from onboarding.lab import home
    from onboarding.lab import person as people

    place = home.locate(name)
    if not place.environment_file.is_file():
        raise errors.UsageError(
            f"there is no lab {name!r}", resolution=f"Run: onboard lab up --name {name}"
        )
    target = environment.load(place.environment_file)
    made = people.make(place, target, tenant.resolve(manifest.load(file), target), role, body)
    if output == "json":
        console.result_json(
            {
                "username": made.username,
                "passwordFile": str(made.password_file),
                "addresses": list(made.addresses),
                "authorities": [str(file) for file in made.authorities],
            }
        )
        return errors.ExitCode.DONE
    lines = [
        *(f"address    {address}" for address in made.addresses),
        f"user name  {made.username}",
        f"password   in {made.password_file}",
        *(f"trust      {file}" for file in made.authorities),
        "At the first sign-in they set a password of their own and an app for one-time codes.",
    ]
    console.result("\n".join(lines))
    return errors.ExitCode.DONE
