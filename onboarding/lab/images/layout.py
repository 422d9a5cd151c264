"""An OCI archive from layers, by umoci, with nothing in it that tells when it was made."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from onboarding.lab.images import recipe, steps


def pack(of: recipe.Image, layers: Sequence[Path], archive: Path, shop: steps.Workshop) -> str:
    """Write the archive; returns the digest of the image's manifest (``sha256:…``)."""
    layout = shop.folder / "layout"
    image = f"{layout}:{of.version}"
    created = datetime.fromtimestamp(of.suite.epoch, UTC).isoformat().replace("+00:00", "Z")
    shop.run("beginning the image", ["umoci", "init", "--layout", str(layout)])
    shop.run("beginning the image", ["umoci", "new", "--image", image])
    for layer in layers:
        shop.run(
            "adding a layer",
            ["umoci", "raw", "add-layer", "--image", image, "--history.created", created,
             "--history.created_by", "onboard lab image build", str(layer)],
        )  # fmt: skip
    shop.run("describing the image", ["umoci", "config", *_described(of, image, created)])
    shop.run("describing the image", ["umoci", "gc", "--layout", str(layout)])
    arguments = [
        "tar", "--create", f"--file={archive}", f"--directory={layout}", "--sort=name",
        f"--mtime=@{of.suite.epoch}", "--owner=0", "--group=0", "--numeric-owner",
        "--format=gnu", "--mode=u+rw,go=rX", "blobs", "index.json", "oci-layout",
    ]  # fmt: skip
    shop.run("packing the image", arguments)
    index = json.loads((layout / "index.json").read_text(encoding="utf-8"))
    (manifest,) = index["manifests"]
    return str(manifest["digest"])


def sha256(file: Path) -> str:
    """``sha256:…`` of a file."""
    with file.open("rb") as content:
        return "sha256:" + hashlib.file_digest(content, "sha256").hexdigest()


def _described(of: recipe.Image, image: str, created: str) -> list[str]:
    command = [part for word in of.command for part in ("--config.cmd", word)]
    variables = [
        part for name, value in of.environment for part in ("--config.env", f"{name}={value}")
    ]
    port = ["--config.exposedports", f"{of.port}/tcp"] if of.port else []
    stop = ["--config.stopsignal", of.stop] if of.stop else []
    return [
        "--image", image, "--no-history", "--created", created, "--os", "linux",
        "--architecture", of.platform(), "--config.user", of.user, *port, *stop, *variables,
        *command,
    ]  # fmt: skip
