"""The accounts of an e-Office product in a real OpenBao: made once, read by few."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import environment, errors, product_login, tenant, vault
from onboarding.desired import office, vault_mark
from tests.contract import openbao as openbao_server
from tests.contract import product_place
from tests.unit.manifest import samples

ROLE = environment.Role


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[environment.Environment]:
    bao = openbao_server.start(tmp_path_factory.mktemp("openbao"))
    try:
        yield product_place.prepared(bao)
    finally:
        bao.stop()


def agency(name: str) -> tenant.Tenant:
    return tenant.resolve(samples.build(metadata__id=name))


def path(of: tenant.Tenant, account: str, part: str = "data") -> str:
    return office.secret(of, of.e_offices[0], account).replace("/data/", f"/{part}/")


def test_each_account_gets_a_password_of_its_own_once(target: environment.Environment) -> None:
    of = agency("once")
    product_place.apply(of, target)
    assert product_place.planned(of, target).changes == ()
    before = product_place.accounts(of, target)
    assert all(a.username == office.ACCOUNTS[name] for name, a in before.items())
    assert len({a.password for a in before.values()}) == len(before)
    assert all(len(a.password) > 40 for a in before.values())
    product_place.apply(of, target)
    assert product_place.accounts(of, target) == before


@pytest.mark.parametrize("lost", ["username", "purpose", "password"])
def test_what_a_run_left_half_way_is_completed_and_a_password_in_use_stays(
    target: environment.Environment, lost: str
) -> None:
    of = agency(f"half-{lost}")
    product_place.apply(of, target)
    before = product_place.accounts(of, target)
    entry = path(of, office.WRITER, "metadata")
    notes = {"owner": vault_mark.of(of.id), "purpose": "account", "username": "onboard-writer"}
    with vault.connect(target, ROLE.APPLIER) as door:
        if lost == "password":
            door.remove(entry)
        else:
            notes.pop(lost)
        door.write(entry, {"custom_metadata": notes})
    (change,) = product_place.planned(of, target).changes
    assert change.ref.name.endswith(office.WRITER)
    product_place.apply(of, target)
    assert product_place.planned(of, target).changes == ()
    assert (product_place.accounts(of, target) == before) is (lost != "password")


def test_what_somebody_else_stored_in_its_place_is_a_conflict(
    target: environment.Environment,
) -> None:
    of = agency("strange")
    with vault.connect(target, ROLE.APPLIER) as door:
        door.write(path(of, office.WRITER), {"data": {"username": "a", "password": "b"}})
    assert [c.ref.kind for c in product_place.planned(of, target).conflicts] == ["Account"]


@pytest.mark.parametrize("role", [ROLE.PLANNER, ROLE.AUDITOR, ROLE.APPLIER])
def test_no_role_of_the_tool_reads_the_account_that_writes(
    target: environment.Environment, role: environment.Role
) -> None:
    of = agency("closed")
    product_place.apply(of, target)
    with vault.connect(target, role) as door:
        read = door.read(path(of, office.READER)) or {}
        assert read["data"]["username"] == office.ACCOUNTS[office.READER]
        with pytest.raises(errors.Denied):
            door.read(path(of, office.WRITER))


def test_without_a_product_there_is_no_account(target: environment.Environment) -> None:
    without = target.model_copy(update={"e_office": None})
    made = product_place.planned(agency("without"), without).changes
    assert [c for c in made if c.ref.kind == "Account"] == []


def test_the_probe_of_bodies_reads_the_account_that_administers_and_leaves_no_file(
    target: environment.Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vault, "_MEMORY", tmp_path)
    of = agency("probing")
    product_place.apply(of, target)
    read = product_login.administrator(of, target, of.e_offices[0])
    assert read == product_place.accounts(of, target)[office.WRITER]
    assert list(tmp_path.iterdir()) == []


def test_an_agency_without_accounts_is_told(target: environment.Environment) -> None:
    of = agency("nowhere")
    with pytest.raises(errors.OnboardError):
        product_login.administrator(of, target, of.e_offices[0])
