"""Guard rails of a namespace: what it may use at most, and what a container gets by default."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from onboarding import item
from onboarding.desired import cluster_place
from onboarding.desired.cluster_place import cores, gibibytes, mebibytes

COMPUTE = "compute"
OBJECTS = "objects"
STORAGE = "storage"
CONTAINERS = "containers"

_OBJECT_LIMITS = {
    "persistentvolumeclaims": "5",
    "secrets": "30",
    "configmaps": "30",
    "services": "20",
    # A tenant is reached through the gateway only (control TEN-004).
    "services.nodeports": "0",
    "services.loadbalancers": "0",
}
_DEFAULT_M, _DEFAULT_MI = 250, 256
_DEFAULT_REQUEST_M, _DEFAULT_REQUEST_MI = 100, 128


def plain_classes(place: cluster_place.Place) -> tuple[str, ...]:
    """Storage classes of the environment that are not encrypted, as far as it knows them."""
    cluster = place.target.cluster
    known = {cluster.storage_class, *cluster.plain_storage_classes}
    return tuple(sorted(known - set(cluster.encrypted_storage_classes)))


def closed(classes: Iterable[str]) -> dict[str, str]:
    """A quota under which nothing can be claimed in these storage classes (TEN-017)."""
    suffix = "storageclass.storage.k8s.io"
    return {
        key: "0"
        for name in classes
        for key in (f"{name}.{suffix}/requests.storage", f"{name}.{suffix}/persistentvolumeclaims")
    }


def items(place: cluster_place.Place) -> Iterator[item.Item]:
    """Quotas exactly as sized (TEN-003, TEN-004) and a LimitRange within them (TEN-005)."""
    size = place.instance.size
    yield place.item(
        "ResourceQuota",
        COMPUTE,
        "v1",
        {
            "spec": {
                "hard": {
                    "requests.cpu": cores(size.cpu_request_m),
                    "limits.cpu": cores(size.cpu_limit_m),
                    "requests.memory": mebibytes(size.memory_request_mi),
                    "limits.memory": mebibytes(size.memory_limit_mi),
                    "requests.storage": gibibytes(size.storage_gi),
                }
            }
        },
    )
    yield place.item(
        "ResourceQuota",
        OBJECTS,
        "v1",
        {"spec": {"hard": {"pods": str(size.pods), **_OBJECT_LIMITS}}},
    )
    plain = plain_classes(place)
    if place.instance.sensitive and plain:
        yield place.item("ResourceQuota", STORAGE, "v1", {"spec": {"hard": closed(plain)}})
    yield place.item(
        "LimitRange",
        CONTAINERS,
        "v1",
        {
            "spec": {
                "limits": [
                    {
                        "type": "Container",
                        "default": {"cpu": cores(_DEFAULT_M), "memory": mebibytes(_DEFAULT_MI)},
                        "defaultRequest": {
                            "cpu": cores(_DEFAULT_REQUEST_M),
                            "memory": mebibytes(_DEFAULT_REQUEST_MI),
                        },
                        "max": {
                            "cpu": cores(size.cpu_limit_m),
                            "memory": mebibytes(size.memory_limit_mi),
                        },
                    }
                ]
            }
        },
    )
