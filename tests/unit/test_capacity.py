"""What agencies need together, and which limits that comes near."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import capacity, sizing, tenant
from tests.unit import folders
from tests.unit.manifest import samples


def needs(*agencies: tenant.Tenant) -> capacity.Needs:
    made = capacity.Needs()
    for of in agencies:
        made.add(of)
    return made


def agency(**changes: Any) -> tenant.Tenant:
    return tenant.resolve(samples.build(**changes))


def office(users: int, years: int, *environments: str) -> tenant.Tenant:
    system = {
        "name": "e-office", "kind": "e-office", "dataClass": "open",
        "eoffice": {"retentionYears": years},
    }  # fmt: skip
    return agency(
        users={"initial": users, "target": users},
        tenancy={"isolation": "dedicated", "environments": list(environments or ["prod"])},
        systems=[system],
    )


def limit(of: capacity.Needs, quantity: str) -> capacity.Limit:
    return next(one for one in capacity.judge(of).limits if one.quantity == quantity)


def test_the_shards_of_public_health_ask_for_201_cores() -> None:
    moph = tenant.resolve(samples.example("moph"))
    offices = [i.size for i in moph.e_offices if i.environment == "prod"]
    assert sum(size.cpu_request_m for size in offices) == 201_000
    assert sum(size.memory_request_mi for size in offices) == 315 * 1024
    assert sum(size.storage_gi for size in offices) == 146_320


def test_sums_over_agencies() -> None:
    one, two = office(300, 10, "prod", "uat"), office(1046, 10)
    both = needs(one, two)
    sizes = [sizing.size(300), sizing.size(30), sizing.size(1046)]
    assert both.agencies == 2
    assert both.users == 1346
    assert both.cpu_request_m == sum(size.cpu_request_m for size in sizes)
    assert both.memory_limit_mi == sum(size.memory_limit_mi for size in sizes)
    assert both.storage_gi == sum(size.storage_gi for size in sizes)
    assert both.pods == sum(size.pods for size in sizes)
    assert (both.namespaces, both.services, both.mounts) == (3, 3, 2)


def test_storage_grows_to_the_end_of_each_retention_and_then_stays() -> None:
    grown = needs(office(1046, 3), office(300, 5)).storage_by_year()
    expected = [
        sizing.storage_gi(1046, min(year, 3)) + sizing.storage_gi(300, year) for year in range(1, 6)
    ]
    assert list(grown) == expected
    assert grown[1] == sizing.size(1046).storage_gi + sizing.size(300).storage_gi


def test_without_a_word_on_retention_letters_are_kept_for_ten_years() -> None:
    system = {"name": "e-office", "kind": "e-office", "dataClass": "open"}
    assert len(needs(agency(systems=[system])).storage_by_year()) == 10


def test_time_series_are_kept_for_days_so_their_storage_is_level() -> None:
    moving = tenant.resolve(samples.example("dlt"))
    (bus,) = (i for i in moving.instances if i.kind == "iot-telemetry" and i.environment == "prod")
    assert capacity.storage_by_year(moving, bus) == [bus.size.storage_gi]


def test_certificates_are_those_of_authorities_signers_hosts_devices_and_links() -> None:
    moph = needs(tenant.resolve(samples.example("moph")))
    assert moph.certificates == {
        "authorities": 1, "signers": 1, "ingress": 10, "devices": 0, "links": 1,
    }  # fmt: skip
    assert needs(tenant.resolve(samples.example("dlt"))).certificates["devices"] == 81


def test_realms_are_those_of_agencies_and_the_shared_one() -> None:
    own = agency(identity={"isolation": "realm"})
    shared = agency()
    assert (needs(own).realms, needs(own).organizations) == (1, 0)
    assert (needs(shared).realms, needs(shared).organizations) == (1, 1)
    assert (needs(own, shared, shared).realms, needs(own, shared, shared).organizations) == (2, 2)


@pytest.mark.parametrize(
    ("namespaces", "state", "needed"),
    [
        (0, "within", 1),
        (7_999, "within", 1),
        (8_000, "near", 1),
        (8_001, "near", 2),
        (10_000, "near", 2),
        (10_001, "over", 2),
        (24_001, "over", 4),
    ],
)
def test_a_limit_is_near_from_80_percent_on_and_over_beyond_it(
    namespaces: int, state: str, needed: int
) -> None:
    found = limit(capacity.Needs(namespaces=namespaces), "namespaces")
    assert (found.value, found.state, found.needed) == (10_000, state, needed)


def test_the_tightest_limit_decides_how_many_clusters() -> None:
    judged = capacity.judge(capacity.Needs(namespaces=9_000, pods=500_000, own_realms=700))
    assert judged.needed == {"cluster": 5, "vault": 1, "keycloak": 3}


@pytest.mark.parametrize(
    ("of", "nodes"),
    [
        (capacity.Needs(cpu_request_m=30_001), 2),
        (capacity.Needs(memory_request_mi=120 * 1024 + 1), 2),
        (capacity.Needs(pods=221), 3),
        (capacity.Needs(), 0),
    ],
    ids=["cores", "memory", "pods", "nothing"],
)
def test_nodes_follow_from_what_runs_out_first(of: capacity.Needs, nodes: int) -> None:
    assert capacity.judge(of).nodes == nodes


def test_every_limit_names_its_source_and_what_is_not_documented_is_marked() -> None:
    judged = capacity.judge(capacity.Needs())
    assert all(one.source for one in judged.limits)
    marked = {one.quantity for one in judged.limits if one.confirm_en and one.confirm_th}
    assert marked == {"mounts", "realms", "organizations"}
    assert {one.key for one in capacity.assumptions()} == {"cores", "memory"}


def test_more_agencies_never_need_less() -> None:
    few, more = needs(office(300, 10)), needs(office(300, 10), agency(**folders.pooled("a", "b")))
    for one, other in zip(capacity.judge(few).limits, capacity.judge(more).limits, strict=True):
        assert one.used <= other.used
    years = zip(few.storage_by_year(), more.storage_by_year(), strict=False)
    assert all(one <= other for one, other in years)
