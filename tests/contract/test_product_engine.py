"""The e-Office product through the real engine: Ansible writes it, with accounts from OpenBao."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
import requests

from onboarding import environment, plan, product_api, progress, tenant, vault
from onboarding.desired import office, settings
from onboarding.desired import vault as vault_items
from onboarding.engines import ansible_playbooks, vault_pki
from onboarding.engines.ansible_playbooks import office as live
from onboarding.product_api.mayan import api, reading
from onboarding.products import contract
from tests.contract import conftest
from tests.contract import openbao as openbao_server
from tests.contract.servers import mayan as real
from tests.unit.manifest import samples

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ROLE = environment.Role


class Place:
    """One agency, its product and its accounts in Vault; no cluster."""

    def __init__(self, server: real.Server, target: environment.Environment) -> None:
        self.server = server
        self.target = target
        self.of = tenant.resolve(samples.build(), target)

    def planned(self) -> plan.Plan:
        """What the product is to get, from what its reading account sees."""
        with vault.connect(self.target, ROLE.PLANNER) as door:
            seen = live.held(door, self.target, self.of, self.of.e_offices[0])
        wanted = [i for i in settings.desired(self.of, self.target) if i.ref.kind in contract.KINDS]
        return plan.diff(self.of.id, wanted, seen, target={})

    def apply(self, changes: Sequence[plan.Change]) -> list[plan.Outcome]:
        engine = ansible_playbooks.AnsiblePlaybooks(self.target, ROLE.APPLIER)
        return list(engine.apply(self.of, changes, progress.Silent()))


def _policies(of: tenant.Tenant, target: environment.Environment) -> None:
    """What of the agency is in Vault before Ansible's turn: the policies of its instances."""
    changes = [
        plan.Change(plan.Action.CREATE, i.ref, i)
        for i in vault_items.desired(of, target)
        if i.ref.kind == "Policy"
    ]
    engine = vault_pki.VaultPki(target, ROLE.APPLIER)
    for outcome in engine.apply(of, changes, progress.Silent()):
        assert outcome.error is None, outcome.error


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    server = real.start(tmp_path_factory.mktemp("mayan"))
    bao = openbao_server.start(tmp_path_factory.mktemp("openbao"))
    try:
        about = environment.EOffice(product="mayan-edms", address=server.address, ca_file=server.ca)
        asked = bao.environment.model_copy(update={"e_office": about})
        prepared = conftest.prepared(
            openbao_server.OpenBao(bao.process, asked, bao.folder)
        ).environment
        folder = tmp_path_factory.mktemp("state")
        state = environment.State(store=f"file://{folder}")
        timeouts = environment.Timeouts.model_validate(
            {"connect": "30s", "request": "4m", "retry": "8m"}
        )
        made = Place(server, prepared.model_copy(update={"state": state, "timeouts": timeouts}))
        _policies(made.of, made.target)
        _store(made, office.READER, server.reader)
        _store(made, office.WRITER, server.writer)
        yield made
    finally:
        server.stop()
        bao.stop()


def _store(place: Place, name: str, account: product_api.Account) -> None:
    """As whoever operates the product does it, who has rights that the tool has not."""
    rules = 'path "kv/data/*" {\n  capabilities = ["create", "update"]\n}\n'
    path = office.secret(place.of, place.of.e_offices[0], name)
    with vault.connect(place.target, ROLE.APPLIER) as door:
        door.write("sys/policies/acl/ga-operator", {"policy": rules})
        requests.post(
            f"{place.target.vault.address}/v1/{path}",
            json={"data": {"username": account.username, "password": account.password}},
            headers={"X-Vault-Token": door.tenant_token(["ga-operator"])},
            verify=str(place.target.vault.ca_file),
            timeout=30,
        ).raise_for_status()


def test_ansible_configures_the_product_and_a_second_run_writes_nothing(place: Place) -> None:
    changes = place.planned().changes
    assert len(changes) > 10
    outcomes = place.apply(changes)
    assert [o.error for o in outcomes if o.error] == []
    assert {o.status for o in outcomes} == {plan.Status.APPLIED}
    assert len(outcomes) == len(changes)
    assert place.planned().changes == ()
    began = len(place.server.requests())
    assert {o.status for o in place.apply(changes)} == {plan.Status.UNCHANGED}
    assert place.server.writes(began) == []


def test_what_was_changed_by_hand_is_drift_and_the_next_run_mends_it(place: Place) -> None:
    if place.planned().changes:
        place.apply(place.planned().changes)
    with api.Api(place.server.place, place.server.writer) as door:
        known = reading.known(door, place.of.id)
        door.change(f"/metadata_types/{known.fields['secrecy']['id']}/", {"lookup": "ลับที่สุด"})
    (change,) = place.planned().changes
    assert (change.action, change.ref.kind) == (plan.Action.UPDATE, contract.Kind.FIELD)
    assert [o.status for o in place.apply([change])] == [plan.Status.APPLIED]
    assert place.planned().changes == ()


def test_a_wrong_password_fails_with_a_remedy_and_nothing_is_claimed(place: Place) -> None:
    before = place.server.writer
    wrong = product_api.Account(before.username, "wrong")
    _store(place, office.WRITER, wrong)
    try:
        changes = [
            plan.Change(plan.Action.CREATE, i.ref, i)
            for i in settings.desired(place.of, place.target)
            if i.ref.kind == contract.Kind.FIELD
        ]
        (failed, *rest) = place.apply(changes)
        assert rest == []
        assert failed.status is plan.Status.FAILED
        assert failed.error is not None
        assert "does not accept the account" in str(failed.error)
        assert "wrong" not in str(failed.error)
    finally:
        _store(place, office.WRITER, before)


def test_no_password_stands_in_what_ansible_said(place: Place) -> None:
    logs = environment.folder_of(place.target.state.store) / "logs"
    said = "".join(path.read_text(encoding="utf-8") for path in logs.glob("*.log"))
    assert place.server.writer.password not in said
