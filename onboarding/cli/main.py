"""The command ``onboard``: its groups, loaded when asked for, and the one catch of errors."""

from __future__ import annotations

import difflib
import importlib
import itertools
import os
import sys
from collections.abc import Sequence

import click

import onboarding
from onboarding import errors, interruption
from onboarding.cli import console

_COMMANDS = {
    "init": ("init", "init", "Write a new manifest from a few answers."),
    "validate": ("validate", "validate", "Check manifests; touch nothing."),
    "convert": ("convert", "convert", "Dates, bodies and versions of a manifest."),
    "explain": ("explain", "explain", "What a field of the manifest means."),
    "fmt": ("fmt", "fmt", "Put manifests in good form, comments kept."),
    "schema": ("schema", "schema", "JSON Schema of the manifest, for editors."),
    "catalogue": ("catalogue", "catalogue", "What a manifest may ask for."),
    "render": ("render", "render", "What agencies should have, as plain items."),
    "impact": ("impact", "impact", "What another version would change for agencies."),
    "plan": ("plan", "plan_command", "Show what would change; write nothing."),
    "show": ("show", "show_command", "Show a plan file for review."),
    "approve": ("approve", "approve_command", "Agree to a plan as its second person."),
    "apply": ("apply", "apply_command", "Show the plan, ask, write it, verify it."),
    "verify": ("verify", "verify_command", "Judge the live systems, control by control."),
    "drift": ("drift", "drift_command", "What differs live from what was applied."),
    "orphans": ("orphans", "orphans_command", "What is there without a manifest."),
    "adopt": ("adopt", "adopt", "Take over what stands in an agency's place."),
    "status": ("status", "status", "Show where each agency stands."),
    "amendments": ("amendments", "amendments", "What changed of an MOU, what to sign anew."),
    "rename": ("succession", "rename", "An agency gets another name by law."),
    "merge": ("succession", "merge", "Agencies become one by law."),
    "split": ("succession", "split", "An agency becomes several by law."),
    "pause": ("pause", "pause", "Keep an agency out of runs for a while."),
    "resume": ("pause", "resume", "End the pause of an agency."),
    "history": ("history", "history_command", "Who did what, when, from which plan."),
    "state": ("state", "state", "Check, move and mend the records of runs."),
    "capacity": ("capacity", "capacity", "What agencies need together, and limits near."),
    "programme": ("programme", "programme", "Users, provinces and MOUs of the programme."),
    "certs": ("certs", "certs", "Certificates of officials and of devices."),
    "exchange": ("exchange", "exchange", "Check an account at the exchange of letters."),
    "sign-in": ("sign_in", "sign_in", "Credentials for one job of CI, by who it is."),
    "sign-out": ("sign_in", "sign_out", "Give them back."),
    "offboard": ("offboard", "offboard_command", "Let an agency leave, step by step."),
    "bootstrap": ("bootstrap", "bootstrap", "Make what an environment needs once."),
    "lab": ("lab", "lab", "Real engines on this computer."),
    "completion": ("completion", "completion", "Print the completion script of a shell."),
}
"""Command: its module in this package, its name there, and its line in the list of commands."""


class _Lazy(click.Group):
    """Imports a command's module only when that command runs, to start in a blink."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, name: str) -> click.Command | None:
        if name not in _COMMANDS:
            return None
        module, attribute, _ = _COMMANDS[name]
        found = getattr(importlib.import_module(f"onboarding.cli.{module}"), attribute)
        assert isinstance(found, click.Command)  # noqa: S101 - a wrong table is a bug
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        near = difflib.get_close_matches(args[0], _COMMANDS, n=1)
        if args[0] not in _COMMANDS and near and not args[0].startswith("-"):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {near[0]!r}?")
        return super().resolve_command(ctx, args)

    def format_commands(self, _ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, _, line) in _COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("-q", "--quiet", is_flag=True, help="No progress on stderr, only results and errors.")
@click.option("-v", "--verbose", is_flag=True, help="More of what happens, and longer results.")
@click.version_option(onboarding.__version__, prog_name="onboard")
def cli(quiet: bool, verbose: bool) -> None:
    """Onboard a government agency to e-Office on GDCC from its MOU manifest, and prove it.

    \b
    Start here:
      onboard lab up                       a whole platform on this computer
      onboard validate examples/moph.yaml  is the manifest right?
      onboard plan examples/moph.yaml      what would change? (writes nothing)
      onboard apply examples/moph.yaml     shows the plan, asks, writes
      onboard verify examples/moph.yaml    is every rule kept, live?

    \b
    Exit codes: 0 done, 1 failed, 2 invalid input, 3 plan holds changes,
    4 findings, or refused, 5 could not determine, 6 partial, 7 not the
    reviewed plan or not the pinned target, 130 interrupted and resumable.
    With --output json an error is one line of JSON, the last on stderr.
    """
    console.set_volume(quiet=quiet, verbose=verbose)


def main(argv: Sequence[str] | None = None) -> None:
    """Run the command line and leave the process with the documented exit code."""
    listener = interruption.listen(console.stopping)
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        code = cli.main(args=words, prog_name="onboard", standalone_mode=False)
        code = code if isinstance(code, int) else 0
        listener.close()
    except click.exceptions.NoArgsIsHelpError as nothing_asked:
        click.echo(nothing_asked.format_message(), err=True)
        code = errors.ExitCode.INVALID
    except (Exception, KeyboardInterrupt) as caught:  # noqa: BLE001 - a bug is no result
        listener.close()
        told = _told(caught)
        code = told.exit_code
        (console.error_json if _wants_json(words) else console.error)(told)
    sys.exit(int(code))


def _told(caught: BaseException) -> errors.OnboardError:
    """What ended a command, as an error of ours."""
    match caught:
        case errors.OnboardError():
            return caught
        case click.exceptions.Abort() | KeyboardInterrupt():
            late = interruption.TimeIsUp
            if isinstance(caught, late) or isinstance(caught.__context__, late):
                return errors.Interrupted(
                    "stopped: the command took longer than it may",
                    resolution="Run the same command again: it goes on from here. It may take "
                    "longer with --timeout, or with timeouts.run in the environment file.",
                )
            return errors.Interrupted(
                "interrupted", resolution="Run the same command again: it goes on from here."
            )
        case click.ClickException():
            ctx = caught.ctx if isinstance(caught, click.UsageError) else None
            return errors.UsageError(
                caught.format_message(),
                resolution=f"See: {ctx.command_path} --help" if ctx else "",
            )
        case OSError() if isinstance(caught.__context__, KeyboardInterrupt):
            # click ends the line of ^C, and nobody reads it any more.
            return _told(caught.__context__)
        case Exception():
            return errors.shortage(caught) or console.bug(caught)
        case _:
            raise caught


def _wants_json(words: Sequence[str]) -> bool:
    """Whether ``--output json`` was asked for, known even where the words cannot be parsed."""
    if os.environ.get("_ONBOARD_COMPLETE"):
        return False
    apart = (("-o", "json"), ("--output", "json"))
    return any(pair in apart for pair in itertools.pairwise(words)) or any(
        word in ("-ojson", "--output=json") for word in words
    )
