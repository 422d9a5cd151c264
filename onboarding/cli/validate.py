"""``onboard validate``: manifests alone and against each other, before any system is touched."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from onboarding import counted, crosscheck, errors, folder, manifest, progress, strict_yaml, tenant
from onboarding.cli import console, options
from onboarding.manifest import drafts, model, order

_LISTED = 50
"""Up to so many files each gets a line of its own; of more only their number is told."""
_LONG = 200
"""From so many files on it takes long enough to show how far it got."""


@dataclass(frozen=True, slots=True)
class _Valid:
    path: Path
    id: str
    name: str
    waiting: int
    drafts: tuple[errors.Problem, ...] = ()


@dataclass(slots=True)
class _Result:
    """What was found. ``drafts`` are kept in full only where they will be shown."""

    valid: list[_Valid] = field(default_factory=list)
    skipped: list[folder.Skipped] = field(default_factory=list)
    problems: list[errors.Problem] = field(default_factory=list)
    notes: list[errors.Problem] = field(default_factory=list)


@click.command(
    epilog=options.examples(
        "onboard validate examples/moph.yaml",
        "onboard validate examples",
        "onboard validate agencies/ more/*.yaml --output json",
    ),
)
@click.argument("places", type=options.MANIFESTS, nargs=-1, required=True, metavar="FILE|FOLDER…")
@options.output_option
@options.volume_options
def validate(places: Sequence[Path], output: str) -> int:
    """Check each FILE and every manifest in each FOLDER, alone and against the others.

    Alone: shape, values, sums and names. Together: nothing is claimed twice (ids, domains,
    namespaces, codes, bodies), both sides of a link say the same, no agency is above itself.

    Every problem is reported at once, as file:line:column. Draft values (TBD, a name in
    parentheses) and links that wait for the other side are warnings. Needs no environment.
    """
    files = folder.files(places)
    watched = console.progress() if len(files) >= _LONG else progress.Silent()
    found = _check(files, watched, in_full=output == "json" or console.verbose())
    if output == "json":
        console.result_json(_json(found))
    else:
        _text(found, alone=len(files) == 1)
    if found.problems:
        if output == "text":
            console.error(_summary(found.problems))
        return errors.ExitCode.INVALID
    return errors.ExitCode.DONE


def _check(files: Sequence[folder.File], watched: progress.Progress, *, in_full: bool) -> _Result:
    found = _Result()
    together = crosscheck.Crosscheck()
    with watched.step(f"Read {counted.of(len(files), 'file')}"):
        for one in folder.read(files, watched):
            match one:
                case folder.Read():
                    together.add(one.path, tenant.resolve(one.manifest))
                    found.valid.append(_valid(one, in_full=in_full))
                    _order(one, found)
                case folder.Refused():
                    found.problems += one.problems
                case folder.Skipped():
                    found.skipped.append(one)
        concluded = together.conclude()
    found.problems += concluded.problems
    found.notes += concluded.notes
    return found


def _valid(one: folder.Read, *, in_full: bool) -> _Valid:
    agency = one.manifest.agency
    name = f"{agency.name_en} · {agency.name_th}"
    if not in_full:
        # Placing a draft value means parsing the file once more: only where it will be shown.
        return _Valid(one.path, one.manifest.id, name, drafts.count(one.document.value))
    found = manifest.draft_values(one.manifest, one.document)
    return _Valid(one.path, one.manifest.id, name, len(found), found)


def _order(one: folder.Read, found: _Result) -> None:
    """Mistakes that a control judges are problems, unless the manifest holds a waiver for it."""
    waived = {waiver.control for waiver in one.manifest.waivers}
    for control, mistake in order.mistakes(one.manifest):
        at = strict_yaml.problem(
            one.document,
            model.AgencyMou,
            mistake.path,
            f"{mistake.message} ({control})",
            f"waived by {control}" if control in waived else mistake.remedy,
        )
        (found.notes if control in waived else found.problems).append(at)


def _summary(problems: Sequence[errors.Problem]) -> errors.InvalidInput:
    places = len({p.path for p in problems})
    return errors.InvalidInput(
        f"{len(problems)} problem(s) in {places} file(s)",
        problems,
        resolution="Mend the places above, then run the command again.",
    )


def _text(found: _Result, *, alone: bool) -> None:
    bad = {p.path for p in found.problems}
    good = [one for one in found.valid if str(one.path) not in bad]
    if len(found.valid) <= _LISTED or console.verbose():
        for one in good:
            note = f"  ({one.waiting} draft value{'s' * (one.waiting > 1)})" if one.waiting else ""
            console.result(f"{one.path}: valid: {one.name}{note}")
    if not alone:
        console.result(_counts(found, len(good), len(bad)))
    for note in _notes(found):
        console.warning(note)


def _counts(found: _Result, good: int, bad: int) -> str:
    skipped = f", {len(found.skipped):,} skipped" if found.skipped else ""
    return f"{good:,} valid, {bad:,} with problems{skipped}"


def _notes(found: _Result) -> Iterator[str]:
    for file in found.skipped:
        yield f"{file.path}: skipped: {file.reason}, so it is no manifest"
    for note in found.notes:
        remedy = f" ({note.remedy})" if note.remedy else ""
        yield f"{note.where()}: {note.field}: {note.message}{remedy}"
    for one in found.valid:
        for draft in one.drafts:
            yield f"{draft.where()}: {draft.field}: {draft.message}"


def _json(found: _Result) -> dict[str, Any]:
    problems: dict[str, list[errors.Problem]] = {}
    for problem in found.problems:
        problems.setdefault(problem.path, []).append(problem)
    named = {str(one.path): one for one in found.valid}
    return {
        "files": [
            {
                "file": file,
                "id": named[file].id if file in named else None,
                "valid": file not in problems,
                "problems": [_problem(p) for p in problems.get(file, ())],
                "drafts": [_problem(p) for p in named[file].drafts] if file in named else [],
            }
            for file in sorted({*named, *problems})
        ],
        "notes": [{"file": note.path, **_problem(note)} for note in found.notes],
        "skipped": [{"file": str(one.path), "reason": one.reason} for one in found.skipped],
    }


def _problem(of: errors.Problem) -> dict[str, Any]:
    return {
        "line": of.line,
        "column": of.column,
        "field": of.field,
        "message": of.message,
        "remedy": of.remedy,
    }
