"""Names, sizes and roles of a tenant, and what two agencies may not share."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding import catalogue, clashes, errors, manifest, names, tenant
from tests.unit.manifest import samples

SLUG = st.from_regex(r"[a-z](-?[a-z0-9]){0,9}", fullmatch=True)


def resolved(name: str) -> tenant.Tenant:
    return tenant.resolve(samples.example(name), samples.target())


def built(**changes: Any) -> tenant.Tenant:
    return tenant.resolve(samples.build(**changes), samples.target())


def test_moph_has_ten_namespaces_of_which_two_are_sensitive() -> None:
    moph = resolved("moph")
    shards = ("central", "region-a", "region-b", "region-c")
    expected = {f"ga-moph-{shard}-{env}" for shard in shards for env in ("prod", "uat")}
    sensitive = {f"ga-moph-{env}-health-platform" for env in ("prod", "uat")}
    assert {i.namespace for i in moph.instances} == expected | sensitive
    assert len(moph.instances) == 10
    by_class = {i.namespace for i in moph.instances if i.namespace_class == "sensitive"}
    assert by_class == sensitive


def test_moph_sizes_hosts_and_realm() -> None:
    moph = resolved("moph")
    by_namespace = {i.namespace: i for i in moph.instances}
    prod, uat = by_namespace["ga-moph-central-prod"], by_namespace["ga-moph-central-uat"]
    assert (prod.size.klass, prod.users, prod.host) == (
        "XL", 100_000, "e-office-central.moph.go.th",
    )  # fmt: skip
    assert (uat.size.klass, uat.users, uat.host) == (
        "L", 10_000, "e-office-central-uat.moph.go.th",
    )  # fmt: skip
    health = by_namespace["ga-moph-uat-health-platform"]
    assert (health.host, health.shard) == ("health-platform-uat.moph.go.th", "")
    production = [i for i in moph.e_offices if i.environment == "prod"]
    assert sum(i.size.cpu_request_m for i in production) == 201_000
    assert sum(i.size.memory_request_mi for i in production) == 315 * 1024
    assert sum(i.size.storage_gi for i in production) == 146_320
    assert (moph.realm, moph.own_realm, moph.organization) == ("moph", True, "moph")
    assert (moph.pki_mount, moph.kv_mount, moph.kv_prefix) == ("pki-moph-sign", "kv", "moph/")
    assert moph.groups == ("gdcc:moph:operator", "gdcc:moph:viewer")


def test_moph_signer_can_be_issued() -> None:
    (signer,) = resolved("moph").signers
    assert not signer.draft
    assert signer.organization == "กระทรวงสาธารณสุข"
    assert signer.pki_role == "signer"
    assert signer.authority_to == date(2027, 9, 30)


def test_the_court_is_dedicated_in_the_shared_realm() -> None:
    court = resolved("admincourt")
    assert [i.namespace for i in court.instances] == ["ga-admincourt-prod", "ga-admincourt-uat"]
    assert (court.instances[0].size.cpu_request_m, court.instances[0].size.storage_gi) == (
        2750,
        930,
    )
    assert (court.realm, court.own_realm) == ("gdcc", False)
    assert court.signers[0].draft
    assert [unit.id for unit in court.units()] == ["admincourt"]


def test_pooled_bodies_share_one_instance_and_have_a_role_each() -> None:
    pooled = resolved("plk-lao")
    (instance,) = pooled.instances
    assert (instance.namespace, instance.host) == (
        "ga-plk-lao-prod",
        "e-office.plk-lao.example.go.th",
    )
    assert (instance.users, instance.size.cpu_request_m) == (1046, 1500)
    assert len(pooled.bodies) == 57
    assert sum(body.users for body in pooled.bodies) == 1046
    assert len({body.pki_role for body in pooled.bodies}) == 57
    assert [body.id for body in pooled.bodies if not body.draft] == ["plk-001"]
    (mayor,) = pooled.signers
    assert (mayor.organization, mayor.pki_role) == ("เทศบาลนครพิษณุโลก", "signer-plk-001")
    assert [unit.id for unit in pooled.units(instance)] == [body.id for body in pooled.bodies]


def test_units_of_a_shard_are_that_shard() -> None:
    moph = resolved("moph")
    central = next(i for i in moph.e_offices if i.shard == "moph-central")
    assert [unit.id for unit in moph.units(central)] == ["moph-central"]
    assert len(moph.units()) == 4


def test_a_sizing_override_changes_the_size_in_proportion() -> None:
    override = {"users": 600, "approvalRef": "A-1"}
    assert built(tenancy__sizingOverride=override).instances[0].users == 600
    shards = [
        {"id": "culture-a", "nameTh": "ก", "users": 100},
        {"id": "culture-b", "nameTh": "ข", "users": 200},
    ]
    tenancy = {
        "isolation": "federated",
        "environments": ["prod"],
        "shards": shards,
        "sizingOverride": override,
    }
    assert [i.users for i in built(tenancy=tenancy).instances] == [200, 400]


def test_health_data_in_an_e_office_makes_it_sensitive() -> None:
    personal = {
        "categories": ["health"], "sensitive": True, "purpose": "x", "retentionYears": 1,
        "basis": "consent",
    }  # fmt: skip
    system = {"name": "e-office", "kind": "e-office", "dataClass": "open", "personalData": personal}
    assert built(systems=[system]).instances[0].namespace_class == "sensitive"


def test_long_names_reach_certificates_in_their_short_form() -> None:
    signing = {"ra": {"approver": "c"}, "signers": [samples.SIGNER]}
    short = built(agency__nameTh="ก" * 65, agency__certificateName="สั้น", signing=signing)
    assert short.signers[0].organization == "สั้น"


def test_examples_do_not_clash() -> None:
    assert clashes.found(resolved(name) for name in samples.NAMES) == ()


def test_a_shard_clashes_with_an_agency_of_the_same_rendered_name() -> None:
    shards = [{"id": "moph-central", "nameTh": "ก", "users": 300}]
    tenancy = {"isolation": "federated", "environments": ["prod"], "shards": shards}
    federated = built(metadata__id="moph", tenancy=tenancy)
    other = built(metadata__id="moph-central", agency__domains=["other.go.th"])
    assert clashes.found([federated, other]) == (
        clashes.Clash(clashes.CLIENT, "ga-moph-central-prod", ("moph", "moph-central")),
    )


def test_same_id_domain_code_or_body_clash() -> None:
    ecms = {"ministryCode": "21", "departmentCode": "21002"}
    one = built(agency__ecms=ecms, agency__organizationId="0993000086848")
    two = built(metadata__id="arts", agency__ecms=ecms, agency__organizationId="0993000086848")
    found = {(clash.what, clash.name) for clash in clashes.found([one, two])}
    assert found == {
        ("domain", "culture.go.th"),
        ("e-CMS department code", "21002"),
        ("host", "e-office.culture.go.th"),
        ("organization id", "0993000086848"),
    }
    assert "id" in {clash.what for clash in clashes.found([one, one])}


@given(SLUG, SLUG, st.sampled_from(["prod", "uat"]))
def test_names_of_ids_within_the_rules_are_dns_labels(
    agency: str, shard: str, environment: str
) -> None:
    tenancy = {
        "isolation": "federated",
        "environments": [environment],
        "shards": [{"id": shard, "nameTh": "ก", "users": 300}],
    }
    systems = [
        {"name": "e-office", "kind": "e-office", "dataClass": "open"},
        {"name": "health-platform", "kind": "health-platform", "dataClass": "open"},
    ]
    built_manifest = manifest.loads(
        samples.text(metadata__id=agency, tenancy=tenancy, systems=systems)
    )
    resolved_tenant = tenant.resolve(built_manifest, samples.target())
    for instance in resolved_tenant.instances:
        assert names.is_dns_label(instance.namespace)
        assert names.is_dns_label(instance.host.split(".", maxsplit=1)[0])
        assert instance.namespace.startswith(f"ga-{agency}-")
    assert resolved_tenant == tenant.resolve(built_manifest, samples.target())


def test_the_catalogue_offers_what_has_an_entry_and_names_it_in_thai() -> None:
    kinds = [entry.kind for entry in catalogue.offered()]
    assert {"e-office", "health-platform", "iot-telemetry", "restricted"} <= set(kinds)
    assert all(entry.title_th and entry.summary_th for entry in catalogue.offered())
    with pytest.raises(errors.InvalidInput, match="not yet offered") as caught:
        catalogue.get("nonsense")
    assert "e-office, health-platform" in caught.value.resolution


def test_no_agency_is_named_like_the_realm_that_all_share() -> None:
    agency = samples.build(metadata__id="people")
    with pytest.raises(errors.InvalidInput, match="realm that all agencies share"):
        tenant.resolve(agency, samples.target("people"))
