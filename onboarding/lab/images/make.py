"""Images into the cache: each made once for its inputs, under a lock, whole or not at all."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from onboarding import errors, progress
from onboarding.lab import supply
from onboarding.lab.images import content, layout, recipe, steps, tools
from onboarding.lab.supply import cache, override

_REGISTRY = "registry.lab.gdcc.go.th"


@dataclass(frozen=True, slots=True)
class Made:
    """An image: ``archive`` and ``digest`` (of its manifest) are None and "" where it is missing.

    ``repository`` is the name under which a node holds it; bytes and seconds of the making.
    """

    name: str
    version: str
    repository: str
    archive: Path | None
    digest: str
    size: int
    seconds: float

    @property
    def reference(self) -> str:
        """As an environment file names it; "" where the image is missing."""
        return f"{self.repository}@{self.digest}" if self.digest else ""


def ensure(
    names: Sequence[str], report: progress.Progress, *, again: bool = False
) -> tuple[Made, ...]:
    """The named images (all without names), made where the cache does not hold them.

    ``again`` makes them anew, with the packages that Debian has by now.
    Raises ``errors.UsageError`` for an unknown name or a missing program, ``errors.EngineFailed``
    with the step that failed and its log; nothing half-made is left.
    """
    wanted = _known(names)
    mirror = _mirror()
    for one in wanted:
        if again or cache.held(one) is None:
            tools.require(one)
    return tuple(_made(one, report, mirror, again=again) for one in wanted)


def status(names: Sequence[str] = ()) -> tuple[Made, ...]:
    """What is there of the named images (all without names)."""
    return tuple(_seen(one) for one in _known(names))


def _mirror() -> str | None:
    """Of Debian's archive, as the user's file of download sources has it."""
    file = Path(supply.__file__).parent.parent / "engines.yaml"
    table = yaml.safe_load(file.read_text(encoding="utf-8"))
    changed = override.read(override.path(), table["hosts"], table["engines"])
    return {**table["hosts"], **changed.hosts}.get("debian")


def _known(names: Sequence[str]) -> list[recipe.Image]:
    table = recipe.load()
    unknown = [name for name in names if name not in table]
    if unknown:
        raise errors.UsageError(
            f"unknown image: {', '.join(unknown)}", details=[f"known: {', '.join(table)}"]
        )
    return [one for name, one in table.items() if not names or name in names]


def _made(of: recipe.Image, report: progress.Progress, mirror: str | None, *, again: bool) -> Made:
    with cache.locked(of, threading.Event(), report.note):
        if again or cache.held(of) is None:
            with report.step(f"image {of.name} {of.version}"):
                _make(of, report, mirror, again=again)
    return _seen(of)


def _make(of: recipe.Image, report: progress.Progress, mirror: str | None, *, again: bool) -> None:
    cache.require_space(of.space, cache.root())
    base = _root(of.root, report, mirror, again=again) if of.root else None
    own = _own(of.own, base, report, again=again) if of.own else None
    begun = time.monotonic()
    with cache.work_folder(of) as folder:
        shop = _workshop(of.folder(), of.suite.epoch, folder, report)
        made = folder / "made"
        made.mkdir()
        layers = [layer for layer in (base, own) if layer]
        if of.files:
            layers.append(folder / "files.tar")
            content.files(of, layers[-1], shop)
        digest = layout.pack(of, layers, made / of.product(), shop)
        note = {"digest": digest, "layers": [layout.sha256(layer) for layer in layers]}
        (made / "image.json").write_text(json.dumps(note) + "\n", encoding="utf-8")
        if base:
            shutil.copyfile(base.parent / "packages.txt", made / "packages.txt")
        cache.install(of, made, "packages", time.monotonic() - begun, 0.0)


def _root(of: recipe.Root, report: progress.Progress, mirror: str | None, *, again: bool) -> Path:
    def fill(made: Path, folder: Path) -> None:
        content.debian(of, made, _workshop(of.folder(), of.epoch, folder, report), mirror)

    return _kept(of, report, fill, again=again)


def _own(of: recipe.Product, base: Path | None, report: progress.Progress, *, again: bool) -> Path:
    def fill(made: Path, folder: Path) -> None:
        shop = _workshop(of.folder(), of.suite.epoch, folder, report)
        content.packages(of, base, made / of.product(), shop)

    return _kept(of, report, fill, again=again)


def _kept(
    of: recipe.Root | recipe.Product,
    report: progress.Progress,
    fill: Callable[[Path, Path], None],
    *,
    again: bool,
) -> Path:
    """A layer as the cache has it, else as ``fill`` makes it in the first of two folders."""
    with cache.locked(of, threading.Event(), report.note):
        held = cache.held(of)
        if held is not None and not again:
            return held
        begun = time.monotonic()
        with cache.work_folder(of) as folder:
            made = folder / "made"
            made.mkdir()
            fill(made, folder)
            return cache.install(of, made, "packages", time.monotonic() - begun, 0.0)


def _workshop(name: str, epoch: int, folder: Path, report: progress.Progress) -> steps.Workshop:
    log = cache.root() / "logs" / f"{name}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_bytes(b"")
    return steps.Workshop(name, folder, log, report, epoch)


def _seen(of: recipe.Image) -> Made:
    repository = f"{_REGISTRY}/e-office/{of.name}"
    archive, how = cache.held(of), cache.supplied(of)
    if archive is None or how is None:
        return Made(of.name, of.version, repository, None, "", 0, 0.0)
    note = json.loads((archive.parent / "image.json").read_text(encoding="utf-8"))
    size = archive.stat().st_size
    return Made(of.name, of.version, repository, archive, note["digest"], size, how.seconds)
