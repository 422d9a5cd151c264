"""``onboard convert``: dates, bodies and versions of a manifest, shown before they are written."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onboarding import errors
from onboarding.cli import console, options, written

if TYPE_CHECKING:
    from onboarding.manifest import convert as conversions
    from onboarding.manifest import convert_bodies

_BOM = "\ufeff"


@click.command(
    epilog=options.examples(
        "onboard convert agency.yaml --dates be",
        "onboard convert agency.yaml --dates be --write",
        "onboard convert examples/plk-lao.yaml --bodies examples/plk-bodies.csv",
        "onboard convert plk.yaml --bodies bodies.csv --set-totals --write",
        "onboard convert agency.yaml --to v1alpha2 --write",
    ),
)
@click.argument("file", type=options.MANIFEST)
@click.option(
    "--dates",
    type=click.Choice(["be"]),
    help="Rewrite dates of the Buddhist Era, as in 13 มิ.ย. 2568, as Gregorian ones.",
)
@click.option(
    "--bodies",
    type=options.MANIFEST,
    metavar="CSV",
    help="Take the bodies of a pooled programme from a table.",
)
@click.option("--to", metavar="VERSION", help="Rewrite an older manifest, e.g. to v1alpha2.")
@click.option("--set-totals", is_flag=True, help="With --bodies: set users and bodies to its sums.")
@click.option("--drop", is_flag=True, help="With --bodies: bodies that it lacks may go.")
@click.option("--write", is_flag=True, help="Write FILE; without it, only show what would change.")
@options.output_option
@options.volume_options
def convert(
    file: Path,
    dates: str | None,
    bodies: Path | None,
    to: str | None,
    set_totals: bool,
    drop: bool,
    write: bool,
    output: str,
) -> int:
    """Show FILE converted, as a diff, or write it; comments and order stay.

    A date with two readings (6/7/2568, a year of two digits) is refused with its line.

    A table of bodies is CSV or tab-separated, in UTF-8 or TIS-620, with the columns nameTh
    (ชื่อหน่วยงาน) and users (จำนวนผู้ใช้), and if wanted id (รหัส), certificateName (ชื่อในใบรับรอง) and
    ecms (รหัส e-CMS). Bodies keep the ids they have.
    """
    if sum(wanted is not None for wanted in (dates, bodies, to)) != 1:
        raise errors.UsageError(
            "say one of --dates, --bodies and --to", resolution="See: onboard convert --help"
        )
    if bodies is None and (set_totals or drop):
        raise errors.UsageError("--set-totals and --drop go with --bodies only")
    text = _text(file)
    plain = text.removeprefix(_BOM)
    result: convert_bodies.Result | None = None
    if bodies is not None:
        result = _bodies(plain, file, bodies, set_totals=set_totals)
        if write and result.totals and not set_totals:
            result = _agreed(plain, file, bodies, result)
        conversion = result.conversion
        if write and result.removed and not drop:
            raise errors.Refused(
                f"{bodies} lacks {len(result.removed)} body(ies) of {file}; nothing was written",
                details=result.removed,
                resolution="Add them to the table, or let them go with --drop.",
            )
    else:
        conversion = _dates_or_version(plain, file, to)
    if write and conversion.changes:
        written.replace(file, (_BOM if text != plain else "") + conversion.text)
    _show(file, plain, conversion, result, output, wrote=write, totals_set=set_totals)
    return errors.ExitCode.DONE


def _text(file: Path) -> str:
    """The file as it is, line ends included, once it can be read at all."""
    from onboarding import strict_yaml

    strict_yaml.load(file)
    return file.read_bytes().decode("utf-8")


def _dates_or_version(text: str, file: Path, to: str | None) -> conversions.Conversion:
    from onboarding.manifest import convert_dates, convert_version

    if to is not None:
        return convert_version.converted(text, str(file), to)
    return convert_dates.converted(text, str(file))


def _bodies(text: str, file: Path, table: Path, *, set_totals: bool) -> convert_bodies.Result:
    from onboarding.manifest import convert_bodies, convert_table

    rows = convert_table.load(table)
    return convert_bodies.converted(text, str(file), rows, str(table), set_totals=set_totals)


def _agreed(
    text: str, file: Path, table: Path, result: convert_bodies.Result
) -> convert_bodies.Result:
    """The result with its totals set, once a person agreed. Raises errors.Refused."""
    told = [
        f"{field} is {said:,}, the table says {wanted:,}" for field, said, wanted in result.totals
    ]
    if console.asks():
        for line in told:
            console.hint(line)
        if console.confirm("Set what the table says?"):
            return _bodies(text, file, table, set_totals=True)
    raise errors.Refused(
        f"{table} and {file} do not add up; nothing was written",
        details=told,
        resolution="Correct one of them, or take what the table says with --set-totals.",
    )


def _show(
    file: Path,
    text: str,
    conversion: conversions.Conversion,
    bodies: convert_bodies.Result | None,
    output: str,
    *,
    wrote: bool,
    totals_set: bool,
) -> None:
    removed, totals = (bodies.removed, bodies.totals) if bodies else ((), ())
    count = len(conversion.changes)
    if output == "json":
        console.result_json(
            {
                "file": str(file),
                "written": wrote and count > 0,
                "changes": [_change(change) for change in conversion.changes],
                "removed": list(removed),
                "totals": [{"field": f, "manifest": s, "table": w} for f, s, w in totals],
                "notes": list(conversion.notes),
                "text": conversion.text,
            }
        )
        return
    diff = difflib.unified_diff(
        text.splitlines(), conversion.text.splitlines(), str(file), f"{file} (converted)", n=1,
        lineterm="",
    )  # fmt: skip
    lines = list(diff)
    if count == 0:
        lines.append(f"{file}: nothing to change")
    elif wrote:
        lines += ["", f"{file}: {count} change(s) written"]
    else:
        lines += ["", f"{file}: {count} change(s); nothing was written. Add --write to write them."]
    console.result("\n".join(lines))
    for name in removed:
        console.warning(f"not in the table: {name}")
    if not totals_set and not wrote:
        for field, said, wanted in totals:
            console.warning(f"{field} is {said:,}, the table says {wanted:,} (see --set-totals)")
    for note in conversion.notes:
        console.warning(note)


def _change(of: conversions.Change) -> dict[str, Any]:
    return {
        "line": of.line,
        "column": of.column,
        "field": of.field,
        "before": of.before,
        "after": of.after,
    }
