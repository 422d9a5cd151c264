"""``onboard exchange``: the exchange of letters between agencies (TH e-GIF, e-CMS)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from onboarding import clock, errors, pause, policy
from onboarding.cli import console, exchange_text, options
from onboarding.cli import job as jobs
from onboarding.leaving import records

if TYPE_CHECKING:
    from onboarding.cli.exchange_text import Checked
    from onboarding.ecms import exercise, trial


@click.group(short_help="The exchange of letters between agencies: check an account.")
def exchange() -> None:
    """The exchange of letters between agencies (ระบบแลกเปลี่ยนหนังสือ, TH e-GIF, e-CMS).

    \b
    Examples:
      onboard exchange check examples/moph.yaml
      onboard exchange check examples/moph.yaml --yes --secret-file ecms-secret
    """


@exchange.command(
    "check",
    epilog=options.examples(
        "onboard exchange check examples/moph.yaml",
        "onboard exchange check examples/moph.yaml --yes --secret-file ecms-secret",
        "onboard exchange check examples/moph.yaml --yes --output json > exchange.json",
    ),
)
@click.argument("file", type=options.MANIFEST)
@options.run_options
@click.option("--yes", is_flag=True, help="Send the letters; do not ask.")
@click.option(
    "--secret-file",
    type=options.MANIFEST,
    help="A file (0600) with the secret of the account. Default: sign in without one.",
)
def check_command(
    file: Path,
    wanted: str | None,
    given: tuple[Path, ...],
    output: str,
    language: str,
    as_of: clock.Clock,
    yes: bool,
    secret_file: Path | None,
) -> int:
    """Try the agency's account at the exchange with letters from the agency to itself.

    Shows what would be sent, and asks. The letters say that they are a test, are signed with a key
    made for this run, and are taken away afterwards; those of a run that was cut off are taken
    away by the next. A real letter in the queue is never touched: the check stops before it.

    The exchange is letterExchange of the environment; without one DOC-008 and DOC-009 are
    unknown. Exit code 4 where a finding stands open, 5 where something could not be determined,
    6 where a letter may be left.
    """
    from onboarding import verify
    from onboarding.ecms import judging, trial

    job = jobs.start(file, wanted, given, as_of, output, language)
    records.refuse_unless_present(job.standing, job.tenant.id)
    wish = trial.prepare(job.tenant, job.environment)
    if not isinstance(wish, trial.Trial):
        return _show(job, exchange_text.Checked(wish))
    seen = _sent(job, wish, secret_file, yes=yes)
    found = judging.findings(job.tenant.id, wish.at.address, wish.account.notifiers, seen)
    judged = verify.waive(found, job.tenant.manifest.waivers, job.now.today())
    return _show(job, exchange_text.Checked(judged, seen))


def _sent(job: jobs.Job, wish: trial.Trial, file: Path | None, *, yes: bool) -> exercise.Seen:
    """Show what would be sent, ask, and send it under the agency's lease."""
    from onboarding.ecms import trial

    pause.refuse(job.store, job.tenant.id, job.now.today())
    secret = account_secret(file)
    if not yes:
        console.hint(exchange_text.plan(job, wish))
        console.refuse_without_asking("Read what would be sent")
        console.accept_plan(f"Send these letters to {wish.at.address}?")
    limits = job.environment.timeouts.limits()
    with job.store.lease(job.tenant.id):
        return trial.run(wish, secret, job.store, limits, console.progress())


def account_secret(file: Path | None) -> str:
    """The secret of the account; "" to sign in without one."""
    from onboarding.state import credentials

    if file is None:
        return ""
    return credentials.private(file, "the secret of the account").read_text("utf-8").strip()


def _show(job: jobs.Job, done: Checked) -> int:
    if job.text:
        console.result(exchange_text.text(job, done))
    else:
        console.result_json(exchange_text.as_json(job, done))
    verdicts = {f.result.verdict for f in done.findings}
    if policy.Verdict.FAIL in verdicts:
        return errors.ExitCode.FINDINGS
    if policy.Verdict.UNKNOWN in verdicts:
        return errors.ExitCode.UNDETERMINED
    return errors.ExitCode.PARTIAL if done.left else errors.ExitCode.DONE


check_command.name = "check"
