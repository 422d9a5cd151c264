"""What systems beside the e-Office ask of the engines: devices, nodes of their own, ways in."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from onboarding import environment, errors, item, labels, tenant
from onboarding.desired import cluster, handover, ingress_tls, reference, sso, vault
from onboarding.manifest import duties
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


def test_mail_comes_with_the_records_to_publish(at: environment.Environment) -> None:
    asked = {"kind": "mail", "centralAddress": "saraban@culture.go.th", "dkim": True, "spf": True}
    of = tenant.resolve(samples.build(services=[asked]), at)
    names = [(r.id, r.name) for r in reference.mail_records(of)]
    assert names == [
        ("spf", "culture.go.th"),
        ("dkim", "gdcc1._domainkey.culture.go.th"),
        ("dkim", "gdcc2._domainkey.culture.go.th"),
        ("dmarc", "_dmarc.culture.go.th"),
    ]
    kit = yaml.safe_load(handover.files(of, at)["mail-records.yaml"])
    assert kit[0]["value"].startswith("v=spf1 ")
    assert all("{" not in record["value"] for record in kit)
    half = tenant.resolve(samples.build(services=[{**asked, "dkim": False}]), at)
    assert [r.id for r in reference.mail_records(half)] == ["spf"]
    none = tenant.resolve(samples.build(), at)
    assert "mail-records.yaml" not in handover.files(none, at)


def test_notices_of_a_breach_are_in_the_kit_in_both_languages(
    at: environment.Environment,
) -> None:
    kit = handover.files(tenant.resolve(samples.example("moph"), at), at)
    english, thai = kit["breach-notice.en.md"], kit["breach-notice.th.md"]
    for heading in ("1. Nature", "2. Whom", "3. Likely impact", "4. Measures"):
        assert f"## {heading}" in english
    assert all(f"## {number}." in thai for number in "๑๒๓๔")
    assert "**72 hours**" in english
    assert "**24 ชั่วโมง**" in thai
    assert "dpo@moph.go.th" in english
    assert "to be confirmed with the authority before use" in english


def test_every_authority_of_a_manifest_has_its_data() -> None:
    assert {a.id for a in reference.authorities()} == set(get_args(duties.Authority))
    assert reference.hours("ncsa") == 24
    with pytest.raises(ValueError, match="no limit is known"):
        reference.hours("depa")


def test_the_public_has_a_group_and_short_sessions_and_nothing_else(
    at: environment.Environment,
) -> None:
    places = {"kind": "public-access", "nameTh": "ศูนย์ดิจิทัลชุมชน", "accessPoints": 2, "users": 9}
    of = tenant.resolve(
        samples.build(populations=[{**places, "sessionMinutes": m} for m in (15, 5)]), at
    )
    items = sso.desired(of, at)
    client = named(items, "Client")["ga-culture-public"].fields
    assert client["attributes"]["client.session.max.lifespan"] == "300"
    assert client["attributes"]["use.refresh.tokens"] == "false"
    assert client["redirectUris"] == ["https://public.culture.go.th/oidc/callback"]
    assert named(items, "Group")["culture:public"].fields["parent"] == "culture"
    subjects = [
        subject["name"]
        for binding in cluster.desired(of, at)
        if binding.ref.kind == "RoleBinding"
        for subject in binding.fields["subjects"]
    ]
    assert "gdcc:culture:public" not in subjects
    assert "ga-culture-public" not in named(
        sso.desired(tenant.resolve(samples.build(), at), at), "Client"
    )


def test_the_kit_says_how_a_device_asks_for_its_certificate(at: environment.Environment) -> None:
    kit = handover.files(resolved(terminal(), at), at)
    for text in (kit["README.en.md"], kit["README.th.md"]):
        assert "-subj /CN=station-01.bus.culture.go.th -out station-01.csr" in text
    assert "The 81 devices `station-01` to `station-81`" in kit["README.en.md"]
    office = handover.files(tenant.resolve(samples.build(), at), at)
    assert "devices" not in office["README.en.md"]
