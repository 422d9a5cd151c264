"""Reading the agencies of a folder for a report: each once, and what could not be read is told."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from onboarding import counted, errors, folder, progress
from onboarding.cli import console, options

_LONG = 200
"""From so many files on it takes long enough to show how far it got."""

argument = click.argument(
    "places", type=options.MANIFESTS, nargs=-1, required=True, metavar="FILE|FOLDER…"
)


@dataclass(slots=True)
class Agencies:
    """The agencies of files and folders, and after reading them what is not among them."""

    places: Sequence[Path]
    left_out: list[errors.Problem] = field(default_factory=list)

    def read(self) -> Iterator[folder.Read]:
        """Every valid manifest, one agency once; nothing is kept of it here."""
        files = folder.files(self.places)
        watched = console.progress() if len(files) >= _LONG else progress.Silent()
        seen: dict[str, Path] = {}
        with watched.step(f"Read {counted.of(len(files), 'file')}"):
            for one in folder.read(files, watched):
                match one:
                    case folder.Refused():
                        self.left_out += one.problems
                    case folder.Read() if one.manifest.id in seen:
                        self.left_out.append(_again(one, seen[one.manifest.id]))
                    case folder.Read():
                        seen[one.manifest.id] = one.path
                        yield one
                    case folder.Skipped():
                        console.warning(f"{one.path}: skipped: {one.reason}, so it is no manifest")

    @property
    def count(self) -> int:
        """How many files were left out."""
        return len({problem.path for problem in self.left_out})

    def exit_code(self, output: str) -> errors.ExitCode:
        """Invalid where a file was left out: what was reported is less than what there is."""
        if not self.left_out:
            return errors.ExitCode.DONE
        if output != "json":
            console.error(
                errors.InvalidInput(
                    f"{self.count} file(s) were left out, so the figures are incomplete",
                    self.left_out,
                    resolution="Mend the places above, then run the command again.",
                )
            )
        return errors.ExitCode.INVALID

    def json(self) -> list[dict[str, Any]]:
        return [
            {"file": p.path, "line": p.line, "field": p.field, "message": p.message}
            for p in self.left_out
        ]


def _again(one: folder.Read, first: Path) -> errors.Problem:
    message = f"the agency {one.manifest.id!r} was counted from {first} already"
    return errors.Problem(str(one.path), 0, 0, "", message, "remove one of the two files")
