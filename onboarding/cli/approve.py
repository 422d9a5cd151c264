"""``onboard approve``: the second person agrees to exactly one plan."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onboarding import actor, environment, errors, plan_file
from onboarding.cli import console, options

if TYPE_CHECKING:
    from onboarding import approval


@click.command(
    epilog=options.examples(
        "onboard approve moph.plan",
        "onboard approve moph.plan --as malee@gdcc.go.th --ssh-key ~/.ssh/id_ed25519",
        "onboard approve moph.plan --yes --output json",
    ),
)
@click.argument("file", type=options.MANIFEST, metavar="PLAN")
@options.environment_option
@click.option(
    "--as",
    "identity",
    default="",
    metavar="IDENTITY",
    help="Who you are among the approvers of the environment file.",
)
@click.option(
    "--ssh-key",
    type=options.MANIFEST,
    metavar="FILE",
    help="Your SSH key, or its .pub where an agent or a hardware key holds the private half.",
)
@options.output_option
@options.volume_options
@options.language_option
@click.option("--yes", is_flag=True, help="Do not ask: I have read the plan.")
def approve_command(
    file: Path,
    wanted: str | None,
    identity: str,
    ssh_key: Path | None,
    output: str,
    language: str,
    yes: bool,
) -> int:
    """Approve the plan file PLAN as the second person that a destructive plan needs.

    Shows the whole plan and asks, then signs its digest: with your key in Vault, or with an SSH
    key. Who may approve stands in the environment file. The approval holds for an hour, for this
    plan on this target, and for one run; whoever made the plan or applies it cannot give it.
    """
    from onboarding import approval

    target = options.target(wanted)
    saved = plan_file.read(file)
    now = datetime.now(UTC)
    plan_file.check_file(saved, target, now)
    by = approval.approver(target, identity)
    cases = [case for case in _cases(saved, target) if approval.roles_wanted(case) & {*by.roles}]
    _refuse_pointless(saved, by, cases)
    for case in cases:
        approval.refuse_own(case, by)
    if not (yes and console.quiet()):
        _show(saved, language)
    if not yes:
        _ask(by, cases)
    given = [_approve(case, by, ssh_key) for case in cases]
    _report(given, file, output)
    return errors.ExitCode.DONE


def _cases(saved: plan_file.Saved, target: environment.Environment) -> list[approval.Case]:
    from onboarding import approval
    from onboarding.state import opening

    store = opening.of(target)
    return [
        approval.Case(target, store, part.plan, part.hazards, saved.made.by) for part in saved.parts
    ]


def _refuse_pointless(
    saved: plan_file.Saved, by: environment.Approver, cases: list[approval.Case]
) -> None:
    if cases:
        return
    roles = sorted({h.approver for part in saved.parts for h in part.hazards if h.approver})
    if not roles:
        raise errors.UsageError(
            "this plan needs no second person: nothing was signed",
            resolution="Apply it with: onboard apply --plan PLAN",
        )
    raise errors.Refused(
        f"{by.identity} has not the role that this plan needs",
        details=[f"it needs {', '.join(roles)}; {by.identity} is {', '.join(by.roles)}"],
        resolution="Ask an approver with that role.",
    )


def _show(saved: plan_file.Saved, language: str) -> None:
    from onboarding.report import plan_text

    console.hint(plan_text.saved(saved, language, verbose=True) + "\n")


def _ask(by: environment.Approver, cases: list[approval.Case]) -> None:
    if not console.asks():
        raise errors.UsageError(
            "nothing was signed: there is nobody to ask (stdin is not a terminal)",
            resolution="Review the plan above, then run the command again with --yes.",
        )
    agencies = ", ".join(case.tenant_id for case in cases)
    if not console.confirm(f"As {by.identity}: approve this plan for {agencies}?"):
        raise errors.OnboardError("nothing was signed: the plan was not approved")


def _approve(
    case: approval.Case, by: environment.Approver, ssh_key: Path | None
) -> approval.Approval:
    from onboarding import approval

    with case.store.lease(case.tenant_id):
        now = datetime.now(UTC)
        return approval.approve(case, by, account=actor.name(), now=now, ssh_key=ssh_key)


def _report(given: list[approval.Approval], file: Path, output: str) -> None:
    if output == "json":
        console.result_json({"approvals": [_json(one) for one in given]})
        return
    for one in given:
        console.result(
            f"{one.tenant}: approved by {one.identity} until {one.expires:%Y-%m-%d %H:%M} UTC, "
            f"for sha256:{one.digest}"
        )
    console.hint(f"Whoever applies it runs: onboard apply --plan {file} with the flags it needs")


def _json(of: approval.Approval) -> dict[str, Any]:
    return {
        "tenant": of.tenant,
        "digest": f"sha256:{of.digest}",
        "identity": of.identity,
        "rules": list(of.rules),
        "at": of.at.isoformat(),
        "expires": of.expires.isoformat(),
        "id": of.id,
    }


approve_command.name = "approve"
