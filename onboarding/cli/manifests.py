"""``onboard init``: a new manifest from a few answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onboarding import errors
from onboarding.cli import console, options

if TYPE_CHECKING:
    from onboarding import clock
    from onboarding.manifest import init as start


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
