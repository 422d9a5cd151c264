"""NET: network policies and ingress of a tenant's namespaces."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onboarding import item, labels, policy
from onboarding.policies import judge
from onboarding.policy import Severity, Stage

CLUSTER = item.EngineName.CLUSTER
NAMESPACE_NAME = "kubernetes.io/metadata.name"
METADATA_SERVICE = ipaddress.ip_address("169.254.169.254")
DNS_PORT = 53
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})


def _spec(of: item.Item) -> Mapping[str, Any]:
    return of.fields.get("spec") or {}


def is_default_deny(policy_item: item.Item) -> bool:
    """Selects every pod, names both directions and allows nothing."""
    spec = _spec(policy_item)
    return (
        not spec.get("podSelector")
        and set(spec.get("policyTypes") or ()) == {"Ingress", "Egress"}
        and not spec.get("ingress")
        and not spec.get("egress")
    )


def default_deny(view: policy.View) -> Iterator[policy.Result]:
    found = view.items(CLUSTER, "NetworkPolicy")
    for instance in view.tenant.instances:
        names = [i.ref.name for i in found if i.ref.scope == instance.namespace]
        denying = [
            i.ref.name for i in found if i.ref.scope == instance.namespace and is_default_deny(i)
        ]
        yield judge.that(
            bool(denying),
            f"Namespace {instance.namespace}",
            f"default deny: {', '.join(denying)}" if denying else f"policies: {names}",
            "a NetworkPolicy for all pods, both directions, without rules",
        )


def allows_port(rule: Mapping[str, Any], number: int) -> bool:
    """Whether an ingress or egress rule lets a port through; without ports it lets all."""
    ports = rule.get("ports")
    if not ports:
        return True
    for port in ports:
        first = port.get("port")
        if first is None:
            return True
        if isinstance(first, int) and first <= number <= int(port.get("endPort") or first):
            return True
    return False


def _is_dns_peer(peer: Mapping[str, Any], view: policy.View) -> bool:
    space = (peer.get("namespaceSelector") or {}).get("matchLabels") or {}
    pods = (peer.get("podSelector") or {}).get("matchLabels") or {}
    return (
        space.get(NAMESPACE_NAME) == view.environment.cluster.dns_namespace
        and pods.get("k8s-app") in view.thresholds["net.dnsApps"]
        and "ipBlock" not in peer
    )


def dns_only_to_cluster_dns(view: policy.View) -> Iterator[policy.Result]:
    """Port 53 is open to the cluster's DNS pods, and to nothing else."""
    found = view.items(CLUSTER, "NetworkPolicy")
    for instance in view.tenant.instances:
        subject = f"Namespace {instance.namespace}"
        good = False
        wrong: list[str] = []
        for have in (i for i in found if i.ref.scope == instance.namespace):
            for rule in _spec(have).get("egress") or ():
                if not allows_port(rule, DNS_PORT):
                    continue
                peers = rule.get("to") or ()
                if peers and all(_is_dns_peer(p, view) for p in peers):
                    good = True
                else:
                    wrong.append(f"{have.ref.name} opens port 53 to {judge.show(list(peers))}")
        if not good:
            wrong.append("no rule for the cluster's DNS pods")
        yield judge.problems(subject, wrong, "port 53 to the cluster's DNS pods only")


def _open_peers(rule: Mapping[str, Any], side: str, view: policy.View) -> Iterator[str]:
    peers: Sequence[Mapping[str, Any]] = rule.get(side) or ()
    if not peers:
        yield f"a rule with empty {side!r}"
    for peer in peers:
        block = peer.get("ipBlock")
        if block:
            network = ipaddress.ip_network(block.get("cidr", "0.0.0.0/0"), strict=False)
            shortest = view.thresholds[f"net.shortestPrefixV{network.version}"]
            if network.prefixlen < shortest:
                yield f"{side} {network} (shorter than /{shortest})"
        elif not peer:
            yield f"an empty peer in {side!r}"
        elif "namespaceSelector" in peer and not _pinned(peer["namespaceSelector"]):
            yield f"{side} namespaces chosen by {judge.show(peer['namespaceSelector'])}"


