"""Images from the cache onto the real node of a lab."""

from __future__ import annotations

from collections.abc import Sequence

from onboarding import errors, progress
from onboarding.lab import component
from onboarding.lab.images import make
from onboarding.lab.real import images as node_images


def load(
    lab: component.Lab, names: Sequence[str], report: progress.Progress
) -> tuple[make.Made, ...]:
    """Put the named images (without names: all that are made) onto the node; what it has, stays.

    Raises ``errors.UsageError`` for an image that is not made and a lab without a real node,
    ``errors.EngineFailed`` where containerd refuses.
    """
    node_images.refuse_without_node(lab)
    found = make.status(names)
    missing = [one.name for one in found if one.archive is None]
    if missing and (names or len(missing) == len(found)):
        raise errors.UsageError(
            f"not made yet: {', '.join(missing)}",
            resolution=f"Run: onboard lab image build {' '.join(missing)}",
        )
    held = set(node_images.ctr(lab, "images", "list", "--quiet").split())
    loaded = []
    for one in found:
        if one.archive is None:
            continue
        if one.reference not in held:
            with report.step(f"image {one.name} {one.version}"):
                node_images.load(lab, one.archive, one.repository)
        loaded.append(one)
    return tuple(loaded)
