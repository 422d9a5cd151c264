"""What the peers of an agency's links declare: in files that were given, else as last applied."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from onboarding import errors, folder, links, manifest, strict_yaml


def declared(
    wanted: Iterable[str], given: Sequence[Path], applied: Mapping[str, str]
) -> dict[str, links.Declared]:
    """The manifests of the agencies ``wanted``, by id.

    ``given`` are files and folders, ``applied`` the texts of manifests by agency id; the first
    outweigh the second. Files that do not mention a peer are not read. Raises
    errors.InvalidInput for a peer's file that is no valid manifest, and for two of one peer.
    """
    peers = set(wanted)
    found: dict[str, links.Declared] = {}
    for file in folder.files(given):
        if not _mentions(file.path, peers):
            continue
        of = links.Declared(*manifest.read(file.path))
        name = of.manifest.id
        if name in found:
            raise errors.UsageError(
                f"two manifests of {name} were given: {found[name].file} and {of.file}",
                resolution="Name only one of them after --with.",
            )
        if name in peers:
            found[name] = of
    for name in peers & (applied.keys() - found.keys()):
        title = f"last manifest of {name}"
        document = strict_yaml.loads(applied[name], title)
        found[name] = links.Declared(manifest.loads(applied[name], title), document)
    return found


def _mentions(path: Path, peers: set[str]) -> bool:
    """Whether a file may be the manifest of a peer; one that cannot be read is, to be told of."""
    try:
        text = path.read_bytes()
    except OSError:
        return True
    return any(peer.encode() in text for peer in peers)
