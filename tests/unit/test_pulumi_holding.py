"""What a preview shows is compared with the plan, step by step."""

from __future__ import annotations

import pytest

from onboarding import item, plan
from onboarding.engines.pulumi_stack import events, holding


def ref(name: str, kind: str = "ConfigMap") -> item.Ref:
    return item.Ref(item.EngineName.CLUSTER, kind, "ns", name)


def change(action: plan.Action, name: str = "x") -> plan.Change:
    return plan.Change(action, ref(name), None)


def judged(operation: str, planned: plan.Change | None, *, wanted: bool = True) -> holding.Foreseen:
    changes = {planned.ref: planned} if planned else {}
    told = [events.Told(ref("x"), events.Fate.BEGUN, operation)]
    return holding.judge(told, changes, frozenset({ref("x")} if wanted else ()))


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("create", plan.Action.CREATE),
        ("update", plan.Action.CREATE),
        ("replace", plan.Action.CREATE),
        ("create-replacement", plan.Action.CREATE),
        ("create", plan.Action.UPDATE),
        ("update", plan.Action.UPDATE),
        ("delete", plan.Action.DELETE),
        ("same", plan.Action.UPDATE),
        ("same", plan.Action.DELETE),
        ("refresh", plan.Action.DELETE),
    ],
)
def test_a_step_of_a_planned_change_is_in_order(operation: str, action: plan.Action) -> None:
    assert judged(operation, change(action)) == holding.Foreseen()


@pytest.mark.parametrize(
    ("operation", "action"),
    [
        ("delete", plan.Action.UPDATE),
        ("delete", plan.Action.CREATE),
        ("replace", plan.Action.UPDATE),
        ("delete-replaced", plan.Action.UPDATE),
        ("create-replacement", plan.Action.DELETE),
        ("create", plan.Action.DELETE),
        ("update", plan.Action.DELETE),
        ("something-new", plan.Action.UPDATE),
    ],
)
def test_another_step_than_the_planned_one_is_beyond_it(
    operation: str, action: plan.Action
) -> None:
    assert judged(operation, change(action)).beyond == {ref("x"): [operation]}


@pytest.mark.parametrize("operation", ["update", "delete", "replace", "something-new"])
def test_a_step_that_nobody_planned_is_beyond(operation: str) -> None:
    assert judged(operation, None).beyond == {ref("x"): [operation]}


@pytest.mark.parametrize(
    ("operation", "action", "beyond"),
    [
        ("delete", plan.Action.DELETE, False),
        ("update", plan.Action.DELETE, True),
        ("delete", plan.Action.UPDATE, True),
    ],
)
def test_what_the_cluster_made_anew_goes_with_its_namespace(
    operation: str, action: plan.Action, beyond: bool
) -> None:
    space = item.Ref(item.EngineName.CLUSTER, "Namespace", "", "ns")
    told = [
        events.Told(space, events.Fate.BEGUN, action.value),
        events.Told(ref("default", "ServiceAccount"), events.Fate.BEGUN, operation),
    ]
    found = holding.judge(told, {space: plan.Change(action, space, None)}, frozenset())
    assert bool(found.beyond) is beyond


def test_what_stands_and_is_missing_in_the_state_alone_is_taken_back() -> None:
    found = judged("create", None)
    assert (found.taken_back, found.beyond) == ([ref("x")], {})
    assert judged("create", None, wanted=False).beyond == {ref("x"): ["create"]}


def test_what_the_state_believes_to_stand_and_does_not_needs_a_refresh() -> None:
    found = judged("same", change(plan.Action.CREATE))
    assert (found.overlooked, found.beyond, found.behind) == ([ref("x")], {}, True)


def test_only_what_begins_counts() -> None:
    told = [events.Told(ref("x"), fate, "delete") for fate in events.Fate]
    assert holding.judge(told, {}, frozenset()).beyond == {ref("x"): ["delete"]}


def test_fields_that_force_an_object_to_be_made_anew_are_named_by_their_block() -> None:
    binding = plan.Change(
        plan.Action.UPDATE,
        ref("b", "RoleBinding"),
        None,
        (plan.FieldChange("roleRef.name", "a", "b"), plan.FieldChange("roleRef.kind", "a", "b")),
    )
    workload = plan.Change(
        plan.Action.UPDATE,
        ref("d", "Deployment"),
        None,
        (plan.FieldChange("spec.selector.matchLabels.app", "a", "b"),),
    )
    assert holding.made_anew([binding, workload, change(plan.Action.UPDATE)]) == {
        binding.ref: ("roleRef",),
        workload.ref: ("spec.selector",),
    }


def test_the_server_is_not_asked_about_a_binding_whose_role_may_come_with_it() -> None:
    new = plan.Change(plan.Action.CREATE, ref("b", "RoleBinding"), None)
    stands = plan.Change(plan.Action.UPDATE, ref("c", "RoleBinding"), None)
    other = plan.Change(plan.Action.CREATE, ref("r", "Role"), None)
    assert holding.unasked([new, stands, other]) == {new.ref}


def test_waiting_once_more_for_what_stands_as_planned_is_not_beyond_the_plan() -> None:
    again = [events.Told(ref("x"), events.Fate.BEGUN, "update", alike=True)]
    assert holding.judge(again, {}, frozenset({ref("x")})) == holding.Foreseen()
    # Of an object that is to go, or that nobody wants, nothing is written at all.
    going = {ref("x"): change(plan.Action.DELETE)}
    assert holding.judge(again, going, frozenset({ref("x")})).beyond == {ref("x"): ["update"]}
    assert holding.judge(again, {}, frozenset()).beyond == {ref("x"): ["update"]}
