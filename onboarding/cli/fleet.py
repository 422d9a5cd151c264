"""Several agencies in one command: each on its own, a line for each, the gravest exit code."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onboarding import branch, counted, errors, folder, pause
from onboarding.cli import console
from onboarding.errors import ExitCode

_GRAVITY = (
    ExitCode.INTERRUPTED,
    ExitCode.FAILED,
    ExitCode.MISMATCH,
    ExitCode.INVALID,
    ExitCode.UNDETERMINED,
    ExitCode.PARTIAL,
    ExitCode.FINDINGS,
    ExitCode.CHANGES,
    ExitCode.DONE,
)
"""The gravest first: what failed weighs more than what nobody knows, and that more than what
was found."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What became of one agency (``name``: its id, or its file where that could not be read).

    ``whole``: everything that was asked for was done; ``wrote``: something was changed;
    ``paused``: why it was left alone, where it was.
    """

    name: str
    code: ExitCode
    told: str
    whole: bool = True
    wrote: bool = False
    paused: pause.Pause | None = None


def failed(name: str, error: errors.OnboardError) -> Ended:
    """An agency whose part ended with an error; nothing of it was written."""
    return Ended(name, error.exit_code, error.message, whole=False)


def paused(left_alone: pause.Paused) -> Ended:
    """An agency that is left alone on purpose: it is told of, and spoils nothing."""
    told = f"left alone: {left_alone.pause}"
    return Ended(left_alone.tenant_id, ExitCode.DONE, told, paused=left_alone.pause)


def left(name: str, caught: Exception) -> Ended:
    """What went wrong with one of several agencies, said at once; the others go on."""
    if isinstance(caught, pause.Paused):
        return paused(caught)
    told = caught if isinstance(caught, errors.OnboardError) else errors.shortage(caught)
    told = told or console.bug(caught)
    console.error(told)
    return failed(name, told)


def code(ended: Sequence[Ended]) -> ExitCode:
    """The gravest code; "partial" where some of what was asked for was written and some not."""
    if any(e.code is ExitCode.INTERRUPTED for e in ended):
        return ExitCode.INTERRUPTED
    if any(e.wrote for e in ended) and not all(e.whole for e in ended):
        return ExitCode.PARTIAL
    return min((e.code for e in ended), key=_GRAVITY.index, default=ExitCode.DONE)


def text(ended: Sequence[Ended]) -> str:
    """One line for each agency."""
    width = max(len(e.name) for e in ended)
    lines = (f"  {e.name:<{width}}  {e.told.splitlines()[0]}" for e in ended)
    return "\n".join([f"{counted.of(len(ended), 'agency')}:", *lines])


def json(ended: Sequence[Ended]) -> list[dict[str, Any]]:
    return [
        {
            "name": e.name,
            "exitCode": int(e.code),
            "outcome": e.told,
            "whole": e.whole,
            "paused": pause.json(e.paused) if e.paused else None,
        }
        for e in ended
    ]


@dataclass(frozen=True, slots=True)
class Files:
    """The manifests of a command; ``peers`` are those among several that can be read.

    ``listed``: the result is a list whatever their number, because a machine asked for some of
    many.
    """

    all: tuple[Path, ...]
    peers: tuple[Path, ...] = ()
    listed: bool = False

    @property
    def several(self) -> bool:
        return self.listed or len(self.all) > 1


def files(places: Sequence[Path]) -> Files:
    """The manifests that are meant, those of folders included."""
    found = folder.files(places)
    if len(found) == 1:
        return Files((found[0].path,))
    read = [
        one for one in folder.read(found, console.progress()) if not isinstance(one, folder.Skipped)
    ]
    sound = tuple(one.path for one in read if isinstance(one, folder.Read))
    return Files(tuple(one.path for one in read), sound)


def touched(ref: str, places: Sequence[Path], shared: Sequence[Path]) -> Files:
    """Those that the branch of the checkout touches since it left ``ref``, each with its reason.

    Says what it leaves to a person: an agency whose manifest is gone is not taken off by that.
    """
    found = branch.since(ref, places, shared)
    for one in found.touched:
        console.hint(f"{one.path}: {one.reason}")
    for gone in found.removed:
        console.warning(
            f"{gone.name} was removed. Its agency stays as it is until somebody takes it off "
            "(onboard offboard)."
        )
    peers = files(places) if found.touched else Files(())
    return Files(tuple(one.path for one in found.touched), peers.peers or peers.all, listed=True)
