"""The e-Office product through the real engine: Ansible writes it, with accounts from OpenBao."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
import requests

from onboarding import environment, plan, product_api, progress, tenant, vault
from onboarding.desired import office, settings
from onboarding.engines import ansible_playbooks
from onboarding.engines.ansible_playbooks import office as live
from onboarding.product_api.mayan import api, reading
from onboarding.products import contract
from tests.contract import openbao as openbao_server
from tests.contract import product_letters, product_place
from tests.contract.servers import mayan as real
from tests.unit.manifest import samples

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ROLE = environment.Role


class Place:
    """One agency, its product and its accounts in Vault; no cluster."""

    def __init__(
        self, server: real.Server, target: environment.Environment, of: tenant.Tenant
    ) -> None:
        self.server = server
        self.target = target
        self.of = of

    def planned(self) -> plan.Plan:
        """What the product is to get, from what its reading account sees."""
        with vault.connect(self.target, ROLE.PLANNER) as door:
            seen = live.held(door, self.target, self.of, self.of.e_offices[0])
        wanted = [i for i in settings.desired(self.of, self.target) if i.ref.kind in contract.KINDS]
        return plan.diff(self.of.id, wanted, seen, target={})

    def apply(self, changes: Sequence[plan.Change]) -> list[plan.Outcome]:
        engine = ansible_playbooks.AnsiblePlaybooks(self.target, ROLE.APPLIER)
        return list(engine.apply(self.of, changes, progress.Silent()))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    bao = openbao_server.start(tmp_path_factory.mktemp("openbao"))
    try:
        state = environment.State(store=f"file://{tmp_path_factory.mktemp('state')}")
        timeouts = environment.Timeouts.model_validate(
            {"connect": "30s", "request": "4m", "retry": "8m"}
        )
        changed = {"state": state, "timeouts": timeouts}
        target = product_place.prepared(bao).model_copy(update=changed)
        of = tenant.resolve(samples.build(), target)
        product_place.apply(of, target)
        server = real.start(tmp_path_factory.mktemp("mayan"), product_place.accounts(of, target))
        try:
            about = environment.EOffice(
                product="mayan-edms", address=server.address, ca_file=server.home.ca
            )
            yield Place(server, target.model_copy(update={"e_office": about}), of)
        finally:
            server.stop()
    finally:
        bao.stop()


def _store(place: Place, name: str, account: product_api.Account) -> None:
    """As a hand does it that has rights in Vault."""
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


def test_a_refusal_says_what_to_do_and_the_next_run_completes_what_it_kept_from(
    place: Place,
) -> None:
    if place.planned().changes:
        place.apply(place.planned().changes)
    with api.Api(place.server.place, place.server.writer) as door:
        kind = reading.known(door, place.of.id).organisations[place.of.id]
        letter = product_letters.make(door, place.of.id, place.of.id, "เดิม")
        path = f"/document_types/{kind['id']}/"
        door.change(path, {"label": "Letters"})
        (refused,) = place.apply(place.planned().changes)
        assert refused.status is plan.Status.FAILED
        assert refused.error is not None
        assert "document type without our mark: Letters" in refused.error.details[0]
        assert f"[{place.of.id}/{place.of.id}]" in refused.error.resolution
        door.change(path, {"label": f"Letters [{place.of.id}/{place.of.id}]"})
        done = place.apply(place.planned().changes)
        assert [o.error for o in done if o.error] == []
        assert place.planned().changes == ()
        assert door.get(f"{letter}/")["document_type"]["id"] == kind["id"]
        door.remove(f"{letter}/")
        door.remove(f"/trashed_documents/{letter.rpartition('/')[2]}/")


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
