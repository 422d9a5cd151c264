"""The images as data: what goes into each, and the digests that name its place in the cache."""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).resolve().parent
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
_FORMAT = "1"
"""Raised when the same inputs come to be packed differently."""

AFTER = (
    # Programs ask for the name of who runs them.
    'echo onboard:x:1000:1000::/tmp:/usr/sbin/nologin >> "$1/etc/passwd"',
    'echo onboard:x:1000: >> "$1/etc/group"',
    # Of this computer: the node puts its own names and servers there.
    'for file in hostname resolv.conf; do : > "$1/etc/$file"; done',
    # Of this moment. A key that a package made would be the same, and known, in every pod.
    'rm -rf "$1"/var/log/* "$1"/var/cache/*/* "$1"/var/lib/apt/lists/* "$1"/etc/ssl/private/*',
    'find -L "$1/etc/ssl/certs" -type l -delete; rm -f "$1/etc/ssl/certs/ssl-cert-snakeoil.pem"',
)
"""Shell lines run after Debian's packages are installed, with the root as ``$1``."""


@dataclass(frozen=True, slots=True)
class Suite:
    """The Debian release that all images stand on, and the time that is written into them."""

    name: str
    python: str
    glibc: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Root:
    """The layer of Debian packages below an image; as a thing of the cache of its own."""

    name: str
    version: str
    packages: tuple[str, ...]
    before: tuple[str, ...]
    epoch: int

    def digest(self) -> str:
        return _sealed([_FORMAT, platform.machine(), asdict(self), AFTER])

    def folder(self) -> str:
        """Name of its folder in the cache."""
        return f"{self.name}-{self.version}-{self.digest()}"

    def product(self) -> str:
        """The layer, a tar that is not compressed; ``packages.txt`` beside it."""
        return "layer.tar"


@dataclass(frozen=True, slots=True)
class Product:
    """The layer of packages of PyPI and npm; as a thing of the cache of its own.

    ``python``, ``pages``: where in the image they stand, "" for none. ``prepare``: the script of
    the folder ``recipe`` that is run over them.
    """

    name: str
    version: str
    suite: Suite
    root: Root | None
    recipe: Path
    python: str
    pages: str
    prepare: str

    def digest(self) -> str:
        entry = {**asdict(self), "recipe": "", "root": self.root.digest() if self.root else ""}
        return _sealed([_FORMAT, platform.machine(), entry, _contents(self.recipe, _of_packages)])

    def folder(self) -> str:
        """Name of its folder in the cache."""
        return f"{self.name}-{self.version}-{self.digest()}"

    def product(self) -> str:
        """The layer, a tar that is not compressed."""
        return "layer.tar"


@dataclass(frozen=True, slots=True)
class Image:
    """One image; the folder ``recipe`` holds its files, ``space`` in MiB.

    ``before``: shell lines run before its packages are installed, with the root as ``$1``.
    ``stop``: the signal that ends it, "" for SIGTERM.
    """

    name: str
    version: str
    suite: Suite
    packages: tuple[str, ...]
    before: tuple[str, ...]
    recipe: Path
    python: str
    pages: str
    prepare: str
    files: tuple[tuple[str, str], ...]
    environment: tuple[tuple[str, str], ...]
    user: str
    port: int
    command: tuple[str, ...]
    stop: str
    space: int

    @property
    def root(self) -> Root | None:
        """The layer below; None where the image needs no package of Debian."""
        if not self.packages:
            return None
        return Root(
            f"root-{self.name}", self.suite.name, self.packages, self.before, self.suite.epoch
        )

    @property
    def own(self) -> Product | None:
        """The layer above it; None where the image is of Debian's packages and files alone."""
        if not self.python and not self.pages:
            return None
        return Product(
            f"product-{self.name}", self.version, self.suite, self.root, self.recipe,
            self.python, self.pages, self.prepare,
        )  # fmt: skip

    def digest(self) -> str:
        """Twelve hexadecimal digits over everything that decides what is in the image."""
        entry = {**asdict(self), "recipe": "", "space": 0}
        below = [layer.digest() for layer in (self.root, self.own) if layer]
        placed = _contents(self.recipe, {name for name, _ in self.files}.__contains__)
        return _sealed([_FORMAT, platform.machine(), below, entry, placed])

    def folder(self) -> str:
        """Name of its folder in the cache."""
        return f"image-{self.name}-{self.version}-{self.digest()}"

    def product(self) -> str:
        """The OCI archive; ``image.json`` beside it."""
        return "image.tar"

    def platform(self) -> str:
        """Its architecture as OCI spells it."""
        return _ARCHITECTURES.get(platform.machine(), platform.machine())


def load(table: Path = _FOLDER / "images.yaml") -> dict[str, Image]:
    """All images, by name."""
    raw = yaml.safe_load(table.read_text(encoding="utf-8"))
    suite = Suite(raw["suite"], raw["python"], raw["glibc"], raw["epoch"])
    recipes = table.parent / "recipes"
    return {name: _image(name, entry, suite, recipes) for name, entry in raw["images"].items()}


def _image(name: str, entry: Mapping[str, Any], suite: Suite, recipes: Path) -> Image:
    return Image(
        name=name,
        version=str(entry["version"]),
        suite=suite,
        packages=tuple(entry.get("packages", ())),
        before=tuple(entry.get("before", ())),
        recipe=recipes / name,
        python=entry.get("python", ""),
        pages=entry.get("pages", ""),
        prepare=entry.get("prepare", ""),
        files=tuple(entry.get("files", {}).items()),
        environment=tuple(entry["environment"].items()),
        user=entry["user"],
        port=entry.get("port", 0),
        command=tuple(entry["command"]),
        stop=entry.get("stop", ""),
        space=entry["space"],
    )


def _of_packages(name: str) -> bool:
    return name.endswith((".txt", ".json")) or name == "prepare.py"


def _contents(folder: Path, belongs: Callable[[str], bool]) -> dict[str, str]:
    """Hashes of those files of a recipe, by name."""
    return {
        file.name: hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.iterdir())
        if file.is_file() and belongs(file.name)
    }


def _sealed(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:12]
