"""Renderings of an agency, and how two versions of one differ."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

import onboarding
from onboarding import desired, item, manifest, plan, rendering, tenant
from tests.running import ROOT
from tests.unit import targets


@pytest.fixture(scope="module")
def dede() -> rendering.Rendering:
    target = targets.pinned()
    of = tenant.resolve(manifest.load(ROOT / "examples/dede.yaml"), target)
    wanted = desired.everything(of, target)
    return rendering.Rendering(of.id, onboarding.__version__, wanted)


def test_a_rendering_comes_back_from_its_json(dede: rendering.Rendering) -> None:
    kept = replace(dede, open=(("DOC-010", "Settings x", "fail", True),))
    assert rendering.from_json(json.loads(json.dumps(kept.json()))) == kept


@pytest.mark.parametrize("broken", [{}, {"apiVersion": "v2", "kind": "Rendering"}, {"kind": 1}])
def test_anything_else_is_refused(broken: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="Rendering"):
        rendering.from_json(broken)


def test_the_same_rendering_changes_nothing(dede: rendering.Rendering) -> None:
    found = rendering.compare(dede, dede)
    assert not found.any
    assert found.unchanged == len(dede.items)


def test_every_item_that_differs_is_found_and_no_other(dede: rendering.Rendering) -> None:
    for number, one in enumerate(dede.items):
        other = replace(one, fields={**one.fields, "a field of the next version": 1})
        items = (*dede.items[:number], other, *dede.items[number + 1 :])
        for pair in ((dede, replace(dede, items=items)), (replace(dede, items=items), dede)):
            (change,) = rendering.compare(*pair).changes
            assert (change.ref, change.action) == (one.ref, plan.Action.UPDATE)
            assert [f.path for f in change.fields] == ["a field of the next version"]


def test_new_and_dropped_items_are_told_apart(dede: rendering.Rendering) -> None:
    fewer = replace(dede, items=dede.items[1:])
    (dropped,) = rendering.compare(dede, fewer).changes
    (new,) = rendering.compare(fewer, dede).changes
    assert (dropped.action, new.action) == (plan.Action.DELETE, plan.Action.CREATE)
    assert dropped.ref == new.ref == dede.items[0].ref


def test_the_hash_of_an_object_is_no_field_of_its_own(dede: rendering.Rendering) -> None:
    one = next(i for i in dede.items if i.ref.kind == "Deployment")
    changed = json.loads(json.dumps(dict(one.fields)))
    changed["metadata"]["annotations"]["gdcc.go.th/content-hash"] = "0"
    changed["spec"]["replicas"] = 7
    items = tuple(replace(i, fields=changed) if i is one else i for i in dede.items)
    (change,) = rendering.compare(dede, replace(dede, items=items)).changes
    assert [f.path for f in change.fields] == ["spec.replicas"]


def test_a_control_that_newly_gates_means_apply_would_refuse(dede: rendering.Rendering) -> None:
    known, new = ("A-1", "x", "fail", False), ("A-2", "x", "fail", True)
    found = rendering.compare(replace(dede, open=(known,)), replace(dede, open=(new,)))
    assert (found.opened, found.closed, found.refused) == ((new,), (known,), True)


def test_two_agencies_are_not_compared(dede: rendering.Rendering) -> None:
    with pytest.raises(ValueError, match="two agencies"):
        rendering.compare(dede, replace(dede, tenant_id="other"))


def test_an_item_keeps_what_marks_it(dede: rendering.Rendering) -> None:
    back = rendering.from_json(dede.json())
    marked = {i.ref for i in dede.items if i.holds_data}
    assert marked
    assert {i.ref for i in back.items if i.holds_data} == marked
    assert all(isinstance(i, item.Item) for i in back.items)
