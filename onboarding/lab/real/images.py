"""Images without a registry: archives put into the containerd of the lab's real node.

``load`` takes an OCI archive (a tar of an OCI image layout, as umoci, buildah or ``docker save``
make it); ``load_engine`` makes one of a single static program first.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import platform
import tarfile
from collections.abc import Sequence
from pathlib import Path

from onboarding import errors
from onboarding.lab import component
from onboarding.lab.real import node, place

SOCKET = "/run/containerd/containerd.sock"
"""Inside the node only; the computer's own containerd, if any, is out of its sight."""

_IMPORT_SECONDS = 3600
"""A whole product, unpacked on a busy computer."""
_INDEX = "application/vnd.oci.image.index.v1+json"
_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
_CONFIG = "application/vnd.oci.image.config.v1+json"
_LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


def load(lab: component.Lab, archive: Path, name: str) -> tuple[str, ...]:
    """Import an OCI archive; pods then name it ``name:tag`` or ``name@sha256:…``.

    ``name`` is a repository without tag or digest (``registry.lab.gdcc.go.th/e-office/mayan``);
    a tag is taken from the archive (``org.opencontainers.image.ref.name``). Give each archive a
    name of its own. Pods need ``imagePullPolicy: IfNotPresent``, as there is no registry to ask.
    Returns every name that the image has now. Raises ``errors.UsageError`` where the lab has no
    real node, ``errors.EngineFailed`` where containerd refuses the archive.
    """
    refuse_without_node(lab)
    if not archive.is_file():
        raise errors.UsageError(f"there is no archive {archive}")
    path = str(archive.resolve())
    ctr(lab, "images", "import", "--base-name", name, path, seconds=_IMPORT_SECONDS)
    digests = _digests(lab)
    tagged = [held for held in digests if held.startswith(f"{name}:")]
    return (*tagged, *(_tagged(lab, held, f"{name}@{digests[held]}") for held in tagged))


def by_digest(lab: component.Lab, held: str, name: str) -> str:
    """Give an image that the node holds the further name ``name@sha256:…``, which is returned."""
    return _tagged(lab, held, f"{name}@{_digests(lab)[held]}")


def _tagged(lab: component.Lab, held: str, wanted: str) -> str:
    ctr(lab, "images", "tag", "--force", held, wanted)
    return wanted


def _digests(lab: component.Lab) -> dict[str, str]:
    # The columns are: reference, type, digest, and more.
    listed = [line.split() for line in ctr(lab, "images", "list").splitlines()]
    return {line[0]: line[2] for line in listed}


def refuse_without_node(lab: component.Lab) -> None:
    """Raises ``errors.UsageError`` where the lab has no real node."""
    if not lab.real:
        raise errors.UsageError(
            f"the lab {lab.home.name!r} has no real node to put an image on",
            resolution=f"Run as root: onboard lab up --name {lab.home.name} --nodes real",
        )


def ctr(lab: component.Lab, *arguments: str, seconds: float = 600) -> str:
    """``ctr`` in Kubernetes' namespace of the node's containerd; what it printed.

    Raises ``errors.EngineFailed`` with the last lines where it fails.
    """
    program = (str(lab.engines["ctr"]), "--address", SOCKET, "--namespace", "k8s.io")
    done = node.run(lab.home, *program, *arguments, seconds=seconds)
    if done.returncode != 0:
        raise errors.EngineFailed(
            f"containerd of the lab {lab.home.name!r} refuses: ctr {' '.join(arguments)}",
            details=done.stderr.splitlines()[-8:],
            resolution=f"Run: onboard lab doctor --name {lab.home.name}",
        )
    return done.stdout


def of_engine(lab: component.Lab, engine: str) -> str:
    """Name of the image that holds one of the lab's engines; another build has another name."""
    program = lab.engines[engine]
    seen = program.stat() if program.exists() else None
    which = f"{program} {seen.st_size} {seen.st_mtime_ns}" if seen else str(program)
    return f"localhost/onboard-lab/{engine}:{hashlib.sha256(which.encode()).hexdigest()[:12]}"


def load_engine(lab: component.Lab, engine: str, arguments: Sequence[str] = ()) -> None:
    """Make the image of an engine, one static program, where containerd does not hold it yet."""
    name = of_engine(lab, engine)
    if name in ctr(lab, "images", "list", "--quiet").split():
        return
    repository, _, tag = name.rpartition(":")
    archive = place.folder(lab.home) / f"{engine}.tar"
    try:
        archive.write_bytes(pack(lab.engines[engine], tag, arguments))
        load(lab, archive, repository)
    finally:
        archive.unlink(missing_ok=True)


def pack(program: Path, tag: str, arguments: Sequence[str] = ()) -> bytes:
    """An OCI archive of one program; equal for equal input."""
    layer = _tar({"program": program.read_bytes()}, mode=0o755)
    packed = gzip.compress(layer, compresslevel=1, mtime=0)
    machine = platform.machine()
    architecture = _ARCHITECTURES.get(machine, machine)
    config = _json(
        {
            "architecture": architecture,
            "os": "linux",
            "config": {"User": "65534:65534", "Entrypoint": ["/program"], "Cmd": list(arguments)},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
        }
    )
    manifest = _json(
        {
            "schemaVersion": 2,
            "mediaType": _MANIFEST,
            "config": _descriptor(_CONFIG, config),
            "layers": [_descriptor(_LAYER, packed)],
        }
    )
    entry = {
        **_descriptor(_MANIFEST, manifest),
        "platform": {"architecture": architecture, "os": "linux"},
        "annotations": {"org.opencontainers.image.ref.name": tag},
    }
    index = _json({"schemaVersion": 2, "mediaType": _INDEX, "manifests": [entry]})
    blobs = {f"blobs/sha256/{_digest(blob)[7:]}": blob for blob in (config, packed, manifest)}
    layout = _json({"imageLayoutVersion": "1.0.0"})
    return _tar({"oci-layout": layout, "index.json": index, **blobs}, mode=0o644)


def _descriptor(kind: str, blob: bytes) -> dict[str, object]:
    return {"mediaType": kind, "digest": _digest(blob), "size": len(blob)}


def _digest(blob: bytes) -> str:
    return f"sha256:{hashlib.sha256(blob).hexdigest()}"


def _json(content: object) -> bytes:
    return json.dumps(content, sort_keys=True).encode()


def _tar(files: dict[str, bytes], mode: int) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), mode
            archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()
