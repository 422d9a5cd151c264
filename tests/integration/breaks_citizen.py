"""Breaking what systems for patients and the public have: storage, access log, firewall, TLS."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from onboarding.desired import realm_broker
from tests.integration.breaking import Break, Json, World
from tests.integration.breaks_cluster import stray

_KEY = "settings.yaml"


@contextmanager
def unencrypted_claim(world: World) -> Iterator[None]:
    spec = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": "gdcc-plain",
        "resources": {"requests": {"storage": "1Gi"}},
    }
    with world.stray(stray(world, "PersistentVolumeClaim", "v1", spec=spec)):
        yield


@contextmanager
def short_access_log(world: World) -> Iterator[None]:
    [instance] = world.of.instances
    name = f"{instance.workload}-settings"
    body = yaml.safe_load(world.get("configmap", name, world.namespace)["data"][_KEY])
    body["accessLog"]["retentionDays"] = 30
    text = yaml.safe_dump(body, allow_unicode=True, sort_keys=False)
    with world.patched("configmap", name, world.namespace, {"data": {_KEY: text}}):
        yield


@contextmanager
def firewall_off(world: World) -> Iterator[None]:
    switch = "nginx.ingress.kubernetes.io/enable-modsecurity"
    patch = {"metadata": {"annotations": {switch: "false"}}}
    name = world.of.instances[0].workload
    with world.patched("ingress", name, world.namespace, patch):
        yield


@contextmanager
def another_certificate(world: World) -> Iterator[None]:
    """The certificate of the site is replaced by one that names no host: the authority's own."""
    name = f"{world.of.instances[0].workload}-tls-certificate"
    chain = world.get("configmap", name, world.namespace)["data"]["tls.crt"]
    authority = "-----BEGIN" + chain.split("-----BEGIN")[2]
    with world.patched("configmap", name, world.namespace, {"data": {"tls.crt": authority}}):
        yield


def broker(*, config: Json | None = None, **fields: Any) -> Break:
    """The first broker of the agency with some settings changed, and put back as it was."""

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        alias = realm_broker.brokers(world.of)[0].alias
        place = f"/identity-provider/instances/{alias}"
        before = world.sso.get(world.realm, place)
        changed = {**before, **fields, "config": {**before["config"], **(config or {})}}
        world.sso.put(world.realm, place, changed)
        try:
            yield
        finally:
            world.sso.put(world.realm, place, before)

    return broken


BREAKS: dict[str, Break] = {
    "TEN-017": unencrypted_claim,
    "PDP-007": short_access_log,
    "NET-007": another_certificate,
    "NET-009": firewall_off,
    "IDP-006": broker(storeToken=True),
    "IDP-007": broker(config={"defaultScope": "openid pid address"}),
}
