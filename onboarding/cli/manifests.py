"""``onboard init`` and ``onboard validate``: a manifest before any system is touched."""

from __future__ import annotations

import dataclasses
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onboarding import errors
from onboarding.cli import console, options

if TYPE_CHECKING:
    from onboarding import clock
    from onboarding.manifest import init as start
    from onboarding.manifest import model


@click.command(
    epilog=options.examples(
        "onboard validate examples/moph.yaml",
        "onboard validate agencies/*.yaml --output json",
    ),
)
@click.argument("files", type=options.MANIFEST, nargs=-1, required=True, metavar="FILE…")
@options.output_option
@options.volume_options
def validate(files: Sequence[Path], output: str) -> int:
    """Check each FILE: shape, values, sums and names, and clashes between the files.

    Every problem is reported at once, as file:line:column. Draft values (TBD, a name in
    parentheses) are warnings. Needs no environment.
    """
    from onboarding import manifest

    read: dict[Path, model.AgencyMou] = {}
    problems: list[errors.Problem] = []
    drafts: list[errors.Problem] = []
    for file in files:
        try:
            of, document = manifest.read(file)
        except errors.InvalidInput as invalid:
            problems += _placed(file, invalid)
            continue
        read[file] = of
        drafts += manifest.draft_values(of, document)
    problems += _clashes(read)
    if output == "json":
        console.result_json(_validate_json(files, read, problems, drafts))
    else:
        _validate_text(read, problems, drafts)
    if problems:
        if output == "text":
            console.error(_summary(problems))
        return errors.ExitCode.INVALID
    return errors.ExitCode.DONE


def _placed(file: Path, invalid: errors.InvalidInput) -> list[errors.Problem]:
    """The problems of a file; where one has no line, what the whole error advises is its remedy."""
    if not invalid.problems:
        return [errors.Problem(str(file), 0, 0, "", invalid.message, invalid.resolution)]
    return [
        p if p.line or p.remedy else dataclasses.replace(p, remedy=invalid.resolution)
        for p in invalid.problems
    ]


def _clashes(read: Mapping[Path, model.AgencyMou]) -> list[errors.Problem]:
    from onboarding import tenant

    named = {of.metadata.id: str(path) for path, of in read.items()}
    found = tenant.clashes(tenant.resolve(of) for of in read.values())
    return [
        errors.Problem(
            named.get(clash.agencies[-1], ""),
            0,
            0,
            clash.what,
            f"{clash.name!r} is claimed by {' and '.join(clash.agencies)}",
            "give one of them another value",
        )
        for clash in found
    ]


def _summary(problems: Sequence[errors.Problem]) -> errors.InvalidInput:
    places = len({p.path for p in problems})
    return errors.InvalidInput(
        f"{len(problems)} problem(s) in {places} file(s)",
        problems,
        resolution="Mend the places above, then run the command again.",
    )


def _validate_text(
    read: Mapping[Path, model.AgencyMou],
    problems: Sequence[errors.Problem],
    drafts: Sequence[errors.Problem],
) -> None:
    bad = {p.path for p in problems}
    for path, of in read.items():
        if str(path) not in bad:
            waiting = sum(d.path == str(path) for d in drafts)
            note = f"  ({waiting} draft values)" if waiting else ""
            console.result(f"{path}: valid: {of.agency.name_en} · {of.agency.name_th}{note}")
    if console.verbose():
        for draft in drafts:
            console.warning(f"{draft.where()}: {draft.field}: {draft.message}")


def _validate_json(
    files: Sequence[Path],
    read: Mapping[Path, model.AgencyMou],
    problems: Sequence[errors.Problem],
    drafts: Sequence[errors.Problem],
) -> dict[str, Any]:
    def of(file: Path, listed: Sequence[errors.Problem]) -> list[dict[str, Any]]:
        return [
            {"line": p.line, "column": p.column, "field": p.field, "message": p.message,
             "remedy": p.remedy}
            for p in listed
            if p.path == str(file)
        ]  # fmt: skip

    return {
        "files": [
            {
                "file": str(file),
                "id": read[file].metadata.id if file in read else None,
                "valid": not of(file, problems),
                "problems": of(file, problems),
                "drafts": of(file, drafts),
            }
            for file in files
        ]
    }


