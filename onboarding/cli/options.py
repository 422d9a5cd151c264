"""Options that many commands share, and what they stand for."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar, cast

import click

from onboarding import clock, environment, interruption, patience, safety
from onboarding.cli import console

F = TypeVar("F", bound=Callable[..., Any])


def examples(*lines: str) -> str:
    """An epilog for ``--help`` in which each example stands on a line of its own."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


_BUDDHIST_SLACK = 100
"""Years before today's B.E. year from which a year can only be meant as B.E."""

MANIFEST = click.Path(dir_okay=False, path_type=Path)
MANIFESTS = click.Path(path_type=Path)
"""A manifest, or a folder of them."""


def environment_option(function: F) -> F:
    """``--environment NAME|FILE``: the target; see ``environment.locate``."""
    return click.option(
        "-e",
        "--environment",
        "wanted",
        metavar="NAME|FILE",
        shell_complete=_environments,
        help="The target: a name, or an environment file. Default: $ONBOARD_ENVIRONMENT, "
        "./onboard.yaml, then the lab 'default'.",
    )(function)


def _environments(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[Any]:
    """Names of environments on this computer, else files."""
    from click.shell_completion import CompletionItem

    found = [n for n in environment.names() if n.startswith(begun)]
    return [CompletionItem(n) for n in found] or [CompletionItem(begun, type="file")]


def output_option(function: F) -> F:
    """``--output text|json``."""
    return click.option(
        "-o",
        "--output",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="json is for machines and stable.",
    )(function)


def lab_name(function: F) -> F:
    """``--name`` of a lab."""
    return click.option(
        "--name", default="default", show_default=True, metavar="NAME", help="Which lab."
    )(function)


def _clock(_ctx: click.Context, _param: click.Parameter, value: str | None) -> clock.Clock:
    """The clock of this run. A year of the Buddhist Era, as Thai documents have it, is refused."""
    if value is None:
        return clock.Clock(None)
    try:
        day = date.fromisoformat(value)
    except ValueError:
        example = clock.Clock(None).today().isoformat()
        raise click.BadParameter(f"{value!r} is no date; write it like {example}.") from None
    if day.year >= clock.buddhist_year(clock.Clock(None).today()) - _BUDDHIST_SLACK:
        raise click.BadParameter(
            f"{day.year} looks like a year of the Buddhist Era; write the year as {day.year - 543}."
        )
    return clock.Clock(day)


def with_option(function: F) -> F:
    """``--with FILE|FOLDER``: manifests of the agencies at the other end of links."""
    return click.option(
        "--with",
        "given",
        type=MANIFESTS,
        multiple=True,
        metavar="FILE|FOLDER",
        help="Manifests of agencies that FILE has links with; without it those applied last.",
    )(function)


def as_of_option(function: F) -> F:
    """``--as-of DATE``: the day every comparison of dates takes as today."""
    return click.option(
        "--as-of",
        callback=_clock,
        metavar="DATE",
        help="Judge dates as on this day (YYYY-MM-DD) instead of today.",
    )(function)


def volume_options(function: F) -> F:
    """``--quiet`` and ``--verbose`` after the command's name too, where people type them."""
    quiet = click.option(
        "-q", "--quiet", is_flag=True, expose_value=False, callback=_set_quiet,
        help="No progress on stderr.",
    )  # fmt: skip
    verbose = click.option(
        "-v", "--verbose", is_flag=True, expose_value=False, callback=_set_verbose,
        help="More of what happens, and longer results.",
    )  # fmt: skip
    return quiet(verbose(function))


def _set_quiet(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        console.set_volume(quiet=True)


def _set_verbose(_ctx: click.Context, _param: click.Parameter, value: bool) -> None:
    if value:
        console.set_volume(verbose=True)


def timeout_option(function: F) -> F:
    """``--timeout SPAN``: how long the command may take."""
    return click.option(
        "--timeout",
        callback=_timeout,
        expose_value=False,
        metavar="TIME",
        help="Stop, resumable, after this time (90s, 20m, 2h) instead of timeouts.run of the "
        "environment file.",
    )(function)


def _timeout(_ctx: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value is None:
        return
    try:
        interruption.end_after(patience.seconds(value))
    except ValueError as unreadable:
        raise click.BadParameter(f"{unreadable}.") from None


def language_option(function: F) -> F:
    """``--language en|th``."""
    return click.option(
        "--language",
        type=click.Choice(["en", "th"]),
        default="en",
        show_default=True,
        help="Language of titles and remedies.",
    )(function)


def run_options(function: F) -> F:
    """What every command takes that reads an agency live, in the order of its help."""
    for option in (
        timeout_option,
        as_of_option,
        language_option,
        volume_options,
        output_option,
        with_option,
        environment_option,
    ):
        function = option(function)
    return function


def safety_options(function: F) -> F:
    """A flag for each safety rule; the command gets those given as ``allowed``."""

    @functools.wraps(function)
    def with_allowed(*args: Any, **given: Any) -> Any:
        names = {flag: flag[2:].replace("-", "_") for flag, _ in safety.FLAGS.values()}
        allowed = frozenset(flag for flag, name in names.items() if given.pop(name))
        return function(*args, allowed=allowed, **given)

    for flag, text in reversed(tuple(safety.FLAGS.values())):
        with_allowed = click.option(flag, is_flag=True, help=text)(with_allowed)
    return cast("F", with_allowed)


def target(wanted: str | None) -> environment.Environment:
    """The environment that ``--environment`` means, read and checked."""
    found = environment.load(environment.locate(wanted))
    interruption.end_after(found.timeouts.run)
    return found
