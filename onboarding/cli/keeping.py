"""``-o``, ``--output`` and ``--out`` of the commands that make plans: the form, and the file."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import click

from onboarding import plan_file
from onboarding.cli import options, written

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

F = TypeVar("F", bound=Callable[..., Any])

_FORMS = ("text", "json")


def plan_options(function: F) -> F:
    """The command gets ``output``, text or json, and ``out``, the file to keep the plan in.

    ``-o`` is short for both, told apart by its word; where it is given more than once, too.
    """

    @functools.wraps(function)
    def sorted_out(*args: Any, **given: Any) -> Any:
        words: Sequence[str] = given.pop("words")
        forms = {w for w in words if w in _FORMS} | {given["output"]} - {None}
        files = {Path(w) for w in words if w not in _FORMS} | {given["out"]} - {None}
        if len(forms) > 1:
            raise click.UsageError("the output has one form: text or json")
        if len(files) > 1:
            named = " and ".join(sorted(map(str, files)))
            raise click.UsageError(f"the plan is kept in one file, not in {named}")
        given["output"] = next(iter(forms), "text")
        given["out"] = next(iter(files), None)
        if given["out"] is not None:
            written.refuse_unwritable(given["out"])
            plan_file.refuse_another_in_place(given["out"])
        return function(*args, **given)

    wrapped = click.option(
        "--output",
        type=click.Choice(_FORMS),
        help="json is for machines and stable.  [default: text]",
    )(sorted_out)
    wrapped = click.option(
        "--out",
        type=options.MANIFEST,
        metavar="PLAN",
        help="The file to keep the plan in, to be reviewed and then carried out exactly.",
    )(wrapped)
    short = click.option(
        "-o",
        "words",
        multiple=True,
        callback=_refuse_slips,
        shell_complete=_words,
        metavar="PLAN|text|json",
        help="Keep the plan in this file, as --out. The words text and json are the form of the "
        "output instead, as --output; a file of such a name is written with --out. May be given "
        "for both.",
    )
    return cast("F", short(wrapped))


def _refuse_slips(
    _ctx: click.Context, _param: click.Parameter, words: tuple[str, ...]
) -> tuple[str, ...]:
    """A form that was written wrong is no file."""
    for word in words:
        meant = word.removeprefix("=")
        if meant != word or (word not in _FORMS and word.lower() in _FORMS):
            right = meant.lower() if meant.lower() in _FORMS else meant
            raise click.BadParameter(f"write -o {right}; for a file of this name, --out {word}.")
    return words


def _words(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[CompletionItem]:
    from click.shell_completion import CompletionItem

    forms = [CompletionItem(form) for form in _FORMS if begun and form.startswith(begun)]
    return forms or [CompletionItem(begun, type="file")]
