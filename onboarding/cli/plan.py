"""``onboard plan``: what would change, and the plan file of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onboarding import actor, clock, environment, errors, patience, plan_file, safety
from onboarding.cli import console, fleet, keeping, options, runs
from onboarding.cli import job as jobs

if TYPE_CHECKING:
    from onboarding import reconcile

_DEFAULT_LIFE = "24h"


def _life(_ctx: click.Context, _param: click.Parameter, value: str) -> timedelta:
    try:
        return timedelta(seconds=patience.seconds(value))
    except (ValueError, OverflowError) as wrong:
        raise click.BadParameter(f"{wrong}.") from None


@click.command(
    epilog=options.examples(
        "onboard plan examples/moph.yaml",
        "onboard plan examples/moph.yaml --verbose --language th",
        "onboard plan examples/moph.yaml --detailed-exitcode -o json",
        "onboard plan examples/moph.yaml -o moph.plan",
        "onboard plan examples/moph.yaml examples/bdi.yaml -o both.plan --expires-in 8h",
        "onboard plan agencies/ --changed-since origin/main -o branch.plan",
    ),
)
@click.argument("places", type=options.MANIFESTS, nargs=-1, required=True, metavar="FILE|FOLDER…")
@options.environment_option
@options.with_option
@click.option(
    "--changed-since",
    "ref",
    metavar="REF",
    help="Plan only what this branch touches since it left REF (git): changed manifests, peers "
    "of their links, and whom a changed environment file or catalogue concerns.",
)
@keeping.plan_options
@click.option(
    "--expires-in",
    callback=_life,
    default=_DEFAULT_LIFE,
    show_default=True,
    metavar="SPAN",
    help="How long the plan file may be applied, e.g. 30m or 8h.",
)
@options.volume_options
@options.language_option
@options.as_of_option
@options.timeout_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 3 where the plan holds changes.")
def plan_command(
    places: tuple[Path, ...],
    wanted: str | None,
    given: tuple[Path, ...],
    ref: str | None,
    out: Path | None,
    expires_in: timedelta,
    output: str,
    language: str,
    as_of: clock.Clock,
    detailed_exitcode: bool,
) -> int:
    """Show what would change for the agency of FILE, or for each of several.

    Reads with the planner's rights only; no Pulumi and no Ansible is started. With -o PLAN the
    plan is kept as a file: onboard show PLAN renders it, onboard apply --plan PLAN writes
    exactly what is in it. Several agencies are planned each on its own, and are each other's
    peers; the digest of all covers the sorted list of theirs.
    """
    if ref is None:
        files = fleet.files(places)
    else:
        files = fleet.touched(ref, places, [environment.locate(wanted)])
    found = _Found()
    for file in files.all:
        try:
            job = jobs.start(file, wanted, (*given, *files.peers), as_of, output, language)
            _add(found, job, runs.prepare(job), detailed=detailed_exitcode)
        except Exception as caught:
            if not files.several:
                raise
            found.ended.append(fleet.left(str(file), caught))
    saved = _saved(found.parts, options.target(wanted), as_of, expires_in)
    if out is not None and saved is not None:
        plan_file.write(out, saved)
    _report(found, saved, out, text=output == "text", several=files.several)
    if not files.several and found.refused is not None:
        raise found.refused
    return fleet.code(found.ended)


@dataclass(slots=True)
class _Found:
    """What was planned so far, agency by agency."""

    ended: list[fleet.Ended] = field(default_factory=list)
    parts: list[plan_file.Part] = field(default_factory=list)
    shown: list[dict[str, Any]] = field(default_factory=list)
    refused: errors.Refused | None = None


def _add(found: _Found, job: jobs.Job, prepared: reconcile.Prepared, *, detailed: bool) -> None:
    from onboarding import verify
    from onboarding.report import plan_text

    if job.text and found.ended:
        console.result("")
    if job.text:
        runs.show_plan(job, prepared, to_result=True)
    else:
        found.shown.append(_json(job, prepared))
    found.parts.append(runs.part(job, prepared))
    told = plan_text.brief(prepared.plan)
    code = errors.ExitCode.CHANGES if detailed and prepared.plan.changes else errors.ExitCode.DONE
    found.refused = _in_the_way(prepared)
    gated = verify.gate(prepared.findings)
    if gated is not None:
        console.warning(f"apply would refuse this: {gated.message}")
    if found.refused or gated:
        code = errors.ExitCode.FINDINGS
        told += "; apply would refuse it"
    found.ended.append(fleet.Ended(job.tenant.id, code, told))


def _in_the_way(prepared: reconcile.Prepared) -> errors.Refused | None:
    try:
        safety.refuse(safety.never(prepared.hazards), frozenset(), prepared.tenant.id)
    except errors.Refused as refused:
        return refused
    return None


def _json(job: jobs.Job, prepared: reconcile.Prepared) -> dict[str, Any]:
    from onboarding import agreed
    from onboarding.report import amendment, hazards, plan_json, run_report
    from onboarding.report import json as findings_json

    return {
        **plan_json.of(prepared.plan),
        "hazards": hazards.json(prepared.hazards),
        "amendments": amendment.since_json(agreed.since(job.store, job.tenant.manifest)),
        "open": run_report.waiting(prepared.tenant, prepared.environment),
        "findings": [findings_json.finding(f) for f in prepared.findings],
    }


def _saved(
    parts: list[plan_file.Part],
    target: environment.Environment,
    as_of: clock.Clock,
    life: timedelta,
) -> plan_file.Saved | None:
    if not parts:
        return None
    now = datetime.now(UTC).replace(microsecond=0)
    made = plan_file.Made(
        target.name, target.production, actor.name(), now, now + life, as_of.today()
    )
    return plan_file.seal(made, parts)


def _report(
    found: _Found,
    saved: plan_file.Saved | None,
    out: Path | None,
    *,
    text: bool,
    several: bool,
) -> None:
    if saved is not None and out is not None:
        console.hint(
            f"{out}: written, holds until {saved.made.expires:%Y-%m-%d %H:%M} UTC.\n"
            f"  onboard show {out}\n"
            f"  onboard apply --plan {out}"
        )
    digest = f"sha256:{saved.digest}" if saved else None
    if text and not found.ended:
        console.result("No manifest is touched: there is nothing to plan.")
    elif text and several:
        console.result("\n" + fleet.text(found.ended))
        if digest:
            console.result(f"Digest of all {digest}")
    elif not text and several:
        listed = {"digest": digest, "tenants": found.shown, "ended": fleet.json(found.ended)}
        console.result_json(listed)
    elif not text:
        console.result_json(found.shown[0])


plan_command.name = "plan"
