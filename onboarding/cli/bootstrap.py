"""``onboard bootstrap``: make what an environment needs once."""

from __future__ import annotations

import click

from onboarding import counted, environment, errors, plan
from onboarding.cli import console, options


@click.command(
    epilog=options.examples(
        "onboard bootstrap --environment gdcc-test --dry-run",
        "onboard bootstrap --environment gdcc-test --yes",
    ),
)
@options.environment_option
@options.output_option
@options.volume_options
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--dry-run", is_flag=True, help="Only show what would change.")
@click.option(
    "--repin",
    is_flag=True,
    help="Accept that the systems are other ones than pinned, and pin them.",
)
def bootstrap(wanted: str | None, output: str, yes: bool, dry_run: bool, repin: bool) -> int:
    """Make what an environment needs once: root CA, shared realm, auth mounts, our own roles.

    It can run again at any time: it mends what is missing, renews credentials that are near
    their end, and pins the identity of each system in the environment file.
    """
    from onboarding import bootstrap as work
    from onboarding.report import plan_json, plan_text

    path = environment.locate(wanted)
    report = console.progress()
    if dry_run:
        made = work.prepare(environment.load(path), report)
        console.result_json(plan_json.of(made)) if output == "json" else console.result(
            plan_text.of(made, verbose=console.verbose())
        )
        return errors.ExitCode.CHANGES if made.changes else errors.ExitCode.DONE

    def agree(made: plan.Plan) -> bool:
        if yes:
            return True
        console.hint(plan_text.of(made, verbose=console.verbose()))
        return console.confirm(f"Prepare environment {environment.load(path).name}?")

    done = work.run(path, report, agree=agree, repin=repin)
    if output == "json":
        console.result_json(
            {"environment": str(path), "pins": done.target.pins(), **plan_json.of(done.made)}
        )
    else:
        console.result(
            f"environment {done.target.name} is ready: "
            f"{counted.of(len(done.outcomes), 'change')} made; {path}"
        )
    return errors.ExitCode.DONE
