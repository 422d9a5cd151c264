"""Breaking links between agencies: the route, the way to the gateway, scopes and claims."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from onboarding import labels, tenant_link
from onboarding.desired import link_cluster
from tests.integration.breaking import Break, Json, World


def _link(world: World) -> tenant_link.Link:
    return world.of.agreed_links[0]


def route(**change: str) -> Break:
    """The gateway's settings of the first link, keys with ``_`` for ``-``."""
    data = {key.replace("_", "-"): value for key, value in change.items()}

    @contextmanager
    def broken(world: World) -> Iterator[None]:
        name = link_cluster.name(_link(world))
        with world.patched("configmap", name, world.namespace, {"data": data}):
            yield

    return broken


@contextmanager
def past_the_gateway(world: World) -> Iterator[None]:
    """The link's own policy opened straight to the other agency's pods."""
    peer = {"namespaceSelector": {"matchLabels": {labels.AGENCY: "another"}}}
    rule = {"to": [peer], "ports": [{"protocol": "TCP", "port": 443}]}
    name = f"{link_cluster.name(_link(world))}-out"
    with world.patched("networkpolicy", name, world.namespace, {"spec": {"egress": [rule]}}):
        yield


@contextmanager
def another_scope(world: World) -> Iterator[None]:
    """The client of the link may ask for a scope that nobody agreed on."""
    client = _client(world)
    [profile] = [s for s in world.sso.get(world.realm, "/client-scopes") if s["name"] == "profile"]
    place = f"/clients/{client['id']}/optional-client-scopes/{profile['id']}"
    world.sso.put(world.realm, place, {})
    try:
        yield
    finally:
        world.sso.delete(world.realm, place)


@contextmanager
def citizen_id(world: World) -> Iterator[None]:
    """The portal's client tells the citizen id of who signed in."""
    client = _client(world)
    mapper = {
        "name": "pid",
        "protocol": "openid-connect",
        "protocolMapper": "oidc-usermodel-attribute-mapper",
        "config": {"user.attribute": "pid", "claim.name": "pid", "access.token.claim": "true"},
    }
    place = f"/clients/{client['id']}/protocol-mappers/models"
    made = world.sso.post(world.realm, place, mapper)
    try:
        yield
    finally:
        world.sso.delete(world.realm, f"{place}/{made}")


def _client(world: World) -> Json:
    found: list[Json] = world.sso.get(world.realm, "/clients", clientId=_link(world).client)
    return found[0]


@contextmanager
def one_pod(world: World) -> Iterator[None]:
    name = world.of.instances[0].system
    with world.patched("deployment", name, world.namespace, {"spec": {"replicas": 1}}):
        yield


BREAKS: dict[str, Break] = {
    "XCH-004": another_scope,
    "XCH-005": past_the_gateway,
    "XCH-006": route(log_keep_days="7"),
    "XCH-007": route(expires="2030-01-01"),
    "XCH-008": route(consent_mode="none"),
    "XCH-009": route(mask=""),
    "XCH-010": route(answer_hours="72"),
    "XCH-011": one_pod,
    "XCH-012": citizen_id,
}