def _pinned(selector: Mapping[str, Any]) -> bool:
    """Whether a selector names one namespace or one agency; any other matches many."""
    labels_wanted = selector.get("matchLabels") or {}
    return NAMESPACE_NAME in labels_wanted or labels.AGENCY in labels_wanted


def no_open_rule(view: policy.View) -> Iterator[policy.Result]:
    planned = {i.ref for i in view.desired}

    def one(have: item.Item) -> policy.Result:
        spec = _spec(have)
        wrong = [
            what
            for rules, side in (("ingress", "from"), ("egress", "to"))
            for rule in spec.get(rules) or ()
            for what in _open_peers(rule, side, view)
        ]
        if view.stage is Stage.LIVE and have.ref not in planned:
            wrong.append("in no plan; policies add up, so it opens what the others close")
        return judge.problems(str(have.ref), wrong, "every rule names its peers")

    yield from judge.each(view, CLUSTER, "NetworkPolicy", one)


def _foreign_peer(peer: Mapping[str, Any], view: policy.View) -> str:
    own = {i.namespace for i in view.tenant.instances}
    wanted = (peer.get("namespaceSelector") or {}).get("matchLabels") or {}
    agency = wanted.get(labels.AGENCY, view.tenant.id)
    space = wanted.get(NAMESPACE_NAME, "")
    if agency != view.tenant.id:
        return f"agency {agency}"
    if space.startswith("ga-") and space not in own:
        return f"namespace {space}"
    return ""


def cross_tenant_only_by_link(view: policy.View) -> Iterator[policy.Result]:
    """A peer in another agency's namespace needs a link that both agencies declared alike."""
    linked = {link.declaration.peer for link in view.tenant.agreed_links}

    def one(have: item.Item) -> policy.Result:
        spec = _spec(have)
        foreign = {
            who
            for rules, side in (("ingress", "from"), ("egress", "to"))
            for rule in spec.get(rules) or ()
            for peer in rule.get(side) or ()
            if (who := _foreign_peer(peer, view))
        }
        wrong = [w for w in sorted(foreign) if w.removeprefix("agency ") not in linked]
        return judge.problems(str(have.ref), wrong, "no peer of another agency without a link")

    yield from judge.each(view, CLUSTER, "NetworkPolicy", one)


def _host_allowed(host: str, domains: Sequence[str]) -> bool:
    return any(host == domain or host.endswith("." + domain) for domain in domains)


def _ingress_problems(have: item.Item, view: policy.View) -> Iterator[str]:
    spec = _spec(have)
    covered = {host for entry in spec.get("tls") or () for host in entry.get("hosts") or ()}
    hosts = [rule.get("host") or "" for rule in spec.get("rules") or ()]
    if not hosts:
        yield "no rule with a host"
    if spec.get("defaultBackend"):
        yield "a default backend, which answers for every host"
    for host in hosts:
        if not host or "*" in host:
            yield f"host {host!r}"
        elif not _host_allowed(host, view.tenant.domains):
            yield f"host {host} outside {', '.join(view.tenant.domains)}"
        elif host not in covered:
            yield f"host {host} without TLS"
    if any(not entry.get("secretName") for entry in spec.get("tls") or ()):
        yield "a TLS entry without a Secret"
    for key in (have.fields.get("metadata") or {}).get("annotations") or {}:
        if key.endswith("-snippet"):
            yield f"annotation {key}"


def ingress_host(view: policy.View) -> Iterator[policy.Result]:
    yield from judge.each(
        view,
        CLUSTER,
        "Ingress",
        lambda have: judge.problems(
            str(have.ref),
            list(_ingress_problems(have, view)),
            f"TLS, hosts in {', '.join(view.tenant.domains)}, no snippets",
        ),
    )


