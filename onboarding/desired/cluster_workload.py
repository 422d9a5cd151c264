"""The workload of an instance: pods hardened to the ``restricted`` profile, and their way in."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from onboarding import catalogue, environment, errors, item
from onboarding.desired import (
    cluster_place,
    cluster_pod,
    cluster_storage,
    link_profile,
    office,
    office_database,
    office_pod,
    office_secrets,
    sso,
    telemetry,
    vault,
)
from onboarding.products import contract


def items(place: cluster_place.Place) -> Iterator[item.Item]:
    """Nothing where the environment names no image for the system: its namespace waits."""
    if not place.image:
        return
    yield _endpoints(place)
    yield _volume(place)
    run, product = place.run, office.product(place.target)
    if run and product:
        files = office_secrets.files(place, product)
        yield office_secrets.config_map(place, place.name, files)
        yield from office_database.items(place, run)
        yield _running(place, run, product)
    else:
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
    product = office.product(place.target)
    if place.run and product and not product.pods.beside:
        return 1
    if place.of.takes_cases(place.instance):
        least = link_profile.section("intake")["leastReplicas"]
    return max(least, math.ceil(place.instance.size.replicas * place.target.scale))


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
        **_of_product(place),
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
        # The realm may know the staff of other agencies, too.
        "OIDC_GROUP_PREFIX": f"{of.id}:",
        **_proof(place),
    }


def _proof(place: cluster_place.Place) -> dict[str, str]:
    """How the system proves to the identity provider that it is itself."""
    of, instance = place.of, place.instance
    if sso.way(instance, place.target).proves_by_key:
        path = f"{of.kv_mount}/{vault.key_pair_path(of, instance)}"
        return {"OIDC_CLIENT_AUTH": "private_key_jwt", "OIDC_CLIENT_KEY_PATH": path}
    path = f"{of.kv_mount}/{sso.client_secret_path(of, instance)}"
    return {"OIDC_CLIENT_AUTH": "client_secret_post", "OIDC_CLIENT_SECRET_PATH": path}


def _of_product(place: cluster_place.Place) -> dict[str, str]:
    product = office.product(place.target)
    return office_pod.environment_of(place, product) if place.run and product else {}


def _endpoints(place: cluster_place.Place) -> item.Item:
    name = cluster_pod.endpoints_name(place)
    return place.item("ConfigMap", name, "v1", {"data": endpoints(place)})


def _volume(place: cluster_place.Place) -> item.Item:
    # Documents are shared by all pods, on whatever node they run. Also where there is one: it may
    # become several, and the mode of a claim cannot be changed.
    spec = cluster_storage.claim(place, "ReadWriteMany", cluster_place.SHARE)
    name = cluster_pod.volume_name(place)
    return place.item("PersistentVolumeClaim", name, "v1", {"spec": spec}, holds_data=True)


def _deployment(place: cluster_place.Place) -> item.Item:
    template = cluster_pod.template(place, replicas(place), endpoints(place))
    return _of_pods(place, template, 300, _ONE_AFTER_ANOTHER)


def _running(
    place: cluster_place.Place, run: environment.Run, product: contract.Product
) -> item.Item:
    template = office_pod.template(place, run, product, endpoints(place))
    needs = product.pods
    # The database's first start and its contents come before the product's own; and a pod that ends
    # may have a request still.
    seconds = 300 + 2 * int(product.health.first_start_seconds) + needs.longest_seconds
    # A new pod changes the database's contents first, which no old one may still write.
    return _of_pods(place, template, seconds, _ONE_AFTER_ANOTHER if needs.beside else _ALONE)


# One pod goes before its successor comes: the quota has no room for both.
_ONE_AFTER_ANOTHER = {
    "type": "RollingUpdate",
    "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1},
}
# A rolling update does not wait for a pod that is still ending; this does.
_ALONE = {"type": "Recreate"}


def _of_pods(
    place: cluster_place.Place, template: dict[str, Any], seconds: int, strategy: dict[str, Any]
) -> item.Item:
    return place.item(
        "Deployment",
        place.name,
        "apps/v1",
        {
            "spec": {
                "replicas": replicas(place),
                "revisionHistoryLimit": 3,
                "progressDeadlineSeconds": seconds,
                "strategy": strategy,
                "selector": {"matchLabels": place.pods()},
                "template": template,
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
