"""``onboard sign-in`` and ``sign-out``: a job of CI gets what it needs for its own time."""

from __future__ import annotations

from pathlib import Path

import click

from onboarding import environment, errors
from onboarding.cli import console, options

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command(
    epilog=options.examples(
        "onboard sign-in --role planner --token-file id-token --folder session -e gdcc.yaml",
        "export ONBOARD_ENVIRONMENT=session/onboard.yaml",
    ),
)
@options.environment_option
@click.option(
    "--role",
    "roles",
    type=click.Choice(["planner", "applier", "auditor"]),
    multiple=True,
    required=True,
    help="As whom the job will act; apply needs planner, applier and auditor.",
)
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    metavar="FILE",
    help="The identity token that the CI platform gave to this job.",
)
@click.option(
    "--folder",
    type=_FOLDER,
    required=True,
    metavar="FOLDER",
    help="A new folder for what the job gets; remove it by: onboard sign-out FOLDER",
)
@options.output_option
def sign_in(
    wanted: str | None, roles: tuple[str, ...], token_file: Path, folder: Path, output: str
) -> int:
    """Sign in a job of CI by the identity token of its platform, without a stored secret.

    Vault checks who signed the token and which repository, branch or environment it names, and
    gives the job a token for at most an hour. Written is an environment file for the job, with
    the logins of these roles alone.
    """
    from onboarding import workload_identity

    target = environment.load(environment.locate(wanted))
    acting = [environment.Role(role) for role in dict.fromkeys(roles)]
    made = workload_identity.sign_in(target, acting, token_file, folder)
    if output == "json":
        console.result_json({"roles": [r.value for r in acting], "environment": str(made)})
    else:
        listed = ", ".join(r.value for r in acting)
        console.result(f"signed in as {listed} for at most an hour: {made}")
    return errors.ExitCode.DONE


@click.command(epilog=options.examples("onboard sign-out session"))
@click.argument("folder", type=_FOLDER)
def sign_out(folder: Path) -> int:
    """Give back what ``sign-in`` put into FOLDER, and remove the folder."""
    from onboarding import workload_identity

    workload_identity.sign_out(folder)
    console.hint(f"signed out of {folder}")
    return errors.ExitCode.DONE


sign_in.name, sign_out.name = "sign-in", "sign-out"
