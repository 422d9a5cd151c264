"""The namespace of an instance, with its owner and its level of pod security."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import item
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
            cluster_place.CLASS: place.instance.namespace_class.value,
        },
        holds_data=True,
    )