def _reaches_metadata(peer: Mapping[str, Any]) -> bool:
    block = peer.get("ipBlock")
    if not block:
        return False
    if METADATA_SERVICE not in ipaddress.ip_network(block["cidr"], strict=False):
        return False
    return not any(
        METADATA_SERVICE in ipaddress.ip_network(x, strict=False) for x in block.get("except") or ()
    )


def metadata_service_blocked(view: policy.View) -> Iterator[policy.Result]:
    def one(have: item.Item) -> policy.Result:
        wrong = [
            f"egress to {peer['ipBlock']['cidr']}"
            for rule in _spec(have).get("egress") or ()
            for peer in rule.get("to") or ()
            if _reaches_metadata(peer)
        ]
        return judge.problems(str(have.ref), wrong, f"no egress to {METADATA_SERVICE}")

    yield from judge.each(view, CLUSTER, "NetworkPolicy", one)


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="NET-001",
        title_en="Traffic is denied by default",
        title_th="ปฏิเสธการรับส่งข้อมูลเครือข่ายทั้งหมดเป็นค่าเริ่มต้น",
        severity=Severity.CRITICAL,
        stages=_BOTH,
        check=default_deny,
        remedy_en="Apply the manifest again to restore the default-deny NetworkPolicy.",
        remedy_th="ดำเนินการ apply อีกครั้งเพื่อคืนค่านโยบายเครือข่ายแบบปฏิเสธเป็นค่าเริ่มต้น",
        sources=("CIS Kubernetes 5.3.2",),
    ),
    policy.Control(
        id="NET-002",
        title_en="DNS goes to the cluster's DNS only",
        title_th="การสอบถาม DNS ไปยังบริการ DNS ของคลัสเตอร์เท่านั้น",
        severity=Severity.MEDIUM,
        stages=_BOTH,
        check=dns_only_to_cluster_dns,
        remedy_en="Narrow egress on port 53 to the DNS pods.",
        remedy_th="จำกัดการส่งออกพอร์ต 53 ให้ไปยังพอด DNS ของคลัสเตอร์เท่านั้น",
    ),
    policy.Control(
        id="NET-003",
        title_en="No rule is open to everybody",
        title_th="ไม่มีกฎเครือข่ายที่เปิดให้ทุกปลายทาง",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=no_open_rule,
        remedy_en="Name the peers of every rule; go out through the egress gateway.",
        remedy_th="ระบุคู่สื่อสารในทุกกฎ และออกสู่ภายนอกผ่านเกตเวย์ขาออก",
    ),
    policy.Control(
        id="NET-005",
        title_en="Other agencies only by a declared link",
        title_th="เชื่อมต่อกับหน่วยงานอื่นได้เฉพาะการเชื่อมโยงที่ประกาศไว้",
        severity=Severity.CRITICAL,
        stages=_BOTH,
        check=cross_tenant_only_by_link,
        remedy_en="Remove the rule, or declare the link in both manifests.",
        remedy_th="ลบกฎดังกล่าว หรือประกาศการเชื่อมโยงในแบบแจ้งของทั้งสองหน่วยงาน",
    ),
    policy.Control(
        id="NET-006",
        title_en="Ingress with TLS and a host of the agency",
        title_th="ทางเข้าระบบใช้ TLS และชื่อโฮสต์อยู่ในโดเมนของหน่วยงาน",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=ingress_host,
        remedy_en="Give the Ingress TLS and a host inside agency.domains; remove snippets.",
        remedy_th="กำหนด TLS และชื่อโฮสต์ในโดเมนของหน่วยงาน และนำ snippet ออก",
        sources=("NCSC-WEB-2",),
    ),
    policy.Control(
        id="NET-008",
        title_en="The cloud's metadata service is out of reach",
        title_th="ไม่สามารถเข้าถึงบริการเมทาดาทาของคลาวด์",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=metadata_service_blocked,
        remedy_en="Except 169.254.169.254 from the egress rule.",
        remedy_th="ยกเว้นที่อยู่ 169.254.169.254 ออกจากกฎขาออก",
    ),
)
