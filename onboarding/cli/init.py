"""``onboard init``: a new manifest from a few answers."""

from __future__ import annotations

import locale
import os
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onboarding import clock, errors
from onboarding.cli import console, init_text, options, written

if TYPE_CHECKING:
    from onboarding.manifest import init_presets


def _of_locale() -> str:
    """Thai where the user's programs speak Thai, in the order in which C looks for it."""
    said = next(filter(None, map(os.environ.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "th" if locale.normalize(said).startswith("th") else "en"


@click.command(
    epilog=options.examples(
        "onboard init agency.yaml",
        "onboard init agency.yaml --language th",
        "onboard init --list-presets",
        "onboard init moc.yaml --preset ministry --answers answers.yaml",
        "onboard init moc.yaml --preset ministry --set id=moc --set users=900 …",
    ),
)
@click.argument("file", type=options.MANIFEST, required=False)
@click.option("--preset", help="The sort of agency; asked for when it is not given.")
@click.option(
    "--list-presets", is_flag=True, help="Show the sorts of agencies; --verbose: their law."
)
@click.option("--answers", type=options.MANIFEST, help="A YAML or JSON file with the answers.")
@click.option(
    "--set", "given", multiple=True, metavar="KEY=VALUE", help="One answer; may be repeated."
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
@click.option(
    "--language",
    type=click.Choice(["en", "th"]),
    default=_of_locale,
    show_default="as the locale",
    help="Language of questions and of the comments in FILE.",
)
@options.output_option
@options.volume_options
@options.as_of_option
def init(
    file: Path | None,
    preset: str | None,
    list_presets: bool,
    answers: Path | None,
    given: tuple[str, ...],
    force: bool,
    language: str,
    output: str,
    as_of: clock.Clock,
) -> int:
    """Write a commented, valid manifest to FILE.

    Asks on a terminal for what --answers and --set do not say; elsewhere they must say everything
    that has no usual answer. What only the agency knows is written as a draft. Dates may be given
    as in a letter: 13 มิ.ย. 2568.
    """
    if list_presets:
        init_text.presets(language, output)
        return errors.ExitCode.DONE
    if file is None:
        raise errors.UsageError("Missing argument 'FILE'.", resolution="See: onboard init --help")
    if file.exists() and not force:
        raise written.exists(file)
    written.refuse_unwritable(file)
    from onboarding.manifest import init as start

    try:
        name, known = _answers(preset, answers, given, language, as_of)
    except (click.Abort, KeyboardInterrupt):
        raise errors.Interrupted(
            "interrupted; nothing was written", resolution="Run the same command to begin anew."
        ) from None
    text = start.text(name, known, today=as_of.today(), language=language)
    (written.replace if force else written.new)(file, text)
    init_text.result(file, name, text, language, output)
    return errors.ExitCode.DONE


def _answers(
    preset: str | None, file: Path | None, given: Sequence[str], language: str, now: clock.Clock
) -> tuple[str, dict[str, Any]]:
    """The preset's name and the answers, asked for where somebody is there to ask."""
    from onboarding.manifest import init_answers, init_presets

    known = init_answers.read(file) if file else {}
    pairs = _pairs(given)
    name = preset or pairs.pop("preset", None) or known.pop("preset", None)
    known.pop("preset", None)
    asks = console.asks()
    if name is None and asks:
        name = _ask_preset(language)
    chosen = init_presets.get(name) if name else None
    typed, problems = _typed(pairs, chosen, known)
    known |= typed
    if not asks:
        said = {*known, *pairs, *(["preset"] if name else [])}
        problems += [p for p in _missing(chosen) if p.field not in said]
    if problems:
        raise errors.InvalidInput(
            f"{len(problems)} answer(s) are missing or wrong",
            problems,
            resolution="Give them with --answers FILE or --set KEY=VALUE"
            + ("." if asks else ", or run it on a terminal to be asked."),
        )
    if asks and chosen:
        known = _asked(chosen, known, language, now, only_needed=file is not None)
    return str(name), known


def _missing(preset: init_presets.Preset | None) -> list[errors.Problem]:
    """One problem for each answer that nobody gave, if it was not given."""
    from onboarding.manifest import init_answers

    needed = ("preset", *init_answers.needed(preset))
    return [
        errors.Problem("missing", 0, 0, key, title, "" if hint == title else hint)
        for name, info in init_answers.Answers.model_fields.items()
        for key, title, hint in [(info.alias or name, info.title or "", info.description or "")]
        if key in needed
    ]


def _pairs(given: Sequence[str]) -> dict[str, str]:
    pairs = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals:
            raise errors.UsageError(
                f"--set {pair!r} has no '='", resolution="Write --set KEY=VALUE."
            )
        pairs[key] = value
    return pairs


def _typed(
    pairs: dict[str, str], preset: init_presets.Preset | None, known: dict[str, Any]
) -> tuple[dict[str, Any], list[errors.Problem]]:
    """The values of --set, and everything that is wrong with them."""
    from onboarding.manifest import init_answers

    typed: dict[str, Any] = {}
    problems: list[errors.Problem] = []
    for key, value in pairs.items():
        try:
            typed[key] = init_answers.understood(key, value, preset, {**known, **typed})
        except errors.InvalidInput as refused:
            problems += [
                errors.Problem("--set", 0, 0, p.field, p.message, p.remedy)
                for p in refused.problems
            ]
    return typed, problems


def _ask_preset(language: str) -> str:
    from onboarding.manifest import init_presets

    presets = init_presets.presets()
    for number, (name, of) in enumerate(presets.items(), 1):
        title = of.title_th if language == "th" else of.title_en
        click.echo(f"  {number:>2}  {name:<20} {title}", err=True)

    def chosen(reply: str) -> str:
        if reply.isdigit() and 0 < int(reply) <= len(presets):
            return list(presets)[int(reply) - 1]
        try:
            init_presets.get(reply)
        except errors.InvalidInput as refused:
            raise click.UsageError(f"{refused.message}. {refused.resolution}") from None
        return reply

    question = "ชนิดหน่วยงาน (เลขหรือชื่อ)" if language == "th" else "Sort of agency (number or name)"
    answer: str = click.prompt(question, value_proc=chosen, err=True)
    return answer


def _asked(
    preset: init_presets.Preset,
    known: dict[str, Any],
    language: str,
    now: clock.Clock,
    *,
    only_needed: bool,
) -> dict[str, Any]:
    from onboarding.manifest import init_answers

    today = now.today()
    while True:
        for question in init_answers.questions(preset, known, today):
            if question.needed or not only_needed:
                break
        else:
            return known

        def understood(reply: str, key: str = question.key) -> Any:
            try:
                return init_answers.understood(key, reply, preset, known)
            except errors.InvalidInput as refused:
                why = refused.problems[0]
                remedy = f" ({why.remedy})" if why.remedy else ""
                raise click.UsageError(why.message + remedy) from None

        known[question.key] = click.prompt(
            question.th if language == "th" else question.en,
            default=_shown(question.usual, language),
            value_proc=understood,
            err=True,
        )


def _shown(usual: Any, language: str) -> str | None:
    """A usual answer as it could have been typed."""
    from onboarding.manifest import thai_dates

    if language == "th" and isinstance(usual, date):
        return thai_dates.written(usual)
    return None if usual is None else str(usual)
