"""A federated agency on a real node: each shard has its own e-Office, and no way to another's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib import parse

import pytest

from onboarding import progress
from onboarding.lab import component, images
from onboarding.probes import network
from tests.integration.real import office_use
from tests.integration.real.conftest import must
from tests.integration.real.office_use import Office
from tests.running import ROOT

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(14400)]

AGENCY = "transport"
SHARDS = {f"{AGENCY}-central": "ส่วนกลาง", f"{AGENCY}-region": "ส่วนภูมิภาค"}


@pytest.fixture(scope="module", autouse=True)
def _made() -> None:
    images.ensure((), progress.Silent())


@pytest.fixture
def offices(lab: component.Lab, tmp_path: Path) -> tuple[Office, ...]:
    """The e-Offices of both shards, running; what is there already is left as it is."""
    office_use.ready(lab)
    made = tuple(Office(lab, _federated(tmp_path / f"{AGENCY}.yaml"), shard) for shard in SHARDS)
    must(made[0].onboard("apply", "--yes", "--no-verify"))
    return made


def _federated(file: Path) -> Path:
    """The Ministry of Transport under another name, in two shards of one size."""
    text = (ROOT / "examples" / "mot.yaml").read_text(encoding="utf-8")
    lines = (f"    - {{id: {i}, nameTh: {name}, users: 450}}\n" for i, name in SHARDS.items())
    for old, new in (
        ("{id: mot}", f"{{id: {AGENCY}}}"),
        ("mot.go.th", f"{AGENCY}.example.go.th"),
        ('departmentCode: "08002"', 'departmentCode: "08902"'),
        ("isolation: dedicated\n", f"isolation: federated\n  shards:\n{''.join(lines)}"),
    ):
        assert old in text, old
        text = text.replace(old, new)
    file.write_text(text, encoding="utf-8")
    return file


def test_each_shard_has_its_own_pods_database_volumes_address_and_client(
    offices: tuple[Office, ...],
) -> None:
    for office in offices:
        parts = _names(office, "deployments,statefulsets,services,persistentvolumeclaims,ingresses")
        assert parts >= {
            "deployment.apps/e-office",
            "statefulset.apps/e-office-database",
            "service/e-office",
            "service/e-office-database",
            "persistentvolumeclaim/e-office-documents",
            "persistentvolumeclaim/e-office-database",
            "ingress.networking.k8s.io/e-office",
        }
        ready = "{range .items[*]}{.status.containerStatuses[*].ready} {end}"
        told = must(office.cluster.ask("get", "pods", "-o", f"jsonpath={ready}")).out.split()
        assert told == ["true", "true"], office.shard
    assert len({office.instance.host for office in offices}) == len(offices)


def _names(office: Office, kinds: str) -> set[str]:
    return set(must(office.cluster.ask("get", kinds, "-o", "name")).out.split())


def test_people_find_the_sign_in_page_of_each_shard_at_its_own_address(
    offices: tuple[Office, ...],
) -> None:
    for office in offices:
        page = office.page("/authentication/login/")
        assert page.status_code == 200
        assert 'lang="th"' in page.text
        onward = parse.urlsplit(office.page("/oidc/authenticate/").headers["Location"])
        asked = parse.parse_qs(onward.query)
        assert asked["client_id"] == [office.instance.namespace]
        assert asked["redirect_uri"][0].startswith(f"https://{office.instance.host}/")
        assert f"/realms/{office.of.realm}/" in onward.path


def test_each_shard_holds_its_own_organisation_and_none_of_the_other(
    offices: tuple[Office, ...],
) -> None:
    for office in offices:
        with office.administrator() as door:
            kinds = [kind["label"] for kind in door.every("/document_types/")]
            registers = [one["label"] for one in door.every("/sequences/")]
        mine = f"{SHARDS[office.shard]} [{AGENCY}/{office.shard}]"
        assert [kind for kind in kinds if "[" in kind] == [mine]
        own = {f"[{AGENCY}/{office.shard}-{way}]" for way in ("in", "out")}
        assert {label[label.index("[") :] for label in registers if "[" in label} == own


def test_a_second_apply_writes_nothing(offices: tuple[Office, ...]) -> None:
    again = json.loads(offices[0].onboard("apply", "--yes", "--output", "json").out)
    assert again["outcomes"] == []
    assert again["unchanged"] > 0
    must(offices[0].onboard("drift"))


def test_shards_cannot_reach_each_others_pods_and_databases(offices: tuple[Office, ...]) -> None:
    found = _probed(offices[0])
    for one, other in (offices, offices[::-1]):
        tried = _across(found, one, other)
        assert tried.keys() > {"pod e-office-database-0", "service e-office"}
        assert len(tried) == 3, tried  # and a pod of the product
        others = [one["seen"] for one in found if one["verdict"] != "pass"]
        assert set(tried.values()) == {"pass"}, (tried, others)
    assert {one["verdict"] for one in found if one["id"] == "IDP-024"} == {"pass"}


def test_a_way_between_shards_that_hands_opened_is_found(offices: tuple[Office, ...]) -> None:
    one, other = offices
    with _opened(one, "Egress", "to"), _opened(other, "Ingress", "from"):
        tried = _across(_probed(one), one, other)
    assert tried["pod e-office-database-0"] == tried["service e-office"] == "fail", tried


def _probed(office: Office) -> list[dict[str, Any]]:
    """What the probes found, and they alone."""
    told = json.loads(office.onboard("verify", "--probe", "--yes", "--output", "json").out)
    return [one for one in told["findings"] if one["evidence"]]


def _across(found: list[dict[str, Any]], one: Office, other: Office) -> dict[str, str]:
    """Verdict by kind and name of what a pod of one shard tried to reach of another."""
    tried = {}
    for finding in found:
        here, _, there = finding["subject"].partition(" to ")
        what = there.split()
        if finding["id"] == network.DENIED and here == one.instance.namespace and len(what) > 1:
            kind, (space, _, name) = what[0], what[1].partition("/")
            if space == other.instance.namespace:
                tried[f"{kind} {name}"] = finding["verdict"]
    return tried


@contextmanager
def _opened(office: Office, direction: str, peers: str) -> Iterator[None]:
    """All ways in, or out, of a shard, opened by a hand."""
    rule: dict[str, Any] = {peers: [{"namespaceSelector": {}}]}
    spec = {"podSelector": {}, "policyTypes": [direction], direction.lower(): [rule]}
    policy = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "by-hand"},
        "spec": spec,
    }
    office.cluster.apply(policy)
    try:
        yield
    finally:
        must(office.cluster.ask("delete", "networkpolicy", "by-hand"))
