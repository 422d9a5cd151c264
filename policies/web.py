"""NET: what of an agency the public reaches, and which hosts outside its systems reach."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from onboarding import catalogue, counted, item, policy, tenant
from onboarding.desired import cluster_network, egress, link_cluster
from onboarding.desired.cluster_place import NAMESPACE_NAME
from onboarding.policies import judge
from onboarding.policy import Severity, Stage

CLUSTER = item.EngineName.CLUSTER
_BOTH = frozenset({Stage.PLAN, Stage.LIVE})


def _hosts(of: item.Item) -> set[str]:
    """Hosts that a network policy opens at the egress gateway, by its annotation."""
    notes = (of.fields.get("metadata") or {}).get("annotations") or {}
    return set(filter(None, str(notes.get(egress.HOSTS) or "").split(",")))


def outside_hosts(view: policy.View) -> Iterator[policy.Result]:
    """The gateway is told of exactly the hosts that the manifest agrees on, by all policies.

    The way to the gateway opens its one port and nothing else.
    """
    found = view.items(CLUSTER, "NetworkPolicy")
    gateway = {NAMESPACE_NAME: view.environment.cluster.gateway_namespace}
    to = [{"namespaceSelector": {"matchLabels": gateway}}]
    to_gateway = [{"to": to, "ports": link_cluster.port(cluster_network.GATEWAY_PORT)}]
    for instance in view.tenant.instances:
        agreed = set(egress.hosts(view.tenant, instance))
        opened = {h for p in found if p.ref.scope == instance.namespace for h in _hosts(p)}
        wrong = [f"{host} is open, and not agreed" for host in sorted(opened - agreed)]
        wrong += [f"{host} is agreed, and not open" for host in sorted(agreed - opened)]
        wrong += [
            f"{p.ref.name} opens {judge.show(rules)}, not the gateway's one port"
            for p in found
            if (p.ref.scope, p.ref.name) == (instance.namespace, egress.POLICY)
            and (rules := (p.fields.get("spec") or {}).get("egress")) != to_gateway
        ]
        good = ", ".join(sorted(agreed)) or "no host outside"
        yield judge.problems(f"Namespace {instance.namespace}", wrong, good)


def _public(of: tenant.Tenant) -> list[tenant.Instance]:
    return [i for i in of.instances if i.ingress is catalogue.Ingress.PUBLIC]


def has_public_site(of: tenant.Tenant) -> str:
    return "" if _public(of) else "no system is open to the public"


def _firewall_flaws(view: policy.View, found: list[item.Item]) -> Iterator[str]:
    gateway = view.environment.cluster.public_sites
    if gateway is None:
        yield "the environment has no gateway for public sites (cluster.publicSites)"
        return
    for have in found:
        klass = (have.fields.get("spec") or {}).get("ingressClassName")
        if klass != gateway.ingress_class:
            yield f"{have.ref.name} is of the class {judge.show(klass)}"
        notes = (have.fields.get("metadata") or {}).get("annotations") or {}
        for key, value in gateway.annotations.items():
            if notes.get(key) != value:
                yield f"{have.ref.name}: {key}={judge.show(notes.get(key))}, not {value}"


def _ingresses(view: policy.View, instance: tenant.Instance) -> list[item.Item]:
    return [i for i in view.items(CLUSTER, "Ingress") if i.ref.scope == instance.namespace]


def firewall(view: policy.View) -> Iterator[policy.Result]:
    """Every way into a public site goes through the gateway with the firewall, switched on."""
    for instance in _public(view.tenant):
        found = _ingresses(view, instance)
        subject = f"Ingress of {instance.namespace}"
        if not found and not view.environment.images.of(instance.kind):
            yield judge.not_applicable(subject, "nothing answers yet: no image of the system")
        elif not found:
            yield judge.fails(subject, None, "present")
        else:
            wrong = list(_firewall_flaws(view, found))
            yield judge.problems(subject, wrong, "behind the web application firewall")


def tls_quality(view: policy.View) -> Iterator[policy.Result]:
    """The certificate as it is served; protocol and HSTS as the gateway's operator states them."""
    found = {i.ref.scope: i for i in view.items(item.EngineName.INGRESS_TLS, "TlsSecret")}
    for instance in _public(view.tenant):
        subject = f"certificate of {instance.host}"
        have = found.get(instance.namespace)
        if have is None:
            yield judge.fails(subject, None, "present")
        else:
            wrong = list(_certificate_flaws(view, instance, have.fields))
            yield judge.problems(subject, wrong, f"until {have.fields.get('notAfter')}")
    yield replace(_gateway_tls(view), basis="configuration")


def _certificate_flaws(
    view: policy.View, instance: tenant.Instance, fields: Mapping[str, Any]
) -> Iterator[str]:
    if instance.host not in (fields.get("dnsNames") or ()):
        yield f"names {judge.show(fields.get('dnsNames'))}"
    end = datetime.fromisoformat(str(fields["notAfter"]))
    left = end - datetime.fromtimestamp(view.now_epoch, UTC)
    least = view.thresholds["net.certificateLeastDays"]
    if left.days < least:
        yield f"ends in {counted.of(left.days, 'day')}, at least {least}"


def _gateway_tls(view: policy.View) -> policy.Result:
    gateway, subject = view.environment.cluster.public_sites, "gateway for public sites"
    if gateway is None:
        return judge.fails(subject, None, "cluster.publicSites in the environment file")
    wrong = []
    if gateway.least_tls < view.thresholds["net.leastTls"]:
        wrong.append(f"TLS {gateway.least_tls}")
    if gateway.hsts_seconds < view.thresholds["net.leastHstsSeconds"]:
        wrong.append(f"HSTS {gateway.hsts_seconds} s")
    good = (
        f"TLS {gateway.least_tls} or above, HSTS {gateway.hsts_seconds} s, as its operator states"
    )
    return judge.problems(subject, wrong, good)


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="NET-007",
        title_en="Public sites have good TLS",
        title_th="เว็บไซต์สาธารณะใช้ TLS ที่มีคุณภาพ",
        severity=Severity.HIGH,
        stages=frozenset({Stage.LIVE}),
        check=tls_quality,
        applies=has_public_site,
        remedy_en="Run apply to renew the certificate; have the gateway reconfigured.",
        remedy_th="ดำเนินการ apply เพื่อต่ออายุใบรับรอง และปรับตั้งค่าเกตเวย์",
        sources=("NCSC-WEB-2",),
    ),
    policy.Control(
        id="NET-009",
        title_en="A firewall stands before public sites",
        title_th="มีไฟร์วอลล์เว็บหน้าเว็บไซต์สาธารณะ",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=firewall,
        applies=has_public_site,
        remedy_en="Name cluster.publicSites in the environment file and run apply.",
        remedy_th="ระบุ cluster.publicSites ในแฟ้มสภาพแวดล้อม แล้วดำเนินการ apply",
        sources=("NCSC-WEB-2",),
    ),
    policy.Control(
        id="NET-012",
        title_en="Hosts outside are those agreed on",
        title_th="เข้าถึงปลายทางภายนอกได้เฉพาะที่ตกลงไว้",
        severity=Severity.HIGH,
        stages=_BOTH,
        check=outside_hosts,
        remedy_en="Run apply to restore the list of the egress gateway.",
        remedy_th="ดำเนินการ apply เพื่อคืนค่ารายการปลายทางของเกตเวย์ขาออก",
    ),
)
