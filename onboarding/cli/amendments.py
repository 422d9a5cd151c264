"""``onboard amendments``: what of an MOU changed since it was applied, and what to sign anew."""

from __future__ import annotations

from pathlib import Path

import click

from onboarding import agreed, amendment, errors, manifest
from onboarding.cli import console, options
from onboarding.manifest import model
from onboarding.report import amendment as report
from onboarding.state import opening


@click.command(
    epilog=options.examples(
        "onboard amendments examples/m-culture.yaml",
        "onboard amendments new.yaml --against old.yaml --language th",
        "onboard amendments examples/m-culture.yaml --output json",
    ),
)
@click.argument("file", type=options.MANIFEST)
@click.option(
    "--against",
    type=options.MANIFEST,
    metavar="OLD",
    help="Compare with this manifest instead of the one applied last; needs no environment.",
)
@options.environment_option
@options.output_option
@options.volume_options
@options.language_option
def amendments(
    file: Path, against: Path | None, wanted: str | None, output: str, language: str
) -> int:
    """Compare the MOU of FILE with the one applied last, in the terms of the MOU.

    Says for every change what has to be signed anew, by whom, and who approves it in the tool.
    Touches nothing.
    """
    after = manifest.load(file)
    kept = _applied(wanted, after) if against is None else ()
    before = kept[-1].read() if kept else manifest.load(against) if against else None
    found = amendment.compare(before, after) if before else ()
    if output == "json":
        console.result_json({**_json(after, kept), **report.json(found)})
        return errors.ExitCode.DONE
    agency = after.agency
    lines = [f"{agency.name_en} · {agency.name_th} ({after.id}), MOU {after.mou.number}"]
    if before is None:
        lines.append("never applied here: there is nothing to compare it with")
    else:
        lines += _compared(kept, against)
        lines += ["", report.text(found, language=language)]
    console.result("\n".join(lines))
    return errors.ExitCode.DONE


def _applied(wanted: str | None, of: model.AgencyMou) -> tuple[agreed.Agreed, ...]:
    return agreed.applied(opening.of(options.target(wanted)), of.id)


def _compared(kept: tuple[agreed.Agreed, ...], against: Path | None) -> list[str]:
    if against is not None:
        return [f"compared with {against}"]
    lines = ["applied so far, the last one is compared with:"]
    for one in kept:
        plan = f", plan {one.plan[:12]}" if one.plan else ""
        day = f"{one.at[:19]}Z" if one.at else "before such records"
        lines.append(f"  {day}  {one.number}, signed {one.signed_on}{plan}, {one.sha256[:12]}")
    return lines


def _json(of: model.AgencyMou, kept: tuple[agreed.Agreed, ...]) -> dict[str, object]:
    return {
        "tenant": of.id,
        "number": of.mou.number,
        "applied": [
            {
                "at": one.at or None,
                "number": one.number,
                "signedOn": one.signed_on,
                "sha256": one.sha256,
                "plan": f"sha256:{one.plan}" if one.plan else None,
            }
            for one in kept
        ],
    }