@click.command(
    epilog=options.examples(
        "onboard init agency.yaml",
        "onboard init agency.yaml --language th",
        "onboard init moc.yaml --preset ministry --answers answers.yaml",
        "onboard init moc.yaml --preset ministry --set id=moc --set users=900 …",
    ),
)
@click.argument("file", type=options.MANIFEST)
@click.option("--preset", help="The sort of agency; asked for when it is not given.")
@click.option(
    "--answers", type=options.MANIFEST, help="A YAML file with the answers, instead of asking."
)
@click.option(
    "--set", "given", multiple=True, metavar="KEY=VALUE", help="One answer; may be repeated."
)
@options.language_option
@options.as_of_option
def init(
    file: Path,
    preset: str | None,
    answers: Path | None,
    given: tuple[str, ...],
    language: str,
    as_of: clock.Clock,
) -> int:
    """Write a commented, valid manifest to FILE; an existing file is never overwritten.

    Asks on a terminal, in English or Thai (--language th). Elsewhere --preset with --answers or
    --set must say everything.
    """
    from onboarding.manifest import init as start

    if file.exists():
        raise errors.UsageError(
            f"{file} exists already", resolution="Name another file, or remove that one first."
        )
    known = _given(answers, given)
    chosen = _chosen_preset(start.presets(), preset, language)
    if _asks():
        known = _ask(start.questions(chosen), known, language)
    text = start.text(chosen.name, known, today=as_of.today())
    try:
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as failed:
        raise errors.UsageError(
            f"{file} cannot be written: {failed.strerror}",
            resolution="Name a file in a folder that exists and that you may write to.",
        ) from failed
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    console.result(f"{file}: written. Complete it, then run: onboard validate {file}")
    return errors.ExitCode.DONE


def _asks() -> bool:
    return sys.stdin.isatty()


def _given(answers: Path | None, given: Sequence[str]) -> dict[str, str | int]:
    from onboarding import strict_yaml

    known: dict[str, str | int] = {}
    if answers is not None:
        value = strict_yaml.load(answers).value
        if not isinstance(value, dict) or not all(isinstance(v, str | int) for v in value.values()):
            raise errors.InvalidInput(
                f"{answers} must hold one 'key: value' a line, each value a text or a number",
                resolution="See: onboard init --help",
            )
        known.update(value)
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals:
            raise errors.UsageError(
                f"--set {pair!r} has no '='", resolution="Write --set KEY=VALUE."
            )
        known[key] = value
    return known


def _chosen_preset(
    presets: Sequence[start.Preset], wanted: str | None, language: str
) -> start.Preset:
    names = [p.name for p in presets]
    if wanted is None:
        if not _asks():
            raise errors.UsageError(
                "--preset is needed where nobody can be asked",
                resolution=f"Add --preset with one of: {', '.join(names)}",
            )
        for p in presets:
            click.echo(f"  {p.name:<20} {p.title_th if language == 'th' else p.title_en}", err=True)
        wanted = click.prompt("preset", type=click.Choice(names), err=True, show_choices=False)
    for p in presets:
        if p.name == wanted:
            return p
    raise errors.UsageError(
        f"there is no preset {wanted!r}", resolution=f"Use one of: {', '.join(names)}"
    )


def _ask(
    questions: Sequence[start.Question], known: Mapping[str, str | int], language: str
) -> dict[str, str | int]:
    answers = dict(known)
    for question in questions:
        if question.key not in answers:
            words = question.ask_th if language == "th" else question.ask_en
            answers[question.key] = click.prompt(words, default=question.default, err=True)
    return answers
