"""What the engine of the cluster promises, on a real API server and a real Pulumi."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import environment, errors, item, kube, plan
from onboarding.engines import pulumi_stack
from onboarding.engines.pulumi_stack import checkpoint, evidence
from onboarding.kube import kinds
from tests.integration import cluster_place

pytestmark = pytest.mark.lab

CANARY = "canary-7d1f-do-not-show"


@pytest.fixture(scope="module")
def place(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[cluster_place.Place]:
    with cluster_place.place(lab, tmp_path_factory.mktemp("cluster")) as made:
        yield made


def test_first_apply_makes_everything_and_the_next_plan_is_empty(
    place: cluster_place.Place,
) -> None:
    first = place.planned()
    assert len(first.changes) == len(place.wanted())
    assert {c.action for c in first.changes} == {plan.Action.CREATE}
    outcomes = place.apply(first.changes)
    assert {o.status for o in outcomes} == {plan.Status.APPLIED}
    assert {o.change.ref for o in outcomes} == {c.ref for c in first.changes}
    again = place.planned()
    assert (again.changes, again.conflicts) == ((), ())
    assert again.unchanged == len(place.wanted())


def test_a_first_apply_starts_two_processes_and_an_unchanged_agency_none(
    place: cluster_place.Place,
) -> None:
    before = place.commands()
    assert [line.split()[2] for line in before] == ["stack", "up"]
    assert place.apply(()) == []
    assert place.commands() == before


def test_reading_takes_one_list_per_kind(place: cluster_place.Place) -> None:
    engine = pulumi_stack.PulumiStack(place.target, environment.Role.PLANNER)
    seen = engine.observe([place.of])
    assert seen.read == frozenset(kinds.STACK)
    assert engine.cluster.requests_made == len(kinds.STACK)


def test_neither_state_nor_log_nor_arguments_hold_a_credential(
    place: cluster_place.Place,
) -> None:
    login = place.target.login(environment.Role.APPLIER)
    token = login.kubeconfig.read_text(encoding="utf-8").partition("token: ")[2].split()[0]
    passphrase = place.target.pulumi.passphrase_file.read_text(encoding="utf-8").strip()
    left = [place.stack.log, *place.stack.folder.rglob("*"), *place.folder.rglob("*")]
    for file in left:
        if file.is_file():
            text = file.read_text(encoding="utf-8", errors="replace")
            assert token not in text, file
            assert passphrase not in text, file
    assert place.stack.log.stat().st_mode & 0o077 == 0


def test_evidence_shows_strangers_and_no_secret(place: cluster_place.Place) -> None:
    body = {"metadata": {"name": "strange", "namespace": place.namespace}}
    place.cluster.apply("ConfigMap", {**body, "data": {"password": CANARY}})
    place.cluster.apply("Secret", {**body, "stringData": {"password": CANARY}})
    engine = pulumi_stack.PulumiStack(place.target, environment.Role.AUDITOR)
    seen = engine.observe([place.of], evidence=True)
    assert seen.unread == {}
    assert seen.read == frozenset({*kinds.STACK, *evidence.KINDS, checkpoint.KIND})
    found = {(i.ref.kind, i.ref.name): i for i in seen.of(place.of.id)}
    assert found["ConfigMap", "strange"].owner == ""
    assert ("Secret", "strange") not in found
    everything = [dict(i.fields) for items in seen.items.values() for i in items]
    assert CANARY not in json.dumps(everything)
    place.cluster.delete("ConfigMap", "strange", place.namespace)
    place.cluster.delete("Secret", "strange", place.namespace)


def test_evidence_asks_the_api_server_what_people_may_do(place: cluster_place.Place) -> None:
    engine = pulumi_stack.PulumiStack(place.target, environment.Role.AUDITOR)
    seen = engine.observe([place.of], evidence=True)
    reviews = [i.fields for i in seen.of(place.of.id) if i.ref.kind == "AccessReview"]
    assert {r["purpose"] for r in reviews} == {"guard-rail", "cluster-scope", "other-tenant"}
    assert {r["group"] for r in reviews} == set(place.of.groups)
    allowed = {(r["verb"], r["resource"]) for r in reviews if r["allowed"]}
    assert all(resource.startswith("selfsubject") for _, resource in allowed), allowed
    assert any(i.ref.kind == "Pod" for i in seen.of(place.of.id))
    assert any(i.ref.kind == "ClusterRoleBinding" for i in seen.of(""))


def test_a_right_given_by_hand_is_found_out(place: cluster_place.Place) -> None:
    group = place.of.group_subject("viewer")
    rbac = "rbac.authorization.k8s.io"
    place.cluster.apply(
        "ClusterRoleBinding",
        {
            "metadata": {"name": f"test-{place.of.id}"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "edit"},
            "subjects": [{"apiGroup": rbac, "kind": "Group", "name": group}],
        },
    )
    try:
        engine = pulumi_stack.PulumiStack(place.target, environment.Role.AUDITOR)
        seen = engine.observe([place.of], evidence=True)
        allowed = [
            i.fields
            for i in seen.of(place.of.id)
            if i.ref.kind == "AccessReview"
            and i.fields["allowed"]
            and i.fields["purpose"] == "other-tenant"
        ]
        assert {r["group"] for r in allowed} == {group}
    finally:
        place.cluster.delete("ClusterRoleBinding", f"test-{place.of.id}")


def test_without_the_auditor_s_rights_evidence_says_what_is_missing(
    place: cluster_place.Place,
) -> None:
    engine = pulumi_stack.PulumiStack(place.target, environment.Role.PLANNER)
    seen = engine.observe([place.of], evidence=True)
    assert set(seen.unread) == {"Pod", "Node", "ClusterRoleBinding", "AccessReview"}
    assert not seen.read & seen.unread.keys()


def test_the_planner_cannot_write(place: cluster_place.Place) -> None:
    planner = kube.connect(place.target, environment.Role.PLANNER)
    body = {"metadata": {"name": "x", "namespace": place.namespace}}
    with pytest.raises(errors.Denied, match="does not allow"):
        planner.apply("ConfigMap", body)


def test_identity_is_that_of_the_cluster(place: cluster_place.Place) -> None:
    assert place.engine.identity() == place.target.cluster.identity
    assert place.engine.name is item.EngineName.CLUSTER


def test_a_cluster_that_is_down_is_unreachable(
    place: cluster_place.Place, tmp_path: Path, unused_port: int
) -> None:
    login = place.target.login(environment.Role.PLANNER)
    text = login.kubeconfig.read_text(encoding="utf-8")
    elsewhere = tmp_path / "kubeconfig"
    moved = text.replace(place.target.cluster.server, f"https://127.0.0.1:{unused_port}")
    elsewhere.write_text(moved, encoding="utf-8")
    with pytest.raises(errors.Unreachable, match="connection refused"):
        kube.connect_with(elsewhere).version()


def test_a_server_of_another_ca_is_not_trusted(
    place: cluster_place.Place, tmp_path: Path, other_ca: Path
) -> None:
    login = place.target.login(environment.Role.PLANNER)
    text = login.kubeconfig.read_text(encoding="utf-8")
    wrong = tmp_path / "kubeconfig"
    wrong.write_text(text.replace(str(place.target.cluster.ca_file), str(other_ca)), "utf-8")
    with pytest.raises(errors.Unreachable, match="not vouched for"):
        kube.connect_with(wrong).version()


@pytest.fixture
def unused_port() -> int:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@pytest.fixture
def other_ca(tmp_path: Path) -> Path:
    from tests.policies import world

    path = tmp_path / "other.crt"
    path.write_text(world.ca_pem(), encoding="utf-8")
    return path
