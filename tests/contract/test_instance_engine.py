"""An e-Office with its database, by a real Pulumi on a real API server; its pods are simulated."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from onboarding import environment, item, plan
from tests.integration import cluster_place
from tests.unit import targets

pytestmark = pytest.mark.lab
DATABASE = "e-office-database"


@pytest.fixture(scope="module")
def place(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[cluster_place.Place]:
    run = environment.Run(
        database=f"registry.lab.gdcc.go.th/postgresql@{targets.DIGEST}",
        secrets=f"registry.lab.gdcc.go.th/openbao-agent@{targets.DIGEST}",
        pull="IfNotPresent",
    )
    office = environment.EOffice(product="mayan-edms", run=run)
    reached = lab.cluster.model_copy(update={"egress_cidrs": ("192.0.2.7/32",)})
    at = lab.model_copy(update={"e_office": office, "cluster": reached})
    with cluster_place.place(at, tmp_path_factory.mktemp("instance")) as made:
        yield made


def test_all_is_made_once_and_pods_of_both_come(place: cluster_place.Place) -> None:
    first = place.planned()
    kinds = {c.ref.kind for c in first.changes}
    assert {"StatefulSet", "Deployment"} <= kinds
    outcomes = place.apply(first.changes)
    assert [str(o.error) for o in outcomes if o.error] == []
    again = place.planned()
    assert (again.changes, again.conflicts) == ((), ())
    pods = place.cluster.list("Pod", namespace=place.namespace)
    names = {pod["metadata"]["labels"]["app.kubernetes.io/name"] for pod in pods}
    assert names == {"e-office", DATABASE}


def test_a_database_changed_by_hand_is_seen_and_put_right(place: cluster_place.Place) -> None:
    step = {"op": "replace", "path": "/spec/replicas", "value": 0}
    place.cluster.json_patch("StatefulSet", DATABASE, place.namespace, (step,))
    (change,) = place.planned().changes
    assert (change.ref.kind, change.ref.name) == ("StatefulSet", DATABASE)
    assert change.action is plan.Action.UPDATE
    place.settled()
    live = place.cluster.get("StatefulSet", DATABASE, place.namespace)
    assert live is not None
    assert live["spec"]["replicas"] == 1


def test_the_database_of_an_agency_is_data_and_is_not_removed_in_passing(
    place: cluster_place.Place,
) -> None:
    claims = {i.ref.name: i for i in place.wanted() if i.ref.kind == "PersistentVolumeClaim"}
    assert {DATABASE, "e-office-documents"} == set(claims)
    assert all(claim.holds_data for claim in claims.values())
    stack = {i.ref for i in place.wanted() if i.ref.engine == item.EngineName.CLUSTER}
    seen = place.engine.observe([place.of]).of(place.of.id)
    assert stack <= {i.ref for i in seen}
