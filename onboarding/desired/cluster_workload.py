"""The workload of an instance: pods hardened to the ``restricted`` profile, and their way in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from onboarding import catalogue, errors, item, tenant
from onboarding.desired import cluster_place, cluster_pod, link_profile, telemetry


def items(place: cluster_place.Place) -> Iterator[item.Item]:
    """Nothing where the environment names no image for the system: its namespace waits."""
    if not place.image:
        return
    yield _endpoints(place)
    yield _volume(place)
    yield _deployment(place)
    yield _service(place)
    if place.instance.host:
        yield _ingress(place)
    yield _disruption_budget(place)


def replicas(place: cluster_place.Place) -> int:
    """Pods that serve; fewer where the environment's nodes are small.

    Cases from a contact centre come in at any hour, so one pod alone never takes them.
    """
    least = 1
    if place.of.takes_cases(place.instance):
        least = link_profile.section("intake")["leastReplicas"]
    return max(least, math.ceil(place.instance.size.replicas * place.target.scale))


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


def ingress_class(place: cluster_place.Place) -> str:
    """Raises ``errors.Refused`` for a closed system where only a public gateway is known."""
    cluster = place.target.cluster
    if _is_public(place) and cluster.public_sites:
        return cluster.public_sites.ingress_class
    if not place.entry.closed:
        return cluster.ingress_class
    if not cluster.internal_ingress_class:
        raise errors.Refused(
            f"{place.instance.namespace} may not be reached from outside, and the environment has"
            " no internal gateway",
            resolution="Name its class as cluster.internalIngressClass in the environment file,"
            " or write ingress: none in the manifest.",
        )
    return cluster.internal_ingress_class


def endpoints(place: cluster_place.Place) -> dict[str, str]:
    """What the product must know of its surroundings; no secret, only where secrets are."""
    target, of, instance = place.target, place.of, place.instance
    return {
        **({"PUBLIC_URL": f"https://{instance.host}"} if instance.host else {}),
        **(_sign_in(place) if instance in of.signed_in_to else {}),
        **telemetry.settings(place),
        "VAULT_ADDR": target.vault.address,
        "VAULT_AUTH_MOUNT": "kubernetes",
        "VAULT_ROLE": instance.namespace,
        "VAULT_TOKEN_FILE": cluster_pod.VAULT_TOKEN_FILE,
        "TZ": "Asia/Bangkok",
    }


def _sign_in(place: cluster_place.Place) -> dict[str, str]:
    target, of, instance = place.target, place.of, place.instance
    return {
        "OIDC_ISSUER": f"{target.keycloak.address.rstrip('/')}/realms/{of.realm}",
        "OIDC_CLIENT_ID": instance.namespace,
        "OIDC_CLIENT_AUTH": "private_key_jwt",
        "OIDC_CLIENT_KEY_PATH": f"{of.kv_mount}/{of.kv_prefix}{instance.namespace}/oidc-client",
    }


def _endpoints(place: cluster_place.Place) -> item.Item:
    name = cluster_pod.endpoints_name(place)
    return place.item("ConfigMap", name, "v1", {"data": endpoints(place)})


def _volume(place: cluster_place.Place) -> item.Item:
    part, whole = cluster_place.SHARE
    size = place.instance.size.storage_gi * part // whole
    return place.item(
        "PersistentVolumeClaim",
        cluster_pod.volume_name(place),
        "v1",
        {
            "spec": {
                # Documents are shared by all pods, on whatever node they run. Also where there is
                # one: it may become several, and the mode of a claim cannot be changed.
                "accessModes": ["ReadWriteMany"],
                "storageClassName": storage_class(place),
                "resources": {"requests": {"storage": cluster_place.gibibytes(size)}},
            }
        },
        holds_data=True,
    )


def _deployment(place: cluster_place.Place) -> item.Item:
    count = replicas(place)
    return place.item(
        "Deployment",
        place.name,
        "apps/v1",
        {
            "spec": {
                "replicas": count,
                "revisionHistoryLimit": 3,
                "progressDeadlineSeconds": 300,
                # One pod goes before its successor comes: the quota has no room for both.
                "strategy": {
                    "type": "RollingUpdate",
                    "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
                },
                "selector": {"matchLabels": place.pods()},
                "template": cluster_pod.template(place, count, endpoints(place)),
            }
        },
    )


def _service(place: cluster_place.Place) -> item.Item:
    port = {"name": "http", "port": 80, "protocol": "TCP", "targetPort": "http"}
    spec = {"type": "ClusterIP", "selector": place.pods(), "ports": [port]}
    return place.item("Service", place.name, "v1", {"spec": spec})


def _ingress(place: cluster_place.Place) -> item.Item:
    host = place.instance.host
    backend = {"service": {"name": place.name, "port": {"name": "http"}}}
    rule: dict[str, Any] = {
        "host": host,
        "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]},
    }
    return place.item(
        "Ingress",
        place.name,
        "networking.k8s.io/v1",
        {
            "spec": {
                "ingressClassName": ingress_class(place),
                "tls": [{"hosts": [host], "secretName": f"{place.name}-tls"}],
                "rules": [rule],
            }
        },
        annotations={**telemetry.ingress_notes(place), **_firewall(place)},
    )


def _firewall(place: cluster_place.Place) -> dict[str, str]:
    """What is open to the public stands behind the web application firewall."""
    gateway = place.target.cluster.public_sites
    return gateway.annotations if _is_public(place) and gateway else {}


def _is_public(place: cluster_place.Place) -> bool:
    return place.instance.ingress is catalogue.Ingress.PUBLIC


def _disruption_budget(place: cluster_place.Place) -> item.Item:
    count = replicas(place)
    bound = {"minAvailable": count - 1} if count > 1 else {"maxUnavailable": 1}
    spec = {**bound, "selector": {"matchLabels": place.pods()}}
    return place.item("PodDisruptionBudget", place.name, "policy/v1", {"spec": spec})
