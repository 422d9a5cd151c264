"""The export as a bag (BagIt, RFC 8493): a plain folder that any computer opens and can check.

``data/`` holds what is handed over, ``manifest-sha256.txt`` the digest of each of its files, and
``tagmanifest-sha256.txt`` those of everything beside it; its own digest stands for the whole bag.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from onboarding import errors

_MANIFEST = "manifest-sha256.txt"
_TAG_MANIFEST = "tagmanifest-sha256.txt"
_DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
_INFO = "bag-info.txt"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Sealed:
    """A finished bag; ``digest`` covers every file in it, ``octets`` count ``data/`` alone."""

    path: Path
    digest: str
    files: int
    octets: int


@contextmanager
def making(place: Path, identifier: str) -> Iterator[Path]:
    """A folder to fill, which takes the place of ``place`` in one step when it is left well.

    What a killed run left behind is removed; a folder that is not this very bag is not touched.
    Raises ``errors.Refused`` for such a folder, ``errors.EngineFailed`` where nothing can be
    written.
    """
    if place.exists() and f"External-Identifier: {identifier}\n" not in _text(place / _INFO):
        raise errors.Refused(
            f"{place} exists and is not this export",
            resolution="Name another folder with --bundle, or move that one away.",
        )
    partial = place.with_name(f".{place.name}.partial")
    try:
        shutil.rmtree(partial, ignore_errors=True)
        (partial / "data").mkdir(parents=True, mode=0o700)
        yield partial
        _flush(partial)
        shutil.rmtree(place, ignore_errors=True)
        partial.rename(place)
    except OSError as full:
        raise errors.EngineFailed(
            f"the export cannot be written to {place}",
            details=[f"{full.filename or place}: {full.strerror}"],
            resolution="Make room, or name another folder with --bundle; then run it again.",
        ) from full


def seal(folder: Path, info: Mapping[str, str]) -> None:
    """Write what makes a filled folder a bag; ``info`` goes to ``bag-info.txt``."""
    payload = _files(folder / "data")
    octets = sum(path.stat().st_size for path in payload)
    lines = {**info, "Payload-Oxum": f"{octets}.{len(payload)}"}
    _write(folder / "bagit.txt", _DECLARATION)
    _write(folder / _INFO, "".join(f"{key}: {_one_line(text)}\n" for key, text in lines.items()))
    _write(folder / _MANIFEST, _listed(folder, payload))
    _write(folder / _TAG_MANIFEST, _listed(folder, _tags(folder)))


def sealed(place: Path) -> Sealed:
    """What a bag amounts to. Raises ``errors.EngineFailed`` where there is none."""
    try:
        payload = _files(place / "data")
        octets = sum(path.stat().st_size for path in payload)
        return Sealed(place, _sha256(place / _TAG_MANIFEST), len(payload), octets)
    except OSError as missing:
        raise errors.EngineFailed(
            f"the export at {place} cannot be read",
            details=[f"{missing.filename}: {missing.strerror}"],
            resolution="Put it back, or say where it is now with --bundle.",
        ) from missing


def problems(place: Path, digest: str) -> tuple[str, ...]:
    """What is wrong with a bag: every file is read again; nothing where all is as it was sealed."""
    try:
        found = _wrong(place, _MANIFEST, _files(place / "data"))
        found += _wrong(place, _TAG_MANIFEST, _tags(place))
        if _sha256(place / _TAG_MANIFEST) != digest:
            found.append(f"{place}: it is another bag than the one that was exported")
    except OSError as missing:
        return (f"{missing.filename}: {missing.strerror}",)
    return tuple(found)


def _wrong(place: Path, manifest: str, there: list[Path]) -> list[str]:
    listed = {}
    for line in (place / manifest).read_text(encoding="utf-8").splitlines():
        digest, _, name = line.partition("  ")
        listed[name] = digest
    names = {path.relative_to(place).as_posix(): path for path in there}
    wrong = [f"{place / name}: it is gone" for name in sorted(listed.keys() - names.keys())]
    wrong += [f"{place / name}: it was added" for name in sorted(names.keys() - listed.keys())]
    return wrong + [
        f"{path}: its content was changed"
        for name, path in sorted(names.items())
        if name in listed and _sha256(path) != listed[name]
    ]


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() or path.is_symlink())


def _tags(folder: Path) -> list[Path]:
    """Every file beside ``data/`` but the list of them itself."""
    inside = folder / "data"
    tags = [path for path in _files(folder) if not path.is_relative_to(inside)]
    return [path for path in tags if path != folder / _TAG_MANIFEST]


def _listed(root: Path, files: list[Path]) -> str:
    return "".join(f"{_sha256(p)}  {PurePosixPath(p.relative_to(root))}\n" for p in files)


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while block := content.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        return ""


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _flush(folder: Path) -> None:
    """Everything on disk before the folder counts as an export."""
    for path in [*folder.rglob("*"), folder]:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
