"""The one family of errors a user sees, and the exit code each ends in.

An error says what happened, where, and what to do next. It is raised anywhere and
caught once, in the command line. Vendor exceptions are translated at their door and
chained as the cause; their raw text belongs in the log file, never on the screen.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every command, part of the public interface."""

    DONE = 0
    FAILED = 1
    INVALID = 2
    CHANGES = 3
    FINDINGS = 4
    UNDETERMINED = 5
    PARTIAL = 6
    MISMATCH = 7
    INTERRUPTED = 130


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an input: where it stands, what was expected, how to mend it.

    ``line`` and ``column`` count from 1; 0 means the position is not known.
    """

    path: str
    line: int
    column: int
    field: str
    message: str
    remedy: str = ""

    def where(self) -> str:
        """``file:line:column`` as editors understand it; the field alone without a position."""
        if not self.line:
            return self.path
        return f"{self.path}:{self.line}:{self.column}"


class OnboardError(Exception):
    """Base of all errors: ``message`` (what), ``details`` (where), ``resolution`` (what to do)."""

    exit_code = ExitCode.FAILED

    def __init__(self, message: str, *, details: Sequence[str] = (), resolution: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)
        self.resolution = resolution

    def __str__(self) -> str:
        return "\n".join([self.message, *(f"  {line}" for line in self.details)])


class UsageError(OnboardError):
    """The command was called in a way it cannot serve."""

    exit_code = ExitCode.INVALID


class InvalidInput(OnboardError):
    """An input file is wrong; ``problems`` holds every problem found, not only the first."""

    exit_code = ExitCode.INVALID

    def __init__(
        self, message: str, problems: Sequence[Problem] = (), *, resolution: str = ""
    ) -> None:
        details = [
            f"{p.where()}: {p.field + ': ' if p.field else ''}{p.message}"
            + (f" ({p.remedy})" if p.remedy else "")
            for p in problems
            # A problem of the whole file says no more than the message itself.
            if f"{p.path} {p.message}" != message
        ]
        super().__init__(message, details=details, resolution=resolution)
        self.problems = tuple(problems)


class Unreachable(OnboardError):
    """A system could not be asked, so nothing can be said about it."""

    exit_code = ExitCode.UNDETERMINED


class Denied(OnboardError):
    """A system refused the credential: unknown, expired, or without the right."""

    exit_code = ExitCode.UNDETERMINED


class Mismatch(OnboardError):
    """The target is not the pinned one, or the reviewed plan no longer fits."""

    exit_code = ExitCode.MISMATCH


class Refused(OnboardError):
    """The tool declined to act: a safety rule or a control that gates the action."""

    exit_code = ExitCode.FINDINGS


class LeaseLost(OnboardError):
    """Another run has taken over the agency; this one may write no more."""


class EngineFailed(OnboardError):
    """An engine began and could not finish."""


class Interrupted(OnboardError):
    """The user stopped the run; it can be continued by the same command."""

    exit_code = ExitCode.INTERRUPTED


_NOTHING_LEFT = frozenset({errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE})


def shortage(problem: Exception) -> OnboardError | None:
    """What this computer could not give (memory, threads, files), as an error; else None."""
    match problem:
        case MemoryError():
            short = True
        case OSError():
            short = problem.errno in _NOTHING_LEFT
        case RuntimeError():
            short = "can't start new thread" in str(problem)
        case _:
            short = False
    if not short:
        return None
    return EngineFailed(
        "this computer has no memory, threads or open files left for the run",
        details=[f"{type(problem).__name__}: {problem}".removesuffix(": ")],
        resolution="Free some, or raise the limit (ulimit); then run the same command again: "
        "it goes on.",
    )
