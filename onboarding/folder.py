"""Folders of manifests: which files are manifests, and reading thousands of them one by one.

Nothing here keeps a manifest: whoever reads a folder takes what it needs from each and lets it
go, so that 8,000 agencies need no more memory than the summaries of them.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from onboarding import errors, manifest, progress, strict_yaml
from onboarding.manifest import model

_SUFFIXES = (".yaml", ".yml")
_OURS = re.compile(r"""\bAgencyMou\b|(?<![\w.-])["']?agency["']?\s*:""")
"""What every manifest says somewhere, however broken it is otherwise."""
_NOTE_EVERY = 100


@dataclass(frozen=True, slots=True)
class File:
    """A file that may be a manifest; ``named`` by the user, or found in a folder."""

    path: Path
    named: bool


@dataclass(frozen=True, slots=True)
class Read:
    """A manifest with the document it stands in."""

    path: Path
    manifest: model.AgencyMou
    document: strict_yaml.Document


@dataclass(frozen=True, slots=True)
class Refused:
    """A file that is no valid manifest, and why."""

    path: Path
    problems: tuple[errors.Problem, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file of a folder that clearly is something else, e.g. an environment file."""

    path: Path
    reason: str


def files(places: Iterable[Path]) -> tuple[File, ...]:
    """The files that ``places`` name, and the YAML files in the folders among them.

    Folders are searched to their depth, hidden ones left out, in the order of names; no file
    comes twice. Raises errors.UsageError for a folder that holds no YAML file or cannot be read.
    """
    found: dict[Path, File] = {}
    for place in places:
        if not place.is_dir():
            found.setdefault(place, File(place, named=True))
            continue
        inside = tuple(_inside(place))
        if not inside:
            raise errors.UsageError(
                f"there is no YAML file in {place}",
                resolution="Name a folder with manifests; start one with: onboard init",
            )
        for path in inside:
            found.setdefault(path, File(path, named=False))
    return tuple(found.values())


def read(of: Sequence[File], watched: progress.Progress) -> Iterator[Read | Refused | Skipped]:
    """Each file in turn, as it is needed."""
    total = f"{len(of):,}"
    for number, file in enumerate(of, start=1):
        if number % _NOTE_EVERY == 0:
            watched.note(f"{number:,} of {total} files")
        yield _one(file)


def _inside(folder: Path) -> Iterator[Path]:
    def unreadable(error: OSError) -> None:
        raise errors.UsageError(
            f"{error.filename} cannot be read: {error.strerror}",
            resolution="Check the rights of the folder.",
        ) from error

    for parent, folders, names in os.walk(folder, onerror=unreadable):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if name.endswith(_SUFFIXES) and not name.startswith("."):
                yield Path(parent, name)


def _one(file: File) -> Read | Refused | Skipped:
    try:
        of, document = manifest.read(file.path)
    except errors.InvalidInput as invalid:
        reason = "" if file.named else _something_else(file.path)
        return Skipped(file.path, reason) if reason else Refused(file.path, _placed(file, invalid))
    return Read(file.path, of, document)


def _something_else(path: Path) -> str:
    """What a file that could not be read as a manifest is instead; "" where it may be one."""
    try:
        text = path.read_bytes()[: strict_yaml.MAX_BYTES].decode("utf-8", "replace")
    except OSError:
        return ""
    if not text.strip() or _OURS.search(text):
        return ""
    kind = re.search(r"""^kind:\s*["']?(\w+)""", text, re.MULTILINE)
    return f"of kind {kind[1]}" if kind else "holds no agency"


def _placed(file: File, invalid: errors.InvalidInput) -> tuple[errors.Problem, ...]:
    """The problems of a file; where one has no line, what the whole error advises is its remedy."""
    if not invalid.problems:
        return (errors.Problem(str(file.path), 0, 0, "", invalid.message, invalid.resolution),)
    return tuple(
        p if p.line or p.remedy else dataclasses.replace(p, remedy=invalid.resolution)
        for p in invalid.problems
    )
