"""Breaking what only telemetry and restricted systems have: device names, limits, nodes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from onboarding import labels
from onboarding.desired import device_vault, handover, public_access
from onboarding.engines.ansible_playbooks import live
from tests.integration.breaking import Break, World, refused
from tests.integration.breaks_cluster import granted, stray
from tests.integration.breaks_vault import request_for

_POOL_NODE = "lab-restricted-1"


def _role(world: World) -> str:
    return f"{world.of.pki_mount}/roles/{device_vault.ROLE}"


def _stranger(world: World) -> str:
    return f"stranger.{world.of.devices[0].system}.{world.of.domains[0]}"


@contextmanager
def more_devices(world: World) -> Iterator[None]:
    names = world.vault("GET", _role(world))["data"]["allowed_domains"]
    with world.vault_changed(_role(world), {"allowed_domains": [*names, _stranger(world)]}):
        yield


@contextmanager
def strange_device(world: World) -> Iterator[None]:
    """The role refuses a device that is not listed; loosened for a moment it signs for it."""
    name = _stranger(world)
    place = f"{world.of.pki_mount}/sign/{device_vault.ROLE}"
    body = {"csr": request_for(name), "common_name": name, "ttl": "1h"}
    refused(lambda: world.vault("POST", place, body))
    with more_devices(world):
        made = world.vault("POST", place, body)["data"]
    try:
        yield
    finally:
        serial = {"serial_number": made["serial_number"]}
        world.vault("POST", f"{world.of.pki_mount}/revoke", serial)


@contextmanager
def no_limit(world: World) -> Iterator[None]:
    name, key = world.of.instances[0].system, f"{labels.PREFIX}rate-limit-per-minute"
    patch = {"metadata": {"annotations": {key: "100000"}}}
    with world.patched("ingress", name, world.namespace, patch):
        yield


@contextmanager
def takes_anything(world: World) -> Iterator[None]:
    name = f"{world.of.instances[0].system}-endpoints"
    patch = {"data": {"TELEMETRY_UNKNOWN_FIELDS": "keep"}}
    with world.patched("configmap", name, world.namespace, patch):
        yield


@contextmanager
def open_node(world: World) -> Iterator[None]:
    """A dedicated node loses its taint: from now on any agency's pod may be put there."""
    with world.patched("node", _POOL_NODE, "", {"spec": {"taints": None}}):
        yield


@contextmanager
def public_door(world: World) -> Iterator[None]:
    host, name = world.of.instances[0].host, world.of.instances[0].system
    backend = {"service": {"name": name, "port": {"name": "http"}}}
    path = {"path": "/", "pathType": "Prefix", "backend": backend}
    spec = {
        "ingressClassName": world.target.cluster.ingress_class,
        "tls": [{"hosts": [host], "secretName": f"{name}-tls"}],
        "rules": [{"host": host, "http": {"paths": [path]}}],
    }
    with world.stray(stray(world, "Ingress", "networking.k8s.io/v1", spec=spec)):
        yield


@contextmanager
def other_exemption(world: World) -> Iterator[None]:
    patch = {"metadata": {"labels": {labels.EXEMPTION: "s4-5"}}}
    with world.patched("namespace", world.namespace, "", patch):
        yield


# Services and populations


@contextmanager
def no_mail_records(world: World) -> Iterator[None]:
    """The file is lost from the hand-over kit."""
    place = live.kit_folder(world.target, world.of.id) / handover.MAIL_RECORDS
    text = place.read_text(encoding="utf-8")
    place.unlink()
    try:
        yield
    finally:
        place.write_text(text, encoding="utf-8")


@contextmanager
def long_sessions(world: World) -> Iterator[None]:
    name = public_access.client_id(world.of)
    [before] = world.sso.get(world.realm, "/clients", clientId=name)
    lifetimes = {"client.session.max.lifespan": "36000"}
    after = {**before, "attributes": {**before["attributes"], **lifetimes}}
    place = f"/clients/{before['id']}"
    world.sso.put(world.realm, place, after)
    try:
        yield
    finally:
        world.sso.put(world.realm, place, before)


@contextmanager
def public_with_rights(world: World) -> Iterator[None]:
    group = world.of.group_subject(public_access.ROLE)
    subject = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": group}
    with granted("", "pods", "get", subject=subject)(world):
        yield


BREAKS: dict[str, Break] = {
    "PKI-023": more_devices,
    "PKI-024": strange_device,
    "NET-013": no_limit,
    "PDP-010": takes_anything,
    "TEN-019": open_node,
    "NET-014": public_door,
    "PDP-011": other_exemption,
    "OPS-011": no_mail_records,
    "IDP-022": long_sessions,
    "IDP-023": public_with_rights,
}
