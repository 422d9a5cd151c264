"""Comparison is containment: what we own must be there; what others add does not matter."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding import item, normal_form

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=12,
)


def differences(kind: str, desired: Any, live: Any) -> list[tuple[str, Any, Any]]:
    return list(normal_form.differences(kind, desired, live))


@given(json_values)
def test_a_value_never_differs_from_itself(value: Any) -> None:
    assert differences("Any", value, value) == []


@given(st.dictionaries(st.text(max_size=4), json_values, max_size=3), json_values)
def test_what_others_add_is_not_a_difference(desired: dict[str, Any], extra: Any) -> None:
    live = {**desired, "added-by-someone-else": extra}
    assert differences("Any", desired, live) == []


def test_a_missing_field_is_a_difference_at_its_path() -> None:
    assert differences("Role", {"spec": {"a": 1}}, {"spec": {}}) == [("spec.a", None, 1)]


def test_a_longer_list_is_a_difference() -> None:
    found = differences(
        "Role", {"rules": [{"verbs": ["get"]}]}, {"rules": [{"verbs": ["get", "delete"]}]}
    )
    assert found == [("rules.0.verbs", ["get", "delete"], ["get"])]


def test_elements_of_a_list_may_carry_defaults() -> None:
    live = {"containers": [{"name": "e-office", "terminationMessagePath": "/dev/termination-log"}]}
    assert differences("Deployment", {"containers": [{"name": "e-office"}]}, live) == []


def test_a_key_added_to_a_map_that_is_ours_as_a_whole_is_a_difference() -> None:
    found = differences("ConfigMap", {"data": {"a": "1"}}, {"data": {"a": "1", "b": "2"}})
    assert found == [("data.b", "2", None)]


def test_true_is_not_one() -> None:
    assert differences("Any", {"x": True}, {"x": 1})


@pytest.mark.parametrize(
    ("left", "right"),
    [("1000m", "1"), ("1024Mi", "1Gi"), ("1Gi", "1073741824"), ("0.5", "500m"), ("2k", 2000)],
)
def test_quantities_are_equal_in_any_unit(left: Any, right: Any) -> None:
    assert normal_form.quantity(left) == normal_form.quantity(right)
    quota = {"spec": {"hard": {"x": left}}}
    assert differences("ResourceQuota", quota, {"spec": {"hard": {"x": right}}}) == []


def test_quantities_are_compared_as_such_only_where_the_table_says() -> None:
    assert differences("ConfigMap", {"data": {"x": "1000m"}}, {"data": {"x": "1"}})


@pytest.mark.parametrize("live", ["anything", 7, {"a": 1}])
def test_known_after_apply_is_satisfied_by_any_present_value(live: Any) -> None:
    assert differences("Any", {"x": item.KNOWN_AFTER_APPLY}, {"x": live}) == []


@pytest.mark.parametrize("live", [{}, {"x": None}, {"x": ""}])
def test_known_after_apply_is_not_satisfied_by_nothing(live: dict[str, Any]) -> None:
    assert differences("Any", {"x": item.KNOWN_AFTER_APPLY}, live)


def test_a_dot_in_a_key_does_not_look_like_a_step() -> None:
    found = differences("Namespace", {"labels": {"gdcc.go.th/env": "prod"}}, {"labels": {}})
    assert found[0][0] == "labels.gdcc·go·th/env"


def withdrawn(desired: Any, known: Any, live: Any, kind: str = "Role") -> list[Any]:
    return sorted(normal_form.withdrawn(kind, desired, known, live))


def test_what_an_earlier_run_set_and_nobody_wants_any_more_is_told_while_it_is_there() -> None:
    known = {"labels": {"a": "1", "b": "2"}, "spec": {"rules": [{"x": 1, "y": {"z": 3}}]}}
    desired = {"labels": {"a": "1"}, "spec": {"rules": [{"x": 1}]}}
    found = [("labels.b", "2", None), ("spec.rules.0.y", {"z": 3}, None)]
    assert withdrawn(desired, known, known) == found
    gone = {"labels": {"a": "1"}, "spec": {"rules": [{"x": 1}]}}
    assert withdrawn(desired, known, gone) == []


def test_what_nobody_set_before_is_not_withdrawn() -> None:
    assert withdrawn({"a": 1}, {"a": 1}, {"a": 1, "added": 2}) == []


def test_a_list_of_another_length_is_no_matter_of_withdrawing() -> None:
    assert withdrawn({"x": [{}]}, {"x": [{"a": 1}, {}]}, {"x": [{"a": 1}, {}]}) == []


def test_a_map_that_is_ours_as_a_whole_tells_it_already() -> None:
    known = {"data": {"a": "1", "b": "2"}}
    assert withdrawn({"data": {"a": "1"}}, known, known, "ConfigMap") == []
    assert differences("ConfigMap", {"data": {"a": "1"}}, known) == [("data.b", "2", None)]


@given(json_values, json_values)
def test_what_is_wanted_as_before_withdraws_nothing(value: Any, live: Any) -> None:
    assert withdrawn(value, value, live) == []


def held(*paths: str, **live: Any) -> dict[str, Any]:
    return {**live, normal_form.HELD_BY_OTHERS: {p: ["kubectl", "Update", "now"] for p in paths}}


def test_what_the_system_says_that_others_added_is_a_difference() -> None:
    live = held("metadata.labels.x", metadata={"labels": {"x": "y", "ours": "1"}})
    found = differences("Role", {"metadata": {"labels": {"ours": "1"}}}, live)
    assert found == [("metadata.labels.x", "y", None)]


def test_what_others_hold_with_our_value_is_none() -> None:
    live = held("spec.a", "gone.b", spec={"a": 1})
    assert differences("Role", {"spec": {"a": 1}}, live) == []


def test_a_field_is_told_once_however_it_is_held() -> None:
    live = held("spec.list.1", "spec.a", spec={"list": [1, 2], "a": 2})
    found = differences("Role", {"spec": {"list": [1], "a": 1}}, live)
    assert found == [("spec.list", [1, 2], [1]), ("spec.a", 2, 1)]


def test_what_the_server_fills_in_for_others_is_none() -> None:
    def pod(**more: Any) -> dict[str, Any]:
        return {"spec": {"template": {"spec": {"containers": [{"image": "a", **more}]}}}}

    at = "spec.template.spec.containers.0."
    held = {
        f"{at}{name}": ["by-hand", "Update", ""] for name in ("terminationMessagePolicy", "tty")
    }
    live = {**pod(terminationMessagePolicy="File", tty=True), "heldByOthers": held}
    assert differences("Deployment", pod(), live) == [(f"{at}tty", True, None)]
    live = {**pod(terminationMessagePolicy="FallbackToLogsOnError"), "heldByOthers": held}
    assert differences("Deployment", pod(), live) == [
        (f"{at}terminationMessagePolicy", "FallbackToLogsOnError", None)
    ]


def test_of_a_value_held_as_a_whole_what_is_beyond_ours_is_told() -> None:
    live = held("spec.to", spec={"to": [{"port": 1, "end": 9}], "other": "default"})
    found = differences("NetworkPolicy", {"spec": {"to": [{"port": 1}]}}, live)
    assert found == [("spec.to.0.end", 9, None)]
    opened = held("spec.who", spec={"who": {"all": True}})
    assert differences("NetworkPolicy", {"spec": {"who": {}}}, opened) == [
        ("spec.who.all", True, None)
    ]


def test_a_key_that_the_system_fills_in_is_none_until_somebody_changes_it() -> None:
    live = {"attributes": {"realm_client": "false", "mine": "1"}}
    assert differences("Client", {"attributes": {"mine": "1"}}, live) == []
    changed = {"attributes": {"realm_client": "true", "mine": "1", "theirs": "2"}}
    assert sorted(differences("Client", {"attributes": {"mine": "1"}}, changed), key=str) == [
        ("attributes.realm_client", "true", "false"),
        ("attributes.theirs", "2", None),
    ]
    assert normal_form.surplus("Client", "attributes", {"mine": "1"}, changed["attributes"]) == {
        "realm_client": "false",
        "theirs": None,
    }


def test_what_a_first_sign_in_adds_to_the_mapper_of_groups_is_no_difference() -> None:
    def client(mapper: str, **more: str) -> dict[str, Any]:
        return {"protocolMappers": {mapper: {"config": {"claim.name": mapper, **more}}}}

    added = {"multivalued": "true", "userinfo.token.claim": "false"}
    assert differences("Client", client("groups"), client("groups", **added)) == []
    where = "protocolMappers.{}.config.multivalued"
    assert differences("Client", client("groups"), client("groups", multivalued="false")) == [
        (where.format("groups"), "false", "true")
    ]
    assert differences("Client", client("username"), client("username", **added)) == [
        (where.format("username"), "true", None)
    ]


def test_what_is_added_to_a_step_of_a_sign_in_is_a_difference() -> None:
    plain, told = {"name": "otp"}, {"name": "idp", "config": {"default": "agency"}}
    more = {"name": "idp", "config": {"default": "agency", "by-hand": "1"}}
    wanted = {"executions": [plain, told]}
    assert differences("AuthenticationFlow", wanted, {"executions": [plain, told]}) == []
    assert differences("AuthenticationFlow", wanted, {"executions": [plain, more]}) == [
        ("executions.1.config.by-hand", "1", None)
    ]
    given = {"executions": [{**plain, "config": {"credentials": "none"}}, told]}
    assert differences("AuthenticationFlow", wanted, given) == [
        ("executions.0.config", {"credentials": "none"}, None)
    ]


def test_what_narrows_a_policy_for_clients_is_a_difference() -> None:
    def realm(**configuration: str) -> dict[str, Any]:
        condition = {"condition": "any-client", "configuration": configuration}
        return {"clientPolicies": {"policies": [{"name": "all", "conditions": [condition]}]}}

    path = "clientPolicies.policies.0.conditions.0.configuration.is-negative-logic"
    assert differences("Realm", realm(), realm()) == []
    narrowed = realm(**{"is-negative-logic": "true"})
    assert differences("Realm", realm(), narrowed) == [(path, "true", None)]


def test_what_the_server_gives_every_pod_is_no_difference_and_a_container_that_runs_on_is() -> None:
    pod = "spec.template.spec"
    held = {f"{pod}.restartPolicy": ["x"], f"{pod}.initContainers.0.restartPolicy": ["x"]}
    wanted = {"spec": {"template": {"spec": {"initContainers": [{"name": "a"}]}}}}
    first = {"name": "a", "restartPolicy": "Always"}
    spec = {"restartPolicy": "Always", "initContainers": [first]}
    live = {"spec": {"template": {"spec": spec}}, normal_form.HELD_BY_OTHERS: held}
    told = [path for path, _, _ in differences("Deployment", wanted, live)]
    assert told == [f"{pod}.initContainers.0.restartPolicy"]
