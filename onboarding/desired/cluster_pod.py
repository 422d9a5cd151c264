"""The pod of a workload: one container that can do nothing but serve (controls WRK-001..014)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import errors, item, labels
from onboarding.desired import cluster_network, cluster_place
from onboarding.desired.cluster_place import cores, mebibytes

VAULT_TOKEN_FILE = "/var/run/secrets/vault/token"  # noqa: S105 - a path, not a token
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
            **_dedicated_nodes(place),
            "serviceAccountName": place.instance.service_account,
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 30,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": _USER,
                "runAsGroup": _USER,
                "fsGroup": _USER,
                "fsGroupChangePolicy": "OnRootMismatch",
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": place.pods()},
                }
            ],
            "containers": [_container(place, replicas)],
            "volumes": [volume for volume, _ in _volumes(place)],
        },
    }


def _dedicated_nodes(place: cluster_place.Place) -> dict[str, Any]:
    """Selector and toleration of the system's pool of nodes; nothing where it needs none.

    Raises ``errors.Refused`` where the environment has no such pool.
    """
    pool = place.entry.node_pool
    if not pool:
        return {}
    if pool not in place.target.cluster.node_pools:
        raise errors.Refused(
            f"{place.instance.namespace} needs nodes of its own, and the environment has no node"
            f" pool {pool!r}",
            details=[f"label and taint of its nodes: {labels.POOL}={pool} (NoSchedule)"],
            resolution="Name it under cluster.nodePools in the environment file.",
        )
    toleration = {"key": labels.POOL, "operator": "Equal", "value": pool, "effect": "NoSchedule"}
    return {"nodeSelector": {labels.POOL: pool}, "tolerations": [toleration]}


def resources(place: cluster_place.Place, replicas: int) -> dict[str, dict[str, str]]:
    """Each pod's part of the size, so that all of them together stay within the quota."""
    size, scale = place.instance.size, place.target.scale
    part, whole = cluster_place.SHARE

    def each(total: int, least: int) -> int:
        return max(least, int(total * scale) * part // whole // replicas)

    return {
        "requests": {
            "cpu": cores(each(size.cpu_request_m, _LEAST_M)),
            "memory": mebibytes(each(size.memory_request_mi, _LEAST_MI)),
        },
        "limits": {
            "cpu": cores(each(size.cpu_limit_m, 2 * _LEAST_M)),
            "memory": mebibytes(each(size.memory_limit_mi, 2 * _LEAST_MI)),
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
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "privileged": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "startupProbe": {**probe, "periodSeconds": 5, "failureThreshold": 60},
        "readinessProbe": {**probe, "periodSeconds": 10, "failureThreshold": 3},
        "livenessProbe": {**probe, "periodSeconds": 20, "failureThreshold": 6},
        "volumeMounts": [mount for _, mount in _volumes(place)],
    }


def _volumes(place: cluster_place.Place) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Volumes with their mounts: the only places where the container may write are two."""
    token = {
        "serviceAccountToken": {
            "audience": VAULT_AUDIENCE,
            "expirationSeconds": 3600,
            "path": "token",
        }
    }
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
            {"name": "vault-token", "projected": {"sources": [token]}},
            {"name": "vault-token", "mountPath": "/var/run/secrets/vault", "readOnly": True},
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
