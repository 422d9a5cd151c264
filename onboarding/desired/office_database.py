"""The database of an e-Office whose pods are made here: one PostgreSQL for each instance.

A StatefulSet, so that never two pods at once have the volume, also when a node is lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from onboarding import environment, item
from onboarding.desired import cluster_place, cluster_pod, cluster_storage, office, office_secrets
from onboarding.products import pods

SHARE = (1, 25)
"""Part of an instance's storage: with the documents' three quarters at most 80 % of its quota."""
OF_COMPUTE = (3, 20)
"""Part of an instance's cores and memory."""
_FOLDER = "/data"
_LEAST_M, _LEAST_MI = 100, 128


def items(place: cluster_place.Place, run: environment.Run) -> Iterator[item.Item]:
    """Its volume, its pod, its name in the cluster."""
    name = office.database_name(place.instance)
    yield office_secrets.config_map(place, name, office_secrets.database_files(place))
    yield place.item(
        "PersistentVolumeClaim",
        name,
        "v1",
        {"spec": cluster_storage.claim(place, "ReadWriteOnce", SHARE)},
        holds_data=True,
    )
    yield place.item(
        "StatefulSet",
        name,
        "apps/v1",
        {
            "spec": {
                "replicas": 1,
                "serviceName": name,
                "podManagementPolicy": "OrderedReady",
                "revisionHistoryLimit": 3,
                "selector": {"matchLabels": place.database_pods()},
                "template": _template(place, run, name),
            }
        },
    )
    port = {
        "name": "database",
        "port": pods.DATABASE_PORT,
        "protocol": "TCP",
        "targetPort": "database",
    }
    # Without an address of its own: the name leads to the pod.
    spec = {
        "type": "ClusterIP",
        "clusterIP": "None",
        "selector": place.database_pods(),
        "ports": [port],
    }
    yield place.item("Service", name, "v1", {"spec": spec})
    budget = {"maxUnavailable": 1, "selector": {"matchLabels": place.database_pods()}}
    yield place.item("PodDisruptionBudget", name, "policy/v1", {"spec": budget})


def _template(place: cluster_place.Place, run: environment.Run, name: str) -> dict[str, Any]:
    return {
        "metadata": {
            "labels": {**place.labels(), **place.database_pods()},
            "annotations": office_secrets.marks(place, office_secrets.database_files(place)),
        },
        "spec": {
            **cluster_pod.settings(place),
            "terminationGracePeriodSeconds": 60,
            "initContainers": [office_secrets.agent(place, run, "secrets", stays=False)],
            "containers": [_container(place, run)],
            "volumes": [
                *office_secrets.volumes(name, run),
                {"name": "data", "persistentVolumeClaim": {"claimName": name}},
                {"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}},
                {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
            ],
        },
    }


def _container(place: cluster_place.Place, run: environment.Run) -> dict[str, Any]:
    ready = ["pg_isready", "-h", "127.0.0.1", "-d", pods.DATABASE_NAME, "-U", pods.DATABASE_NAME]
    probe = {"exec": {"command": ready}, "timeoutSeconds": 5}
    settings = {
        "PGDATA": f"{_FOLDER}/database",
        "POSTGRES_DB": pods.DATABASE_NAME,
        "POSTGRES_USER": pods.DATABASE_NAME,
        "POSTGRES_PASSWORD_FILE": f"{pods.SECRETS}/password",
    }
    return {
        "name": "database",
        "image": run.database,
        "imagePullPolicy": run.pull,
        "env": [{"name": key, "value": value} for key, value in settings.items()],
        "ports": [{"name": "database", "containerPort": pods.DATABASE_PORT, "protocol": "TCP"}],
        "resources": cluster_pod.share(place, OF_COMPUTE, _LEAST_M, _LEAST_MI),
        "securityContext": cluster_pod.SECURITY,
        "startupProbe": {**probe, "periodSeconds": 5, "failureThreshold": 60},
        "readinessProbe": {**probe, "periodSeconds": 10, "failureThreshold": 3},
        "livenessProbe": {**probe, "periodSeconds": 30, "failureThreshold": 6},
        "volumeMounts": [
            {"name": "data", "mountPath": _FOLDER},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - inside the container
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 - inside the container
            *office_secrets.mounts()[:1],
        ],
    }
