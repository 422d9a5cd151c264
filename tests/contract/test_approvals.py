"""Approvals signed by a key that never leaves a real OpenBao."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from onboarding import approval, environment, errors, item, plan, safety, vault
from onboarding.approval import signatures
from onboarding.bootstrap import vault as bootstrap
from onboarding.state import files
from tests.contract import openbao as real
from tests.contract.conftest import prepared

NOW = datetime.now(UTC)
DESTROY = safety.Hazard("destroy", "everything goes", approver="approver")


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[environment.Environment]:
    """An OpenBao with two approvers, each with a credential of their own on this computer."""
    folder = tmp_path_factory.mktemp("approvals")
    server = real.start(folder)
    people = tuple(
        environment.Approver(
            identity=name,
            method="transit",
            key=name,
            vault=environment.VaultLogin(
                method="approle", secret_file=folder / name / "vault-secret-id"
            ),
        )
        for name in ("malee", "suda")
    )
    with_people = server.environment.model_copy(update={"approvers": people})
    server = real.OpenBao(server.process, with_people, server.folder)
    try:
        done = prepared(server).environment
        yield done.model_copy(update={"approvers": bootstrap.issue_to_approvers(done)})
    finally:
        server.stop()


@pytest.fixture
def case(target: environment.Environment, tmp_path: Path) -> approval.Case:
    thing = item.Item(item.Ref(item.EngineName.CLUSTER, "Namespace", "", "ns"), {}, "moph", True)
    made = plan.diff(
        "moph", [], [thing], [thing], target=target.pins(), purpose=plan.Purpose.DESTROY
    )
    return approval.Case(target, files.FileStore(tmp_path), made, (DESTROY,), "somchai@deploy")


def test_bootstrap_gives_each_approver_a_key_and_a_private_credential(
    target: environment.Environment,
) -> None:
    seen = bootstrap.observe(target)
    rest = plan.diff("environment", bootstrap.desired(target), seen, target={})
    assert {c.ref.kind for c in rest.changes} == {"KubernetesAuthConfig"}
    again = bootstrap.issue_to_approvers(target)
    assert again == target.approvers, "a credential that lasts is kept"
    for of in again:
        assert of.vault is not None
        assert stat.S_IMODE(of.vault.secret_file.stat().st_mode) == 0o600
        assert stat.S_IMODE(of.vault.secret_file.parent.stat().st_mode) == 0o700


def test_an_approval_signed_in_vault_holds(case: approval.Case) -> None:
    by = approval.approver(case.target, "malee")
    given = approval.approve(case, by, account="m@pc", now=NOW)
    assert given.signature.startswith("vault:v1:")
    assert approval.require(case, "somchai@deploy", NOW) == (given,)


def test_a_changed_record_and_a_broken_signature_do_not_hold(case: approval.Case) -> None:
    approval.approve(case, approval.approver(case.target, "malee"), account="m@pc", now=NOW)
    for field, value in (("account", "x@pc"), ("identity", "suda"), ("signature", "nonsense")):
        kept = case.store.kept("moph", case.name)
        assert kept is not None
        changed = {**kept["approvals"][0], field: value}
        case.store.keep("moph", case.name, {"approvals": [changed]})
        with pytest.raises(errors.Refused) as refused:
            approval.require(case, "somchai@deploy", NOW)
        assert "does not fit: the record was changed" in refused.value.details[1]
        case.store.keep("moph", case.name, kept)


def test_an_approver_signs_with_no_key_but_their_own(target: environment.Environment) -> None:
    malee = approval.approver(target, "malee")
    for key in ("suda", "another"):
        with pytest.raises(errors.Denied):
            signatures.sign(target, malee.model_copy(update={"key": key}), b"text")


@pytest.mark.parametrize(
    "role", [r for r in environment.Role if r is not environment.Role.BOOTSTRAP]
)
def test_no_role_of_the_tool_can_sign_for_an_approver(
    target: environment.Environment, role: environment.Role
) -> None:
    with vault.connect(target, role) as door, pytest.raises(errors.Denied):
        door.write(f"{signatures.MOUNT}/sign/malee", {"input": "dGV4dA=="})


def test_an_approver_whose_login_is_elsewhere_cannot_sign_here(case: approval.Case) -> None:
    by = approval.approver(case.target, "malee").model_copy(update={"vault": None})
    with pytest.raises(errors.UsageError, match="does not say how malee signs in"):
        approval.approve(case, by, account="m@pc", now=NOW)
