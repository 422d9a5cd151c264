"""The namespace of an instance, with its owner and its level of pod security."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import item, labels
from onboarding.desired import cluster_place

_LEVEL = "restricted"
_PREFIX = "pod-security.kubernetes.io/"


def items(place: cluster_place.Place) -> Iterator[item.Item]:
    """Pod Security Admission at ``restricted``, pinned, so that an upgrade changes nothing."""
    security: dict[str, str] = {}
    for mode in ("enforce", "audit", "warn"):
        security[_PREFIX + mode] = _LEVEL
        security[f"{_PREFIX}{mode}-version"] = place.target.cluster.pod_security_version
    yield place.item(
        "Namespace",
        place.instance.namespace,
        "v1",
        {},
        labels_too={
            **security,
            labels.PHASE: place.of.phase.value,
            cluster_place.CLASS: place.instance.namespace_class.value,
            **_pool(place),
            **_exemption(place),
        },
        holds_data=True,
    )


def _pool(place: cluster_place.Place) -> dict[str, str]:
    """Admission lets only pods of such a namespace run on the pool's nodes."""
    pool = place.node_pool
    return {labels.POOL: pool} if pool else {}


def _exemption(place: cluster_place.Place) -> dict[str, str]:
    """``s4(2)`` as a label may spell it; security measures stay on whatever is exempt."""
    claimed = place.of.manifest.legal.pdpa.exemption
    if claimed is None or not place.entry.closed:
        return {}
    return {labels.EXEMPTION: exemption_mark(claimed.paragraph)}


def exemption_mark(paragraph: str) -> str:
    """A paragraph of the law as the value of a label: ``s4(2)`` is ``s4-2``."""
    return paragraph.replace("(", "-").replace(")", "")
