"""The engines as data: their versions and sources, and the digest that names their place."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from onboarding.lab.supply import override, version

_FOLDER = Path(__file__).resolve().parent.parent
_ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
_PULUMI_ARCHITECTURES = {"amd64": "x64"}
BUILD_FLAGS = ("-trimpath",)


@dataclass(frozen=True, slots=True)
class Command:
    """How an installed command is asked for its version; ``least`` when it may be an older one."""

    ask: tuple[str, ...]
    fits: version.Fits
    least: str


@dataclass(frozen=True, slots=True)
class Package:
    """A file of an installed Python distribution; ``file`` is the end of its path."""

    distribution: str
    file: str


@dataclass(frozen=True, slots=True)
class Release:
    """An official download; ``member`` is the file wanted of an archive, empty for a bare file."""

    url: str
    checksum: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class Build:
    """``go build`` of ``target`` in the module ``recipe``; ``variables`` are set by the linker."""

    recipe: Path
    target: str
    tags: tuple[str, ...]
    variables: tuple[tuple[str, str], ...]

    def arguments(self) -> tuple[str, ...]:
        """Arguments of ``go build`` and ``go list`` that shape the binary."""
        linker = "-s -w" + "".join(f" -X {name}={value}" for name, value in self.variables)
        tags = ("-tags", ",".join(self.tags)) if self.tags else ()
        return (*BUILD_FLAGS, *tags, "-ldflags", linker)

    def files(self) -> list[Path]:
        """Everything of the recipe that Go reads."""
        return sorted(
            file
            for file in self.recipe.rglob("*")
            if file.name in ("go.mod", "go.sum") or file.suffix == ".go"
        )


@dataclass(frozen=True, slots=True)
class Artifact:
    """A Maven artifact ``group:name:version:packaging`` and the SHA-256 that it must have."""

    coordinates: str
    sha256: str
    folder: str


@dataclass(frozen=True, slots=True)
class Engine:
    """One engine; ``weight`` in CPU seconds of a cold build, ``space`` in MiB."""

    name: str
    version: str
    command: Command | None
    package: Package | None
    release: Release | None
    build: Build | None
    artifact: Artifact | None
    weight: float
    space: int

    def digest(self) -> str:
        """Twelve hexadecimal digits over everything that decides what is in the cache."""
        seal = hashlib.sha256()
        if self.build is not None:
            seal.update(json.dumps([self.build.target, *self.build.arguments()]).encode())
            for file in self.build.files():
                name = file.relative_to(self.build.recipe).as_posix()
                seal.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
        if self.artifact is not None:
            seal.update(json.dumps(asdict(self.artifact), sort_keys=True).encode())
        seal.update(f"{self.name} {self.version} {platform.machine()}".encode())
        return seal.hexdigest()[:12]

    def folder(self) -> str:
        """Name of its folder in the cache."""
        return f"{self.name}-{self.version}-{self.digest()}"

    def product(self) -> str:
        """Path inside its folder of what it is used by."""
        return self.artifact.folder if self.artifact is not None else self.name


def load(
    table: Path = _FOLDER / "engines.yaml", user_file: Path | None = None
) -> dict[str, Engine]:
    """All engines in the order in which a lab needs them.

    Raises ``errors.InvalidInput`` where the user's file is wrong.
    """
    raw = yaml.safe_load(table.read_text(encoding="utf-8"))
    changes = override.read(user_file or override.path(), raw["hosts"], raw["engines"])
    hosts = {**raw["hosts"], **changes.hosts}
    recipes = table.parent / "recipes"
    return {
        name: _engine(name, entry, hosts, changes, recipes)
        for name, entry in raw["engines"].items()
    }


def _engine(
    name: str,
    entry: Mapping[str, Any],
    hosts: Mapping[str, str | None],
    changes: override.Changes,
    recipes: Path,
) -> Engine:
    arch = _ARCHITECTURES.get(platform.machine().lower(), platform.machine().lower())
    names = {
        "name": name,
        "version": str(entry["version"]),
        "os": os.uname().sysname.lower(),
        "arch": arch,
        "pulumi_arch": _PULUMI_ARCHITECTURES.get(arch, arch),
    }
    command, package, build = (entry.get(key) for key in ("command", "package", "build"))
    return Engine(
        name=name,
        version=names["version"],
        command=Command(
            ask=tuple(command["ask"]),
            fits=version.Fits(command["fits"]),
            least=str(command.get("least", names["version"])),
        )
        if command
        else None,
        package=Package(**package) if package else None,
        release=_release(name, entry.get("release"), names, hosts, changes),
        build=_build(build, names, recipes) if build else None,
        artifact=_artifact(entry.get("artifact"), names),
        weight=float(entry.get("weight", 0)),
        space=int(entry.get("space", 0)),
    )


def _release(
    name: str,
    entry: Mapping[str, str] | None,
    names: Mapping[str, str],
    hosts: Mapping[str, str | None],
    changes: override.Changes,
) -> Release | None:
    given = changes.releases.get(name)
    if given is not None:
        entry = given.model_dump()
    if entry is None:
        return None
    used = {host for host in hosts if f"{{{host}}}" in entry["url"] + entry["checksum"]}
    if any(not hosts[host] for host in used):
        return None
    known = {**names, **{host: str(hosts[host]).rstrip("/") for host in used}}
    try:
        return Release(**{key: value.format_map(known) for key, value in entry.items()})
    except (KeyError, ValueError, IndexError) as error:
        raise override.invalid(f"releases.{name}", f"unknown placeholder: {error}") from error


def _build(entry: Mapping[str, Any], names: Mapping[str, str], recipes: Path) -> Build:
    return Build(
        recipe=recipes / entry["recipe"],
        target=entry["target"].format_map(names),
        tags=tuple(entry.get("tags", ())),
        variables=tuple(
            (name, value.format_map(names)) for name, value in entry.get("variables", {}).items()
        ),
    )


def _artifact(entry: Mapping[str, str] | None, names: Mapping[str, str]) -> Artifact | None:
    if entry is None:
        return None
    return Artifact(**{key: value.format_map(names) for key, value in entry.items()})
