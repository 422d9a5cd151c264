"""``onboard exchange``: the exchange of letters between agencies (TH e-GIF, e-CMS)."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING
from urllib import parse

import click

from onboarding import clock, errors, pause, policy, tenant
from onboarding.cli import console, exchange_text, options
from onboarding.cli import job as jobs
from onboarding.leaving import records

if TYPE_CHECKING:
    from onboarding.cli.exchange_text import Checked
    from onboarding.ecms import exercise
    from onboarding.manifest import systems


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
    from onboarding.ecms import judging

    job = jobs.start(file, wanted, given, as_of, output, language)
    records.refuse_unless_present(job.standing, job.tenant.id)
    account = _account(job.tenant)
    at = job.environment.letter_exchange
    agency = job.tenant.id
    if account is None:
        found = judging.not_agreed(agency, "no account that sends and receives was agreed")
        return _show(job, exchange_text.Checked(found))
    if at is None:
        found = judging.unseen(agency, "the environment names no exchange (letterExchange)")
        return _show(job, exchange_text.Checked(found))
    if job.environment.production and account.endpoint != at.address:
        found = judging.elsewhere(agency, account.endpoint, at.address)
        return _show(job, exchange_text.Checked(found))
    _refuse_real_letters(job, account)
    done = _checked(job, account, secret_file, yes=yes)
    judged = verify.waive(done.findings, job.tenant.manifest.waivers, job.now.today())
    return _show(job, exchange_text.Checked(judged, done.seen))


def _account(of: tenant.Tenant) -> systems.EcmsAccount | None:
    """The agency's account, if letters can go round with it."""
    agreed = (s.eoffice.ecms for s in of.manifest.systems if s.eoffice and s.eoffice.ecms)
    return next((a for a in agreed if a.send and a.receive), None)


def _refuse_real_letters(job: jobs.Job, account: systems.EcmsAccount) -> None:
    at = job.environment.letter_exchange
    if at is None or job.environment.production:
        return
    if parse.urlsplit(at.address).hostname == parse.urlsplit(account.endpoint).hostname:
        raise errors.Refused(
            f"{at.address} exchanges real letters: the manifest names its host, and the "
            f"environment {job.environment.name} is not for production",
            resolution="Name an exchange for trials as letterExchange.address.",
        )


def _checked(
    job: jobs.Job, account: systems.EcmsAccount, secret_file: Path | None, *, yes: bool
) -> Checked:
    """Show what would be sent, ask, and send it under the agency's lease."""
    from onboarding.ecms import exercise, judging, wire
    from onboarding.ecms import records as letters_of

    at = job.environment.letter_exchange
    assert at is not None  # noqa: S101 - asked by the caller
    codes = job.tenant.manifest.agency.ecms
    if codes is None:
        raise errors.UsageError(
            f"{job.tenant.id} has no code at the exchange",
            resolution="Add agency.ecms (ministryCode, departmentCode) to the manifest.",
        )
    pause.refuse(job.store, job.tenant.id, job.now.today())
    login = wire.Account(account.account, _secret(secret_file))
    plan = exchange_text.plan(job, account, codes.department_code)
    if not yes:
        console.hint(plan)
        console.refuse_without_asking("Read what would be sent")
        console.accept_plan(f"Send these letters to {at.address}?")
    with (
        job.store.lease(job.tenant.id),
        closing(wire.Exchange(at, login, job.environment.timeouts.limits())) as door,
    ):
        earlier, left = letters_of.earlier(job.store, job.tenant.id, at.address)
        case = exercise.Case(
            exchange=door,
            to=exchange_text.addressing(at),
            ministry=codes.ministry_code,
            department=codes.department_code,
            wait=at.wait,
            notifiers=account.notifiers,
            empty_codes=at.empty_queue_codes,
            earlier=earlier,
            left=left,
            report=console.progress(),
        )
        seen = _sent(job, case)
    found = judging.findings(job.tenant.id, at.address, account.notifiers, seen)
    return exchange_text.Checked(found, seen)


def _sent(job: jobs.Job, case: exercise.Case) -> exercise.Seen:
    """The run between its two records, so that the next one knows what this one left."""
    from onboarding.ecms import exercise
    from onboarding.ecms import records as letters_of

    now = clock.Clock()
    letters = exercise.compose(case, now)
    where = case.to.address
    letters_of.begin(job.store, job.tenant.id, where, tuple(letters.values()))
    seen = exercise.run(case, letters, now)
    letters_of.end(job.store, job.tenant.id, where, seen)
    return seen


def _secret(file: Path | None) -> str:
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
