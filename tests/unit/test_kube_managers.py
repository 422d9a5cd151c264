"""Field managers: what people and other tools hold of a live object, as paths."""

from __future__ import annotations

from typing import Any

from onboarding import normal_form
from onboarding.engines.pulumi_stack import live as cluster_live
from onboarding.kube import managers


def live(*entries: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"metadata": {"name": "x", "managedFields": list(entries)}, **fields}


def entry(manager: str, fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"manager": manager, "operation": "Update", "time": "t1", "fieldsV1": fields, **more}


def test_fields_of_others_are_told_with_who_and_when() -> None:
    of = live(entry("kubectl-edit", {"f:data": {".": {}, "f:a.b": {}}}), data={"a.b": "1"})
    assert managers.held_by_others(of) == {("data", "a.b"): ("kubectl-edit", "Update", "t1")}


def test_neither_ours_nor_what_the_cluster_itself_holds_is_told() -> None:
    of = live(
        entry("onboard", {"f:data": {"f:a": {}}}, operation="Apply"),
        entry("kube-controller-manager", {"f:data": {"f:a": {}}}),
        entry("kubectl", {"f:data": {"f:a": {}}}, subresource="status"),
        data={"a": "1"},
    )
    assert managers.held_by_others(of) == {}


def test_scaling_by_hand_is_told() -> None:
    of = live(
        entry("kubectl", {"f:spec": {"f:replicas": {}}}, subresource="scale"), spec={"replicas": 0}
    )
    assert list(managers.held_by_others(of)) == [("spec", "replicas")]


def test_entries_of_lists_are_found_by_key_value_and_place() -> None:
    of = live(
        entry(
            "kubectl",
            {
                "f:spec": {
                    "f:containers": {'k:{"name":"b"}': {"f:image": {}}},
                    "f:finalizers": {'v:"mine"': {}},
                    "f:rules": {"i:1": {}},
                }
            },
        ),
        spec={
            "containers": [{"name": "a"}, {"name": "b", "image": "i"}],
            "finalizers": ["other", "mine"],
            "rules": [{}, {}],
        },
    )
    assert set(managers.held_by_others(of)) == {
        ("spec", "containers", 1, "image"),
        ("spec", "finalizers", 1),
        ("spec", "rules", 1),
    }


def test_what_is_no_longer_there_is_left_out() -> None:
    fields: dict[str, Any] = {
        "f:data": {"f:gone": {}},
        "f:list": {'k:{"n":1}': {"f:x": {}}, "i:7": {}},
    }
    assert managers.held_by_others(live(entry("kubectl", fields), data={}, list=[])) == {}


def test_of_two_who_hold_a_field_the_later_is_named() -> None:
    fields: dict[str, Any] = {"f:data": {"f:a": {}}}
    of = live(entry("b", fields, time="t2"), entry("a", fields, time="t1"), data={"a": "1"})
    assert managers.held_by_others(of)[("data", "a")] == ("b", "Update", "t2")


def test_notes_of_pulumi_that_a_hand_copied_along_are_nobodys_change() -> None:
    notes = {"pulumi.com/skipAwait": "true", "gdcc.go.th/last-update": "t"}
    fields: dict[str, Any] = {
        "f:metadata": {"f:annotations": {f"f:{name}": {} for name in (*notes, "mine")}}
    }
    of = live(entry("kubectl-create", fields))
    of["metadata"] |= {"name": "x", "annotations": {**notes, "mine": "1"}}
    seen = cluster_live.of("NetworkPolicy", of).fields[normal_form.HELD_BY_OTHERS]
    assert list(seen) == ["metadata.annotations.mine"]
