"""``onboard impact``: what another version of catalogue and policies would change for agencies."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

import click

from onboarding import clock, environment, errors, rendering
from onboarding.cli import console, options
from onboarding.report import impact as report

_LONGEST_LINE = 32 * 2**20
"""Bytes of one agency's rendering; the largest known is a tenth of a megabyte."""


@click.command(
    epilog=options.examples(
        "onboard impact --catalogue ../onboard-next",
        "onboard impact agencies/ --catalogue ../onboard-next --verbose",
        "onboard impact agencies/ --catalogue /opt/onboard-next/bin/onboard --output json",
    ),
)
@click.argument("places", type=options.MANIFESTS, nargs=-1, metavar="[FILE|FOLDER]…")
@click.option(
    "--catalogue",
    "other",
    type=click.Path(exists=True, path_type=Path),
    required=True,
    metavar="NEW",
    help="The other version: its checkout, or the onboard command of its installation.",
)
@options.environment_option
@options.output_option
@options.volume_options
@options.as_of_option
@click.option("--detailed-exitcode", is_flag=True, help="Exit with 3 where an agency would change.")
def impact(
    places: tuple[Path, ...],
    other: Path,
    wanted: str | None,
    output: str,
    as_of: clock.Clock,
    detailed_exitcode: bool,
) -> int:
    """Say which agencies a change of the baseline would change, and how.

    Both versions work out what every agency of FILE and FOLDER should have (default: all that
    were applied to the environment), and the two are compared, field by field, with the controls
    that would newly fail. No live system is asked and nothing is written. NEW runs as a program
    of yours: name only a version that you trust.
    """
    path, next_one = environment.locate(wanted), _command(other)
    with _manifests(places, path) as files, console.progress().step("Work out both versions"):
        before = _rendered(_own(), files, path, as_of)
        after = _rendered(next_one, files, path, as_of)
    missing = before.keys() ^ after.keys()
    if missing:
        raise errors.EngineFailed(
            "the two versions do not know the same agencies",
            details=sorted(missing),
            resolution="Try onboard render with each of the two versions.",
        )
    found = sorted(
        (rendering.compare(before[agency], after[agency]) for agency in before), key=report.order
    )
    if output == "json":
        console.result_json(report.json(found))
    else:
        console.result(report.text(found, verbose=console.verbose()))
    changed = any(one.any for one in found)
    return errors.ExitCode.CHANGES if changed and detailed_exitcode else errors.ExitCode.DONE


@contextlib.contextmanager
def _manifests(places: Sequence[Path], path: Path) -> Iterator[tuple[Path, ...]]:
    """The files to work on; without a wish the last manifest of every agency of the environment."""
    if places:
        yield tuple(places)
        return
    from onboarding.leaving import records
    from onboarding.state import opening

    kept = records.manifests(opening.of(environment.load(path)))
    if not kept:
        raise errors.UsageError(
            "no agency was applied to this environment yet",
            resolution="Name manifests, or a folder of them.",
        )
    with tempfile.TemporaryDirectory(prefix="onboard-impact-") as folder:
        for agency, text in kept.items():
            Path(folder, f"{agency}.yaml").write_text(text, encoding="utf-8")
        yield (Path(folder),)


def _own() -> tuple[list[str], Mapping[str, str]]:
    return [sys.executable, "-m", "onboarding"], {}


def _command(other: Path) -> tuple[list[str], Mapping[str, str]]:
    """How to start the other version: its words, and what its environment needs besides ours."""
    place = other.resolve()
    if place.is_file() and os.access(place, os.X_OK):
        return [str(place)], {}
    if (place / "onboarding" / "__main__.py").is_file():
        return [sys.executable, "-m", "onboarding"], {"PYTHONPATH": str(place)}
    raise errors.UsageError(
        f"{other} is neither a checkout of onboard nor its command",
        resolution="Name the folder that holds onboarding/, or the file bin/onboard.",
    )


def _rendered(
    command: tuple[list[str], Mapping[str, str]],
    files: Sequence[Path],
    path: Path,
    as_of: clock.Clock,
) -> dict[str, rendering.Rendering]:
    words, extra = command
    arguments = [
        *words,
        "render",
        *(str(file.absolute()) for file in files),
        f"--environment={path}",
        f"--as-of={as_of.today().isoformat()}",
        "--output=json",
        "--quiet",
    ]
    # From a folder of its own: what Python starts with -m it looks for where it stands first.
    with (
        tempfile.TemporaryDirectory(prefix="onboard-impact-") as empty,
        tempfile.TemporaryFile() as said,
    ):
        child = subprocess.Popen(
            arguments,
            cwd=empty,
            env={**os.environ, **extra},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
        )
        with child:
            assert child.stdout is not None  # noqa: S101 - asked for above
            try:
                found = {r.tenant_id: r for r in _read(child.stdout)}
            except ValueError as unusable:
                child.kill()
                raise _failed(words, str(unusable), said) from unusable
        if child.returncode:
            raise _failed(words, f"it ended with exit code {child.returncode}", said)
    return found


def _read(lines: IO[bytes]) -> Iterator[rendering.Rendering]:
    while line := lines.readline(_LONGEST_LINE):
        yield rendering.from_json(json.loads(line))


def _failed(words: Sequence[str], why: str, said: IO[bytes]) -> errors.EngineFailed:
    said.seek(0)
    tail = said.read().decode("utf-8", "replace").strip().splitlines()[-20:]
    return errors.EngineFailed(
        f"{' '.join(words)} could not render the agencies: {why}",
        details=tail,
        resolution="Both versions must know onboard render, and accept the manifests.",
    )
