"""``onboard fmt``: manifests in good form, written in place or only compared."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from onboarding import errors
from onboarding.cli import console, options, written


@click.command(
    epilog=options.examples(
        "onboard fmt agency.yaml",
        "onboard fmt --diff agency.yaml",
        "onboard fmt --check agencies/*.yaml",
        "onboard fmt --fix-dates agency.yaml",
    ),
)
@click.argument("files", type=options.MANIFEST, nargs=-1, required=True, metavar="FILE…")
@click.option(
    "--check", is_flag=True, help="Write nothing; exit 4 where a file is not in good form."
)
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--fix-dates", is_flag=True, help="Write dates of the Buddhist Era as Gregorian.")
@options.output_option
@options.volume_options
def fmt(files: Sequence[Path], check: bool, diff: bool, fix_dates: bool, output: str) -> int:
    """Write each FILE in good form: keys in the order of the reference, even columns, NFC text.

    Comments travel with their keys and lists keep their order. Dates lose their quotes; a date of
    the Buddhist Era is an error that names the Gregorian one, unless --fix-dates writes it. Line
    ends, trailing spaces and a byte order mark are evened out.

    What a file says never changes: it is read again before it is written. A file that is not
    valid is left alone.
    """
    found = [_formatted(file, fix_dates) for file in files]
    writes = not (check or diff)
    for one in found:
        if writes and one.changes:
            written.replace(one.file, one.after)
    if output == "json":
        console.result_json({"files": [_json(one, writes) for one in found]})
    else:
        for one in found:
            if one.changes:
                word = "written" if writes else "not in good form"
                console.result(_diff(one) if diff else f"{one.file}: {word}")
    problems = [problem for one in found for problem in one.problems]
    if problems:
        raise _invalid(problems)
    unformatted = check and any(one.changes for one in found)
    return errors.ExitCode.FINDINGS if unformatted else errors.ExitCode.DONE


@dataclass(frozen=True, slots=True)
class _Formatted:
    """A file before and after; ``problems`` where it is not valid, and nothing changes then."""

    file: Path
    before: str = ""
    after: str = ""
    problems: tuple[errors.Problem, ...] = ()

    @property
    def changes(self) -> bool:
        return self.before != self.after


def _formatted(file: Path, fix_dates: bool) -> _Formatted:
    from onboarding import strict_yaml
    from onboarding.manifest import fmt as form

    try:
        strict_yaml.survey(file)
        before = file.read_bytes().decode()
        return _Formatted(file, before, form.formatted(before, str(file), fix_dates=fix_dates))
    except errors.InvalidInput as invalid:
        unplaced = errors.Problem(str(file), 0, 0, "", invalid.message, invalid.resolution)
        return _Formatted(file, problems=tuple(invalid.problems) or (unplaced,))


def _diff(of: _Formatted) -> str:
    lines = difflib.unified_diff(
        of.before.splitlines(), of.after.splitlines(), str(of.file), f"{of.file} (in good form)",
        n=1, lineterm="",
    )  # fmt: skip
    return "\n".join(lines) or f"{of.file}: only line ends, spaces or a byte order mark"


def _json(of: _Formatted, writes: bool) -> dict[str, Any]:
    return {
        "file": str(of.file),
        "valid": not of.problems,
        "changes": of.changes,
        "written": of.changes and writes,
    }


def _invalid(problems: Sequence[errors.Problem]) -> errors.InvalidInput:
    places = len({problem.path for problem in problems})
    of_dates = any("Buddhist" in problem.message for problem in problems)
    return errors.InvalidInput(
        f"{len(problems)} problem(s) in {places} file(s), which were left alone",
        problems,
        resolution="Mend the places above, then run the command again."
        + (" Dates of the Buddhist Era are mended by --fix-dates." if of_dates else ""),
    )
