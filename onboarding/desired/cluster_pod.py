"""The pod of a workload: one container that can do nothing but serve (controls WRK-001..014)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import errors, item, labels
from onboarding.desired import cluster_network, cluster_place
from onboarding.desired.cluster_place import cores, mebibytes

VAULT_FOLDER = "/var/run/secrets/vault"
VAULT_TOKEN_FILE = f"{VAULT_FOLDER}/token"
VAULT_AUDIENCE = "vault"
ENDPOINTS_HASH = labels.PREFIX + "endpoints-hash"
_USER = 1000
_LEAST_M, _LEAST_MI = 100, 256
"""A pod below this starts too slowly to become ready, however small the environment's nodes."""


def endpoints_name(place: cluster_place.Place) -> str:
    return f"{place.name}-endpoints"


def volume_name(place: cluster_place.Place) -> str:
    return f"{place.name}-documents"


def template(
    place: cluster_place.Place, replicas: int, endpoints: Mapping[str, str]
) -> dict[str, Any]:
    """Pod template; a change of the endpoints rolls the pods, which read them at start."""
    return {
        "metadata": {
            "labels": {**place.labels(), **place.pods()},
            "annotations": {ENDPOINTS_HASH: item.content_hash(dict(endpoints))},
        },
        "spec": {
            **settings(place),
            "terminationGracePeriodSeconds": 30,
            "topologySpreadConstraints": spread(place),
            "containers": [_container(place, replicas)],
            "volumes": [volume for volume, _ in _volumes(place)],
        },
    }


def settings(place: cluster_place.Place) -> dict[str, Any]:
    """What every pod of a workload is: where it runs, as whom, and what it cannot do."""
    return {
        **_dedicated_nodes(place),
        "serviceAccountName": place.instance.service_account,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "fsGroup": _USER,
            "fsGroupChangePolicy": "OnRootMismatch",
            "seccompProfile": {"type": "RuntimeDefault"},
        },
    }


def spread(place: cluster_place.Place) -> list[dict[str, Any]]:
    """Pods of one workload on different nodes, where there are several."""
    return [
        {
            "maxSkew": 1,
            "topologyKey": "kubernetes.io/hostname",
            "whenUnsatisfiable": "ScheduleAnyway",
            "labelSelector": {"matchLabels": place.pods()},
        }
    ]


SECURITY: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "privileged": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": _USER,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
"""Security context of every container."""


def _dedicated_nodes(place: cluster_place.Place) -> dict[str, Any]:
    """Selector and toleration of the system's pool of nodes; nothing where it needs none.

    Raises ``errors.Refused`` where the environment has no such pool.
    """
    pool = place.node_pool
    if not pool:
        return {}
    if pool not in place.target.cluster.node_pools:
        raise errors.Refused(
            f"{place.instance.namespace} needs nodes of its own, and the environment has no node"
            f" pool {pool!r}",
            details=[f"label and taint of its nodes: {labels.POOL}={pool} (NoSchedule)"],
            resolution="Name it under cluster.nodePools in the environment file.",
        )
    return on_pool(pool)


def on_pool(pool: str) -> dict[str, Any]:
    """Selector and toleration of a pool of dedicated nodes."""
    toleration = {"key": labels.POOL, "operator": "Equal", "value": pool, "effect": "NoSchedule"}
    return {"nodeSelector": {labels.POOL: pool}, "tolerations": [toleration]}


def resources(place: cluster_place.Place, replicas: int) -> dict[str, dict[str, str]]:
    """Each pod's part of the size, so that all of them together stay within the quota."""
    return share(place, cluster_place.SHARE, _LEAST_M, _LEAST_MI, replicas)


def share(
    place: cluster_place.Place,
    of: tuple[int, int],
    least_milli: int,
    least_mi: int,
    replicas: int = 1,
) -> dict[str, dict[str, str]]:
    """One pod's part of the instance's cores and memory, where ``of`` is shared by the replicas.

    Never below what a pod needs to start; its limits are at least twice that.
    """
    size, scale = place.instance.size, place.target.scale
    part, whole = of

    def each(total: int, least: int) -> int:
        return max(least, int(total * scale) * part // whole // replicas)

    return {
        "requests": {
            "cpu": cores(each(size.cpu_request_m, least_milli)),
            "memory": mebibytes(each(size.memory_request_mi, least_mi)),
        },
        "limits": {
            "cpu": cores(each(size.cpu_limit_m, 2 * least_milli)),
            "memory": mebibytes(each(size.memory_limit_mi, 2 * least_mi)),
        },
    }


def _container(place: cluster_place.Place, replicas: int) -> dict[str, Any]:
    # The product answers for its own host only, so the probe must ask for that.
    host = place.instance.host
    named = {"httpHeaders": [{"name": "Host", "value": host}]} if host else {}
    probe = {
        "httpGet": {"path": "/", "port": "http", "scheme": "HTTP", **named},
        "timeoutSeconds": 5,
    }
    return {
        "name": place.name,
        "image": place.image,
        "imagePullPolicy": "Always",
        "ports": [{"name": "http", "containerPort": cluster_network.PORT, "protocol": "TCP"}],
        "envFrom": [{"configMapRef": {"name": endpoints_name(place)}}],
        "resources": resources(place, replicas),
        "securityContext": SECURITY,
        "startupProbe": {**probe, "periodSeconds": 5, "failureThreshold": 60},
        "readinessProbe": {**probe, "periodSeconds": 10, "failureThreshold": 3},
        "livenessProbe": {**probe, "periodSeconds": 20, "failureThreshold": 6},
        "volumeMounts": [mount for _, mount in _volumes(place)],
    }


def vault_token() -> dict[str, Any]:
    """The volume with the token by which a pod signs in to Vault."""
    token = {
        "serviceAccountToken": {
            "audience": VAULT_AUDIENCE,
            "expirationSeconds": 3600,
            "path": "token",
        }
    }
    return {"name": "vault-token", "projected": {"sources": [token]}}


def _volumes(place: cluster_place.Place) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Volumes with their mounts: the only places where the container may write are two."""
    found: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (
            {"name": "tmp", "emptyDir": {"sizeLimit": "512Mi"}},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - inside the container
        ),
        (
            {
                "name": "documents",
                "persistentVolumeClaim": {"claimName": volume_name(place)},
            },
            {"name": "documents", "mountPath": "/var/lib/documents"},
        ),
        (
            vault_token(),
            {"name": "vault-token", "mountPath": VAULT_FOLDER, "readOnly": True},
        ),
    ]
    if place.instance.has_settings:
        settings = f"{place.name}-settings"
        # Optional: the settings come after the workload, and a pod without them waits unready.
        found.append(
            (
                {"name": "settings", "configMap": {"name": settings, "optional": True}},
                {"name": "settings", "mountPath": f"/etc/{place.name}", "readOnly": True},
            )
        )
    return found
