"""A path that opens later is a hazard; what merely moves, narrows or is mended is none."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import item, safety
from onboarding.safety import network
from tests.unit.safety import plans
from tests.unit.safety.plans import thing

NS = "ga-moph-prod"
NAMESPACE = thing("Namespace", NS, scope="")
GATEWAY = {"namespaceSelector": {"matchLabels": {"name": "gateway"}}}
WEB = {"protocol": "TCP", "port": 8000}
DENY = thing(
    "NetworkPolicy",
    "default-deny",
    {"spec": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}},
)


def way_in(*peers: dict[str, Any], ports: tuple[dict[str, Any], ...] = (WEB,)) -> item.Item:
    rule: dict[str, Any] = {"from": list(peers)} if peers else {}
    if ports:
        rule["ports"] = list(ports)
    spec = {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]}
    return thing("NetworkPolicy", "allow", {"spec": {**spec, "ingress": [rule]}})


def block(cidr: str, *spared: str) -> dict[str, Any]:
    return {"ipBlock": {"cidr": cidr, **({"except": list(spared)} if spared else {})}}


def pods(**labels: str) -> dict[str, Any]:
    return {"podSelector": {"matchLabels": labels}}


def lines(after: item.Item, before: item.Item) -> list[str]:
    old, new = (network.ways([DENY.fields["spec"], i.fields["spec"]]) for i in (before, after))
    return [str(way) for way in network.opened(old, new)]


def test_a_new_peer_is_an_opening_with_its_own_flag() -> None:
    after = way_in(GATEWAY, block("10.0.0.0/8"))
    found = plans.judge([NAMESPACE, DENY, after], [NAMESPACE, DENY, way_in(GATEWAY)])
    assert set(found) == {"network-opening"}
    hazard = found["network-opening"]
    assert (hazard.flag, hazard.approver) == ("--allow-opening", "")
    assert hazard.message == "the plan opens 1 network path(s) or link(s)"
    assert hazard.details == (f"{NS}: ingress of pods app=web from 10.0.0.0/8 on TCP 8000",)
    safety.refuse([hazard], frozenset({"--allow-opening"}))


@pytest.mark.parametrize(("before", "after", "told"), [
    (way_in(GATEWAY), way_in(GATEWAY, ports=(WEB, {"port": 9000})), "TCP 9000"),
    (way_in(GATEWAY), way_in(GATEWAY, ports=()), "on any port"),
    (way_in(GATEWAY), way_in(GATEWAY, ports=({"protocol": "UDP", "port": 8000},)), "UDP 8000"),
    (way_in(GATEWAY), way_in(), "from anywhere"),
    (way_in(GATEWAY), way_in({"namespaceSelector": {}}), "all pods of all namespaces"),
    (way_in(pods(app="a")), way_in({"podSelector": {}}), "all pods of its namespace"),
    (way_in({"podSelector": {}}), way_in(GATEWAY), "namespaces name=gateway"),
    (way_in(block("10.0.0.0/16")), way_in(block("10.0.0.0/8")), "10.0.0.0/8"),
    (way_in(block("10.0.0.0/8", "10.9.0.0/16")), way_in(block("10.0.0.0/8")), "10.0.0.0/8"),
    (way_in(block("10.0.0.0/8")), way_in(block("fd00::/8")), "fd00::/8"),
    (way_in(GATEWAY), way_in(block("10.0.0.0/8")), "10.0.0.0/8"),
    (
        way_in(GATEWAY, ports=({"port": 80, "endPort": 90},)),
        way_in(GATEWAY, ports=({"port": 80, "endPort": 91},)),
        "TCP 80-91",
    ),
])  # fmt: skip
def test_more_than_before_is_an_opening(before: item.Item, after: item.Item, told: str) -> None:
    (line,) = lines(after, before)
    assert told in line


@pytest.mark.parametrize(("before", "after"), [
    (way_in(GATEWAY, block("10.0.0.0/8")), way_in(block("10.0.0.0/8"), GATEWAY)),
    (way_in(GATEWAY, block("10.0.0.0/8")), way_in(GATEWAY)),
    (way_in(), way_in(GATEWAY)),
    (way_in(GATEWAY, ports=()), way_in(GATEWAY)),
    (way_in({"namespaceSelector": {}}), way_in(GATEWAY)),
    (way_in(block("10.0.0.0/8")), way_in(block("10.1.0.0/16"))),
    (way_in(block("10.0.0.0/8", "10.9.0.0/16")), way_in(block("10.1.0.0/16"))),
    (way_in(block("10.0.0.0/8", "10.9.0.0/16")), way_in(block("10.0.0.0/8", "10.8.0.0/15"))),
    (way_in(pods(app="a")), way_in(pods(app="a", tier="b"))),
    (
        way_in(GATEWAY, ports=({"port": 80, "endPort": 90},)),
        way_in(GATEWAY, ports=({"port": 85},)),
    ),
])  # fmt: skip
def test_the_same_said_otherwise_or_less_is_none(before: item.Item, after: item.Item) -> None:
    assert lines(after, before) == []


def test_the_end_of_the_default_deny_opens_everything() -> None:
    found = plans.judge([NAMESPACE, way_in(GATEWAY)], [NAMESPACE, DENY, way_in(GATEWAY)])
    assert found["network-opening"].details == (
        f"{NS}: ingress from anywhere on any port",
        f"{NS}: egress to anywhere on any port",
    )


def test_where_the_namespace_goes_too_nothing_opens() -> None:
    assert "network-opening" not in plans.judge([], [NAMESPACE, DENY, way_in(GATEWAY)])


def test_what_one_policy_gives_and_another_took_is_no_opening() -> None:
    moved = item.Item(item.Ref(DENY.ref.engine, "NetworkPolicy", NS, "new"), way_in(GATEWAY).fields)
    found = plans.judge([NAMESPACE, DENY, moved], [NAMESPACE, DENY, way_in(GATEWAY)])
    assert set(found) == {"deletion"}


def test_an_agency_that_begins_is_reviewed_as_a_whole() -> None:
    wanted = [NAMESPACE, DENY, way_in(GATEWAY)]
    assert plans.judge(wanted, [], established=False) == {}


def test_what_a_new_namespace_lets_through_opens_later() -> None:
    old = thing("Namespace", "ga-moph-uat", scope="")
    found = plans.judge([old, NAMESPACE, DENY, way_in(GATEWAY)], [old])
    assert len(found["network-opening"].details) == 1
    assert plans.judge([old, NAMESPACE, DENY], [old]) == {}


def test_mending_what_hands_took_away_opens_nothing() -> None:
    wanted = [NAMESPACE, DENY, way_in(GATEWAY)]
    assert plans.judge(wanted, [NAMESPACE, DENY], applied=wanted) == {}


def test_what_hands_opened_is_no_agreement() -> None:
    wide = way_in(GATEWAY, block("10.0.0.0/8"), block("192.168.0.0/16"))
    after = way_in(GATEWAY, block("10.0.0.0/8"))
    before = [NAMESPACE, DENY, way_in(GATEWAY)]
    found = plans.judge([NAMESPACE, DENY, after], [NAMESPACE, DENY, wide], applied=before)
    assert found["network-opening"].details == (
        f"{NS}: ingress of pods app=web from 10.0.0.0/8 on TCP 8000",
    )


def test_another_host_outside_is_an_opening_and_one_less_is_none() -> None:
    def policy(hosts: str) -> item.Item:
        marks = {"annotations": {"gdcc.go.th/egress-hosts": hosts}}
        return thing("NetworkPolicy", "default-deny", {**DENY.fields, "metadata": marks})

    found = plans.judge([NAMESPACE, policy("a:1,b:2")], [NAMESPACE, policy("a:1")])
    assert found["network-opening"].details == (
        f"NetworkPolicy {NS}/default-deny: egress through the gateway to b:2",
    )
    assert plans.judge([NAMESPACE, policy("a:1")], [NAMESPACE, policy("a:1,b:2")]) == {}


def test_an_entrance_to_another_gateway_or_host_is_an_opening() -> None:
    def entrance(way: str, host: str) -> item.Item:
        return thing(
            "Ingress", "web", {"spec": {"ingressClassName": way, "rules": [{"host": host}]}}
        )

    inside = entrance("inside", "a.go.th")
    for after, told in (
        (entrance("public", "a.go.th"), "entrance a.go.th by the gateway public"),
        (entrance("inside", "b.go.th"), "entrance b.go.th by the gateway inside"),
    ):
        found = plans.judge([NAMESPACE, after], [NAMESPACE, inside])
        assert found["network-opening"].details == (f"Ingress {NS}/web: {told}",)


def test_a_service_that_leaves_the_cluster_is_an_opening() -> None:
    before = thing("Service", "web", {"spec": {"type": "ClusterIP"}})
    after = thing("Service", "web", {"spec": {"type": "LoadBalancer"}})
    assert plans.judge([after], [before])["network-opening"].details == (
        f"Service {NS}/web: reachable as LoadBalancer",
    )
    assert plans.judge([before], [after]) == {}


def test_a_new_link_is_one_opening_whatever_it_consists_of() -> None:
    def part(kind: str, link: str) -> item.Item:
        return thing(kind, f"link-{link}", {"metadata": {"labels": {"gdcc.go.th/link": link}}})

    old = [NAMESPACE, part("ConfigMap", "a")]
    after = [*old, part("ConfigMap", "b"), part("Note", "b"), part("Note", "a")]
    assert plans.judge(after, old)["network-opening"].details == (
        f"new link b (ConfigMap {NS}/link-b)",
    )


def test_where_somebody_guards_the_network_they_have_to_agree() -> None:
    after = way_in(GATEWAY, block("10.0.0.0/8"))
    live = [NAMESPACE, DENY, way_in(GATEWAY)]
    found = plans.judge([NAMESPACE, DENY, after], live, roles=["security"])
    assert found["network-opening"].approver == "security"
