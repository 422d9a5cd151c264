"""The pod of an e-Office product that runs here, from what its contract says that it needs."""

from __future__ import annotations

import string
from collections.abc import Mapping
from typing import Any

from onboarding import environment, item
from onboarding.desired import (
    cluster_network,
    cluster_place,
    cluster_pod,
    office,
    office_database,
    office_secrets,
)
from onboarding.products import contract, pods

_PROBED_EVERY = 5
_READY_TIMEOUT = 10
_TO_END = 30
"""Seconds for a pod to end after the last request."""


def environment_of(place: cluster_place.Place, product: contract.Product) -> dict[str, str]:
    """The product's own variables; no secret, only where the files with secrets are."""
    words = {
        "host": place.instance.host,
        "database": office.database_name(place.instance),
    }
    return {
        name: string.Template(text).substitute(words)
        for name, text in product.pods.environment.items()
    }


def template(
    place: cluster_place.Place,
    run: environment.Run,
    product: contract.Product,
    endpoints: Mapping[str, str],
) -> dict[str, Any]:
    """First the secrets, then the database's contents and the tool's accounts, then the product."""
    accounts = [word.replace("{folder}", pods.SECRETS) for word in product.accounts]
    return {
        "metadata": {
            "labels": {**place.labels(), **place.pods()},
            "annotations": {
                cluster_pod.ENDPOINTS_HASH: item.content_hash(dict(endpoints)),
                **office_secrets.marks(place, office_secrets.files(place, product)),
            },
        },
        "spec": {
            **cluster_pod.settings(place),
            "terminationGracePeriodSeconds": product.pods.longest_seconds + _TO_END,
            "topologySpreadConstraints": cluster_pod.spread(place),
            "initContainers": [
                office_secrets.agent(place, run, "secrets", stays=False),
                _container(place, run, product, "settle", product.pods.settle),
                _container(place, run, product, "accounts", accounts),
                office_secrets.agent(place, run, "renewal", stays=True),
            ],
            "containers": [_serving(place, run, product)],
            "volumes": [
                *office_secrets.volumes(place.name, run),
                *(volume for volume, _ in _volumes(place, product)),
            ],
        },
    }


def _serving(
    place: cluster_place.Place, run: environment.Run, product: contract.Product
) -> dict[str, Any]:
    # The product answers for its own host only, so the probe must ask for that.
    asked = {
        "path": product.health.path,
        "port": "http",
        "scheme": "HTTP",
        "httpHeaders": [{"name": "Host", "value": place.instance.host}],
    }
    probe = {"httpGet": asked, "timeoutSeconds": _READY_TIMEOUT}
    tries = int(product.health.first_start_seconds / _PROBED_EVERY)
    return {
        **_container(place, run, product, place.name, ()),
        "ports": [{"name": "http", "containerPort": cluster_network.PORT, "protocol": "TCP"}],
        "startupProbe": {**probe, "periodSeconds": _PROBED_EVERY, "failureThreshold": tries},
        "readinessProbe": {**probe, "periodSeconds": 10, "failureThreshold": 3},
        "livenessProbe": {**probe, "periodSeconds": 30, "failureThreshold": 6},
    }


def _container(
    place: cluster_place.Place,
    run: environment.Run,
    product: contract.Product,
    name: str,
    command: tuple[str, ...] | list[str],
) -> dict[str, Any]:
    """The product's image at work; without a command, at that which the image names."""
    needs = product.pods
    return {
        "name": name,
        "image": place.image,
        "imagePullPolicy": run.pull,
        **({"command": list(command)} if command else {}),
        "envFrom": [{"configMapRef": {"name": cluster_pod.endpoints_name(place)}}],
        "resources": cluster_pod.share(place, OF_COMPUTE, needs.least_milli, needs.least_mi),
        "securityContext": cluster_pod.SECURITY,
        "volumeMounts": [
            *office_secrets.mounts(),
            *(mount for _, mount in _volumes(place, product)),
        ],
    }


_OF_ALL = cluster_place.SHARE[0] * 5, cluster_place.SHARE[1] * 5
OF_COMPUTE = _OF_ALL[0] - office_database.OF_COMPUTE[0], _OF_ALL[1]
"""Part of an instance's cores and memory that the product's pods share: what the database leaves
of the workload's."""


def _volumes(
    place: cluster_place.Place, product: contract.Product
) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    documents = {"claimName": cluster_pod.volume_name(place)}
    return [
        (
            {"name": "documents", "persistentVolumeClaim": documents},
            {"name": "documents", "mountPath": product.records.documents},
        ),
        (
            {"name": "tmp", "emptyDir": {"sizeLimit": "512Mi"}},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - inside the container
        ),
        (
            {"name": "shm", "emptyDir": {"medium": "Memory", "sizeLimit": "64Mi"}},
            {"name": "shm", "mountPath": "/dev/shm"},  # noqa: S108 - inside the container
        ),
    ]
