"""What systems beside the e-Office ask of the engines: devices, nodes of their own, ways in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, errors, item, labels, tenant
from onboarding.desired import cluster, ingress_tls, sso, vault
from tests.policies import world
from tests.unit.manifest import samples
from tests.unit.manifest.test_options import police, terminal


@pytest.fixture
def at(tmp_path: Path) -> environment.Environment:
    return world.target(tmp_path)


def resolved(system: dict[str, Any], at: environment.Environment, **more: Any) -> tenant.Tenant:
    changes = {"security__maxDataClass": "secret", **more}
    return tenant.resolve(samples.build(systems=[system], **changes), at)


def named(items: tuple[item.Item, ...], kind: str) -> dict[str, item.Item]:
    return {i.ref.name: i for i in items if i.ref.kind == kind}


def test_one_role_signs_for_the_devices_by_name(at: environment.Environment) -> None:
    of = resolved(terminal(devices={"ids": ["north", "south"]}), at)
    role = named(vault.desired(of, at), "PkiRole")["device"].fields
    assert role["allowed_domains"] == ["north.bus.culture.go.th", "south.bus.culture.go.th"]
    assert role["ext_key_usage_oids"] == ["1.3.6.1.5.5.7.3.2"]
    assert (role["key_type"], role["key_bits"], role["max_ttl"]) == ("ec", 256, 90 * 86400)
    assert not role["allow_subdomains"]
    issuing = named(vault.desired(of, at), "Policy")["ga-culture-issuing"].fields["rules"]
    assert issuing["pki-culture-sign/sign/device"] == ["update"]


def test_an_agency_without_devices_has_no_role_for_them(at: environment.Environment) -> None:
    of = tenant.resolve(samples.build(), at)
    items = vault.desired(of, at)
    assert "device" not in named(items, "PkiRole")
    assert not any("device" in path for i in named(items, "Policy").values()
                   for path in i.fields["rules"])  # fmt: skip


def test_the_way_in_of_devices_asks_for_their_certificate(at: environment.Environment) -> None:
    of = resolved(terminal(rateLimitPerMinute=12), at)
    notes = named(cluster.desired(of, at), "Ingress")["bus"].fields["metadata"]["annotations"]
    assert notes["gdcc.go.th/client-certificate"] == "required"
    assert notes["gdcc.go.th/rate-limit-per-minute"] == "12"
    assert notes["gdcc.go.th/client-ca"] == ingress_tls.certificate_name(of.instances[0])
    settings = named(cluster.desired(of, at), "ConfigMap")["bus-endpoints"].fields["data"]
    assert settings["TELEMETRY_MEASUREMENTS"] == "occupancy,position"
    assert "OIDC_CLIENT_ID" not in settings
    assert named(sso.desired(of, at), "Client") == {}


def test_a_restricted_system_runs_on_its_pool_and_has_no_way_in(
    at: environment.Environment,
) -> None:
    of = resolved(police(), at)
    items = cluster.desired(of, at)
    pod = named(items, "Deployment")["police"].fields["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {labels.POOL: "restricted"}
    assert [t["value"] for t in pod["tolerations"]] == ["restricted"]
    assert named(items, "Ingress") == {}
    assert "allow-from-gateway" not in named(items, "NetworkPolicy")
    assert ingress_tls.desired(of, at) == ()
    space = named(items, "Namespace")["ga-culture-prod-police"].fields["metadata"]["labels"]
    assert space[labels.POOL] == "restricted"
    assert labels.EXEMPTION not in space


def test_the_exemption_is_marked_on_a_restricted_namespace_only(
    at: environment.Environment,
) -> None:
    claimed = {"role": "controller", "exemption": {"paragraph": "s4(2)", "scope": "ความมั่นคง"}}
    of = resolved(police(), at, legal__pdpa=claimed)
    [space] = named(cluster.desired(of, at), "Namespace").values()
    assert space.fields["metadata"]["labels"][labels.EXEMPTION] == "s4-2"
    office = tenant.resolve(samples.build(legal__pdpa=claimed), at)
    [space] = named(cluster.desired(office, at), "Namespace").values()
    assert labels.EXEMPTION not in space.fields["metadata"]["labels"]


def test_the_internal_gateway_has_a_class_of_its_own(at: environment.Environment) -> None:
    of = resolved(police(restricted={"ingress": "internal"}), at)
    [way] = named(cluster.desired(of, at), "Ingress").values()
    assert way.fields["spec"]["ingressClassName"] == "gdcc-internal"


@pytest.mark.parametrize(
    ("change", "why"),
    [({"node_pools": ()}, "no node pool"), ({"internal_ingress_class": ""}, "no internal gateway")],
)
def test_an_environment_that_lacks_what_it_needs_is_refused(
    at: environment.Environment, change: dict[str, Any], why: str
) -> None:
    of = resolved(police(restricted={"ingress": "internal"}), at)
    poorer = at.model_copy(update={"cluster": at.cluster.model_copy(update=change)})
    with pytest.raises(errors.Refused, match=why):
        cluster.desired(of, poorer)


def test_no_other_system_asks_for_dedicated_nodes(at: environment.Environment) -> None:
    of = resolved(terminal(), at)
    [workload] = named(cluster.desired(of, at), "Deployment").values()
    assert "tolerations" not in workload.fields["spec"]["template"]["spec"]
