"""Volumes of a workload: in which class of storage, and how large."""

from __future__ import annotations

from typing import Any

from onboarding import errors, tenant
from onboarding.desired import cluster_place


def claim(place: cluster_place.Place, mode: str, share: tuple[int, int]) -> dict[str, Any]:
    """Spec of a claim for a part of the instance's storage."""
    part, whole = share
    size = place.instance.size.storage_gi * part
    return {
        "accessModes": [mode],
        "storageClassName": storage_class(place),
        "resources": {"requests": {"storage": cluster_place.gibibytes(max(1, size // whole))}},
    }


def storage_class(place: cluster_place.Place) -> str:
    """Raises ``errors.Refused`` for sensitive data without an encrypted class (TEN-017)."""
    cluster = place.target.cluster
    encrypted = cluster.encrypted_storage_classes
    if place.instance.namespace_class is tenant.NamespaceClass.STANDARD:
        return cluster.storage_class
    if cluster.storage_class in encrypted:
        return cluster.storage_class
    if encrypted:
        return encrypted[0]
    raise errors.Refused(
        f"{place.instance.namespace} holds sensitive data, and the environment has no"
        " encrypted storage class",
        resolution="Name one under cluster.encryptedStorageClasses in the environment file.",
    )
