"""The user's own file of download sources: mirrors, other places, or none in an air gap."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import platformdirs
import pydantic
import yaml

from onboarding import errors


class Place(pydantic.BaseModel):
    """Where one engine's release lies; ``{version}``, ``{os}``, ``{arch}`` are filled in."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)

    url: str
    checksum: str
    member: str = ""


class Changes(pydantic.BaseModel):
    """``hosts``: base address of a known host, null switches it off. ``releases``: by engine."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, strict=True)

    hosts: dict[str, str | None] = {}
    releases: dict[str, Place] = {}


def path() -> Path:
    """``engines.yaml`` in the user's config folder of onboard."""
    return platformdirs.user_config_path("onboard") / "engines.yaml"


def read(file: Path, hosts: Collection[str], engines: Collection[str]) -> Changes:
    """What ``file`` changes, nothing where there is none.

    Raises ``errors.InvalidInput`` with every problem found.
    """
    try:
        raw = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return Changes()
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _invalid(file, [("", " ".join(str(error).split()))]) from error
    try:
        changes = Changes.model_validate(raw or {})
    except pydantic.ValidationError as error:
        found = [(".".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
        raise _invalid(file, found) from error
    unknown = [
        (f"{part}.{name}", f"not known; known are {', '.join(sorted(known))}")
        for part, given, known in (
            ("hosts", changes.hosts, hosts),
            ("releases", changes.releases, engines),
        )
        for name in given
        if name not in known
    ]
    if unknown:
        raise _invalid(file, unknown)
    return changes


def invalid(field: str, message: str) -> errors.InvalidInput:
    """The error of a value that reads well but cannot be used."""
    return _invalid(path(), [(field, message)])


def _invalid(file: Path, found: list[tuple[str, str]]) -> errors.InvalidInput:
    return errors.InvalidInput(
        "the file of download sources is wrong",
        [errors.Problem(str(file), 0, 0, field, message) for field, message in found],
        resolution=f"Correct {file}, or remove it to use the official hosts.",
    )
