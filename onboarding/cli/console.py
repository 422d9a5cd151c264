"""Where text goes: results to stdout, progress, errors and questions to stderr."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import platformdirs

from onboarding import errors
from onboarding import progress as progress_seam
from onboarding.cli import visible

_volume = {"quiet": False, "verbose": False}
_VERDICT_COLOURS = {"fail": "red", "unknown": "magenta", "waived": "yellow", "pass": "green"}


def set_volume(*, quiet: bool = False, verbose: bool = False) -> None:
    """Remember ``--quiet`` and ``--verbose`` for this process; once set they stay."""
    _volume["quiet"] |= quiet
    _volume["verbose"] |= verbose


def verbose() -> bool:
    return _volume["verbose"]


def quiet() -> bool:
    return _volume["quiet"]


def coloured(stream: Any) -> bool:
    """Colour only on a terminal and never with ``NO_COLOR`` (no-color.org)."""
    return not os.environ.get("NO_COLOR") and stream is not None and bool(stream.isatty())


def result(text: str) -> None:
    """One result on stdout."""
    _out(text.rstrip("\n"))


def result_json(value: Any) -> None:
    """One result on stdout as indented JSON, Thai text as it is."""
    _out(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def result_line(value: Any) -> None:
    """One of many results on stdout, as a line of JSON of its own (JSON Lines)."""
    _out(json.dumps(value, ensure_ascii=False, default=str))


def _out(text: str) -> None:
    try:
        ours = {part for pair in marks().values() for part in pair}
        click.echo(visible.spelt(text, ours), color=coloured(sys.stdout))
    except BrokenPipeError:
        # Whoever read our output has enough of it; how the command ended is still to be told.
        abandon_stdout()
    except OSError as full:
        abandon_stdout()
        raise errors.OnboardError(
            f"the result cannot be written to stdout: {full.strerror}",
            resolution="Free space where stdout goes, or send it elsewhere.",
        ) from full


def abandon_stdout() -> None:
    """Send what stdout still holds to nowhere: at exit Python would try again, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def marks() -> dict[Any, tuple[str, str]]:
    """What ``report.text`` puts around the words of verdicts: colours where stdout has them."""
    from onboarding import policy

    if not coloured(sys.stdout):
        return {}
    reset = "\033[0m"
    return {
        policy.Verdict(word): (click.style("", fg=colour, bold=True, reset=False), reset)
        for word, colour in _VERDICT_COLOURS.items()
    }


def hint(text: str) -> None:
    _aside(visible.spelt(text))


def _aside(text: str) -> None:
    """A line on stderr. Nobody listening, or a full disk behind it, ends no run."""
    with contextlib.suppress(OSError):
        click.echo(text, err=True)


def stopping(deadline: bool) -> None:
    """Say that a request to stop was heard. Called by a signal, in the middle of anything."""
    if quiet():
        return
    why = "the time of this run is up" if deadline else "asked to stop"
    line = f"\n{why}: the step in hand is ended first. Press Ctrl-C once more to stop at once.\n"
    with contextlib.suppress(OSError):
        os.write(2, line.encode())


def warning(text: str) -> None:
    if quiet():
        return
    _aside(_paint("warning: ", "yellow") + visible.spelt(text))


def plain_error(text: str) -> None:
    _aside(_paint("error: ", "red") + visible.spelt(text))


def error(of: errors.OnboardError) -> None:
    """What, where, what to do, on stderr."""
    plain_error(of.message)
    for line in of.details:
        hint(f"  {line}")
    if of.resolution:
        hint(of.resolution)


def error_json(of: errors.OnboardError) -> None:
    """The error as one line of JSON, the last line on stderr; stdout stays for results."""
    shown = {
        "message": of.message,
        "details": list(of.details),
        "resolution": of.resolution,
        "exitCode": int(of.exit_code),
    }
    hint(json.dumps({"error": shown}, ensure_ascii=False))


def bug(of: Exception) -> errors.OnboardError:
    """An error nobody expected: its trace goes to the log file, one line to the screen."""
    log = log_folder() / "errors.log"
    try:
        log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with log.open("a", encoding="utf-8") as out:
            out.write(
                f"{time.strftime('%FT%T%z')} onboard\n{''.join(traceback.format_exception(of))}\n"
            )
        log.chmod(0o600)
        where = f"The trace is in {log}."
    except OSError:
        where = "Its trace could not be written."
    return errors.OnboardError(
        f"unexpected {type(of).__name__}: {of}", resolution=f"This is a bug in onboard. {where}"
    )


def _paint(text: str, colour: str) -> str:
    return click.style(text, fg=colour, bold=True) if coloured(sys.stderr) else text


def asks() -> bool:
    """Whether there is a person to ask."""
    return sys.stdin is not None and sys.stdin.isatty()


def confirm(question: str) -> bool:
    """Ask on the terminal; without one the answer is no."""
    return asks() and click.confirm(question, default=False, err=True)


def refuse_without_asking(review: str) -> None:
    """Raise ``errors.UsageError`` where nobody can be asked; ``review``: what to do first."""
    if not asks():
        raise errors.UsageError(
            "nothing was changed: there is nobody to ask (stdin is not a terminal)",
            resolution=f"{review}, then run the command again with --yes.",
        )


def accept_plan(question: str) -> None:
    """Ask whether to write a plan that was shown. Raises ``errors.OnboardError`` unless so."""
    try:
        agreed = confirm(question)
    except click.Abort:
        raise errors.Interrupted("nothing was changed: interrupted at the question") from None
    if not agreed:
        raise errors.OnboardError("nothing was changed: the plan was not accepted")


def progress() -> progress_seam.Progress:
    """The progress of this run: nothing when quiet, a live tree on a terminal, else lines."""
    if _volume["quiet"]:
        return progress_seam.Silent()
    plain = os.environ.get("TERM") == "dumb" or os.environ.get("CI")
    if not plain and sys.stderr is not None and sys.stderr.isatty():
        from onboarding.cli import live_tree

        return live_tree.LiveTree()
    return Lines()


_NOTE_EVERY_SECONDS = 20


class Lines:
    """Progress as plain lines, for CI logs: when a step begins and ends, and notes in between."""

    def __init__(self) -> None:
        self._depth = 0
        self._last = time.monotonic()

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        self._line(f"- {title}")
        self._depth += 1
        began = time.monotonic()
        try:
            yield
        except BaseException:
            self._depth -= 1
            self._line(f"x {title}: failed after {time.monotonic() - began:.1f} s")
            raise
        self._depth -= 1
        self._line(f"+ {title}: {time.monotonic() - began:.1f} s")

    def note(self, text: str) -> None:
        # A log that stands still looks like a run that hangs.
        if verbose() or time.monotonic() - self._last > _NOTE_EVERY_SECONDS:
            self._line(f"  {text}")

    def _line(self, text: str) -> None:
        self._last = time.monotonic()
        hint("  " * self._depth + text)


def log_folder() -> Path:
    return platformdirs.user_log_path("onboard")
