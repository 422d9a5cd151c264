"""When a running product is read at all, and what is said of one that does not answer."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, cast

import pytest

from onboarding import environment, errors, item, kube, plan, product_api, tenant, vault
from onboarding.engines.ansible_playbooks import office
from onboarding.products import contract
from tests.unit import targets
from tests.unit.manifest import samples

ROLE = environment.Role.PLANNER
SAMPLE = samples.build().metadata.id


class Cluster:
    """Says how many pods of every instance are available; None: there is no such object."""

    def __init__(self, available: int | None, *, way_in: bool = True) -> None:
        self.available, self.way_in = available, way_in

    def get_all(self, places: Sequence[tuple[str, str, str]]) -> list[dict[str, Any] | None]:
        if self.available is None:
            return [None for _ in places]
        served = {"status": {"availableReplicas": self.available}}
        return [served if self.way_in or kind != "Ingress" else None for kind, _, _ in places]


def read(cluster: Cluster, *, product: bool = True, evidence: bool = False) -> office.Held:
    about = environment.EOffice(product="mayan-edms") if product else None
    target = targets.pinned().model_copy(update={"e_office": about})
    agencies = [tenant.resolve(samples.build(), target)]
    return office.read(cast("kube.Cluster", cluster), target, ROLE, agencies, evidence=evidence)


@pytest.fixture
def silent(monkeypatch: pytest.MonkeyPatch) -> None:
    """A product that does not answer."""

    def held(*_: object) -> tuple[item.Item, ...]:
        raise errors.Unreachable("the e-Office does not answer", details=["connection refused"])

    @contextlib.contextmanager
    def connect(*_: object) -> Iterator[None]:
        yield None

    monkeypatch.setattr(office, "held", held)
    monkeypatch.setattr(vault, "connect", connect)


@pytest.mark.parametrize("available", [None, 0])
def test_while_no_pod_serves_nothing_is_held_and_that_is_said(available: int | None) -> None:
    held = read(Cluster(available))
    assert held.items == {}
    assert "no pod of the e-Office serves" in held.silent[SAMPLE]


def test_without_a_product_nothing_is_asked_and_nothing_is_unread() -> None:
    assert read(Cluster(1), product=False) == office.Held()


@pytest.mark.usefixtures("silent")
def test_a_serving_product_that_does_not_answer_ends_a_plan_and_is_unknown_to_verify() -> None:
    with pytest.raises(errors.Unreachable):
        read(Cluster(1))
    silent = read(Cluster(1), evidence=True).silent
    assert silent == {SAMPLE: "the e-Office does not answer; connection refused"}


def test_a_product_without_a_way_in_is_planned_anew_like_one_that_does_not_serve() -> None:
    """Else the plan that brings the way in back could not be made."""
    silent = read(Cluster(1, way_in=False)).silent
    assert silent[SAMPLE].endswith("no address leads to the e-Office")


@pytest.mark.usefixtures("silent")
def test_where_somebody_else_answers_the_plan_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """An expired or lost certificate is mended by a plan."""

    def astray(*_: object) -> tuple[item.Item, ...]:
        raise product_api.Astray("the e-Office does not answer")

    monkeypatch.setattr(office, "held", astray)
    for evidence in (False, True):
        held = read(Cluster(1), evidence=evidence)
        assert held == office.Held({}, {SAMPLE: "the e-Office does not answer"})


def test_an_organisation_that_leaves_goes_first_and_its_register_and_roles_last() -> None:
    """A product refuses the first while it has letters: then nothing else was done."""

    def change(kind: contract.Kind, *, gone: bool) -> plan.Change:
        ref = item.Ref(item.EngineName.SETTINGS, kind, "ga-x-prod", f"x{kind}")
        if gone:
            return plan.Change(plan.Action.DELETE, ref, None)
        return plan.Change(plan.Action.UPDATE, ref, item.Item(ref, {}, "x"))

    kind = contract.Kind
    leaving = [change(k, gone=True) for k in (kind.ROLE, kind.REGISTER, kind.ORGANISATION)]
    staying = [change(k, gone=False) for k in (kind.WORKFLOW, kind.ORGANISATION)]
    ordered = office.in_order([*staying, *leaving])
    assert [(c.ref.kind, c.action is plan.Action.DELETE) for c in ordered] == [
        (kind.ORGANISATION, True),
        (kind.ORGANISATION, False),
        (kind.WORKFLOW, False),
        (kind.REGISTER, True),
        (kind.ROLE, True),
    ]
