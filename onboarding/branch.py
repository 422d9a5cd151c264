"""Which manifests a branch touches, and which others that touches, by what git tells.

A branch is compared with where it left ``ref``, the files of the working tree included: that is
what a pull request shows, and what a person sees before the first commit.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onboarding import errors, folder, manifest
from onboarding.manifest import model

_LONGEST_GIT = 60.0
_TOOL = ("onboarding/", "stacks/", "policies/", "templates/", "playbooks/")
_CATALOGUE = "onboarding/catalogue/"


@dataclass(frozen=True, slots=True)
class Touched:
    """A manifest that must be planned, and why, e.g. ``changed`` or ``link moph-bdi with bdi``."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Branch:
    """``removed`` are manifests that the branch deletes: such an agency leaves."""

    touched: tuple[Touched, ...]
    removed: tuple[Path, ...] = ()


def since(ref: str, places: Sequence[Path], shared: Iterable[Path] = ()) -> Branch:
    """The manifests among ``places`` that the branch changes since ``ref``, or affects.

    Affected are the peers of a changed manifest's links, before and after; every manifest where a
    file of ``shared`` (the environment file) or the tool itself changed; and those that use a
    system whose catalogue entry changed. Raises ``errors.UsageError`` where git cannot tell.
    """
    files = {file.path.resolve(): file.path for file in folder.files(places)}
    root = _root(_folder_of(places[0]))
    commit = _git(root, "rev-parse", "--verify", "--end-of-options", f"{ref}^{{commit}}").strip()
    base = _git(root, "merge-base", commit, "HEAD").strip()
    changed, removed = _changes(root, base)
    kinds = _kinds(path.relative_to(root).as_posix() for path in changed | removed)
    everywhere = {path.resolve() for path in shared} & changed
    why: dict[Path, str] = {}
    for path in files.keys() & changed:
        why[path] = "changed"
    inside = [place.resolve() for place in places]
    gone = [
        path
        for path in sorted(removed)
        if path.suffix in (".yaml", ".yml") and any(path.is_relative_to(p) for p in inside)
    ]
    if everywhere or kinds is None:
        told = ", ".join(sorted(path.name for path in everywhere)) or "the tool itself"
        for path in files:
            why.setdefault(path, f"{told} changed")
    else:
        _spread(files, root, base, gone, kinds, why)
    touched = tuple(Touched(files[path], why[path]) for path in files if path in why)
    return Branch(touched, tuple(gone))


def _folder_of(place: Path) -> Path:
    return place if place.is_dir() else place.absolute().parent


def _root(place: Path) -> Path:
    return Path(_git(place, "rev-parse", "--show-toplevel").rstrip("\n"))


def _git(place: Path, *words: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(place), *words],
            capture_output=True,
            text=True,
            timeout=_LONGEST_GIT,
            check=False,
        )
    except FileNotFoundError:
        raise errors.UsageError(
            "git is not installed", resolution="Install git, or name the manifests to plan."
        ) from None
    except subprocess.TimeoutExpired:
        raise errors.UsageError(f"git {words[0]} did not end in {_LONGEST_GIT:.0f} s") from None
    if done.returncode:
        raise errors.UsageError(
            f"git cannot tell what changed: git {' '.join(words)}",
            details=done.stderr.strip().splitlines()[:5],
            resolution="Name a branch, tag or commit that this checkout knows (a CI's checkout "
            "needs its history), or name the manifests to plan.",
        )
    return done.stdout


def _changes(root: Path, base: str) -> tuple[set[Path], set[Path]]:
    """Files that are new or differ since ``base``, and files that are gone."""
    listed = _git(root, "diff", "--name-status", "--no-renames", "-z", base, "--").split("\0")
    marks = dict(zip(listed[1::2], listed[0::2], strict=False))
    gone = {(root / name).resolve() for name, mark in marks.items() if mark == "D"}
    there = {(root / name).resolve() for name, mark in marks.items() if mark != "D"}
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z").split("\0")
    return there | {(root / name).resolve() for name in new if name}, gone


def _kinds(names: Iterable[str]) -> frozenset[str] | None:
    """Kinds of systems whose catalogue entry changed; None where more of the tool did."""
    from onboarding import catalogue

    of_module = {entry.kind.replace("-", "_"): entry.kind for entry in catalogue.offered()}
    kinds = set()
    for name in names:
        if not name.startswith(_TOOL):
            continue
        module = name.removeprefix(_CATALOGUE).removesuffix(".py")
        if not name.startswith(_CATALOGUE) or module not in of_module:
            return None
        kinds.add(of_module[module])
    return frozenset(kinds)


def _spread(
    files: Mapping[Path, Path],
    root: Path,
    base: str,
    gone: Sequence[Path],
    kinds: frozenset[str],
    why: dict[Path, str],
) -> None:
    """Add who shares a link with a changed agency, and who uses a changed system."""
    if not why and not gone and not kinds:
        return
    known = {path: _read(path) for path in files}
    ends: dict[str, str] = {}
    for path in (*why, *gone):
        name = path.relative_to(root).as_posix()
        for of in (known.get(path), _as_it_was(root, base, name)):
            if of is not None:
                ends |= {link.peer: f"link {link.id} with {of.id}" for link in of.links}
    for path, of in known.items():
        if of is None or path in why:
            continue
        used = kinds & {system.kind for system in of.systems}
        if of.id in ends:
            why[path] = ends[of.id]
        elif used:
            why[path] = f"the catalogue's {', '.join(sorted(used))} changed"


def _read(path: Path) -> model.AgencyMou | None:
    """A manifest; None for a file that is none (who plans it tells what is wrong with it)."""
    try:
        return manifest.load(path)
    except errors.InvalidInput:
        return None


def _as_it_was(root: Path, base: str, name: str) -> model.AgencyMou | None:
    """A manifest at ``base``; None where it was not there or was no valid manifest."""
    if not _git(root, "ls-tree", "--name-only", base, "--", name).strip():
        return None
    try:
        return manifest.loads(_git(root, "show", f"{base}:{name}"), f"{base}:{name}")
    except errors.InvalidInput:
        return None
