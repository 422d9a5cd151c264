"""What goes away is a hazard: deletion, loss of data, replacement, too much at once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from onboarding import errors, item, plan, safety
from onboarding.desired import office, vault
from onboarding.products import pods
from onboarding.safety import words
from tests.unit.safety import plans
from tests.unit.safety.plans import thing


def claim(**spec: object) -> item.Item:
    return thing("PersistentVolumeClaim", "documents", {"spec": spec}, data=True)


def test_a_plan_that_changes_nothing_has_no_hazard() -> None:
    assert plans.judge([thing("ConfigMap", "a")], [thing("ConfigMap", "a")]) == {}


def test_a_deletion_is_a_hazard_with_its_own_flag() -> None:
    (found,) = plans.judge([], [thing("ConfigMap", "a")]).values()
    assert (found.rule, found.flag, found.approver) == ("deletion", "--allow-delete", "")
    assert found.details == ("ConfigMap ga-moph-prod/a",)
    with pytest.raises(errors.Refused, match="deletes 1 object") as refused:
        safety.refuse([found], frozenset())
    assert refused.value.resolution == "Review them, then add --allow-delete."
    safety.refuse([found], frozenset({"--allow-delete"}))


def test_deleting_what_holds_data_needs_its_flag_and_a_second_person() -> None:
    found = plans.judge([], [claim()])
    assert set(found) == {"deletion", "data-deletion"}
    hazard = found["data-deletion"]
    assert (hazard.flag, hazard.approver) == ("--allow-data-loss", "approver")
    assert hazard.needs_second_person
    with pytest.raises(errors.Refused, match="hold data"):
        safety.refuse([hazard], frozenset({"--allow-delete"}))


@pytest.mark.parametrize("owner", ["", "someone-else"])
def test_a_conflict_is_overridden_by_no_flag(owner: str) -> None:
    found = plans.judge([thing("ConfigMap", "a", {"x": 1})], [thing("ConfigMap", "a", owner=owner)])
    assert set(found) == {"conflict"}
    every = frozenset(flag for flag, _ in safety.FLAGS.values())
    with pytest.raises(errors.Refused, match="not ours"):
        safety.refuse(found.values(), every)


def test_a_field_that_only_a_new_object_can_have_is_a_replacement() -> None:
    found = plans.judge([claim(storageClassName="fast")], [claim(storageClassName="slow")])
    assert set(found) == {"replacement"}
    hazard = found["replacement"]
    assert (hazard.flag, hazard.approver) == ("--allow-replace", "approver")
    (detail,) = hazard.details
    assert detail == (
        "PersistentVolumeClaim ga-moph-prod/documents: spec.storageClassName cannot be changed in "
        "place; lost would be the documents on the volume"
    )


def test_access_modes_of_a_volume_are_for_ever() -> None:
    before, after = claim(accessModes=["ReadWriteOnce"]), claim(accessModes=["ReadWriteMany"])
    assert set(plans.judge([after], [before])) == {"replacement"}


def sized(size: str) -> item.Item:
    return claim(resources={"requests": {"storage": size}})


def test_a_volume_can_grow() -> None:
    assert plans.judge([sized("40Gi")], [sized("20Gi")]) == {}


def test_a_volume_cannot_shrink_and_nothing_overrides_that() -> None:
    found = plans.judge([sized("20480Mi")], [sized("40Gi")])
    assert set(found) == {"shrinking"}
    (detail,) = found["shrinking"].details
    assert detail.endswith("documents: spec.resources.requests.storage 40Gi -> 20480Mi")
    every = frozenset(flag for flag, _ in safety.FLAGS.values())
    with pytest.raises(errors.Refused, match="smaller that can only grow") as refused:
        safety.refuse(found.values(), every)
    assert refused.value.resolution.endswith("it can only grow.")


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("Mount", "pki-moph-by-hand"),
        ("KeyPair", "moph/ga-moph/oidc-client-by-hand"),
        ("KeyPair", "moph/ga-moph/deeper/oidc-client"),
        ("Account", "moph/ga-moph/e-office-reader-2"),
    ],
)
def test_what_no_run_deletes_is_left_to_a_person(kind: str, name: str) -> None:
    found = plans.judge([], [thing(kind, name, {})])
    assert set(found) == {"deletion", "lasting"}
    (detail,) = found["lasting"].details
    assert name in detail
    every = frozenset(flag for flag, _ in safety.FLAGS.values())
    with pytest.raises(errors.Refused, match="that no run deletes") as refused:
        safety.refuse(found.values(), every)
    assert "remove them by hand" in refused.value.resolution


@pytest.mark.parametrize(
    ("kind", "name"),
    [("KeyPair", vault.OIDC_KEY)]
    + [("Account", name) for name in (*office.ACCOUNTS, pods.DATABASE, pods.KEY)],
)
def test_what_the_tool_made_of_these_kinds_it_deletes(kind: str, name: str) -> None:
    assert set(plans.judge([], [thing(kind, f"moph/ga-moph/{name}", {})])) == {"deletion"}


def test_what_holds_data_and_is_being_deleted_is_not_made_anew_over_its_head() -> None:
    found = plans.judge([claim()], [replace(claim(), ending=True)])
    assert set(found) == {"ending"}
    every = frozenset(flag for flag, _ in safety.FLAGS.values())
    with pytest.raises(errors.Refused, match="are being deleted in the live system") as refused:
        safety.refuse(found.values(), every)
    assert refused.value.resolution.startswith("Copy what they hold first")


def test_a_volume_that_vanished_is_not_made_anew_as_if_it_had_been_empty() -> None:
    (hazard,) = plans.judge([claim()], [], [claim()]).values()
    assert (hazard.rule, hazard.flag, hazard.approver) == ("vanished", "--allow-empty", "")
    assert "letters and records on its volume are gone" in hazard.details[0]
    assert plans.judge([claim()], []) == {}
    service = thing("Service", "web")
    assert plans.judge([service], [], [service]) == {}


def test_what_holds_none_may_end_and_be_made_anew() -> None:
    service = thing("Service", "web")
    assert plans.judge([service], [replace(service, ending=True)]) == {}


def test_another_field_of_what_holds_data_is_no_replacement() -> None:
    assert plans.judge([claim(note="b")], [claim(note="a")]) == {}


@pytest.mark.parametrize("field", ["serviceName", "volumeClaimTemplates"])
def test_what_loses_something_though_it_is_not_marked(field: str) -> None:
    before = thing("StatefulSet", "db", {"spec": {field: "a"}})
    after = thing("StatefulSet", "db", {"spec": {field: "b"}})
    assert set(plans.judge([after], [before])) == {"replacement"}


@pytest.mark.parametrize(("kind", "field"), [("Mount", "type"), ("Client", "protocol")])
def test_vault_and_keycloak_have_such_fields_too(kind: str, field: str) -> None:
    found = plans.judge([thing(kind, "x", {field: "new"})], [thing(kind, "x", {field: "old"})])
    assert set(found) == {"replacement"}


def test_what_loses_nothing_may_be_made_anew() -> None:
    before = thing("Deployment", "web", {"spec": {"selector": {"matchLabels": {"a": "b"}}}})
    after = thing("Deployment", "web", {"spec": {"selector": {"matchLabels": {"a": "c"}}}})
    assert "replacement" not in plans.judge([after], [before])


def many_things(count: int) -> list[item.Item]:
    return [thing("ConfigMap", f"c{n:02}") for n in range(count)]


def test_more_than_thirty_in_a_hundred_deleted_at_once_is_a_hazard_of_its_own() -> None:
    all_of_them = many_things(20)
    found = plans.judge(all_of_them[7:], all_of_them)
    assert set(found) == {"deletion", "mass-deletion"}
    hazard = found["mass-deletion"]
    assert (hazard.flag, hazard.approver) == ("--allow-mass-delete", "approver")
    assert hazard.message == (
        "the plan deletes 7 of the agency's 20 objects (35 %; more than 30 % is unusual)"
    )


def test_thirty_in_a_hundred_is_not_more_than_that() -> None:
    all_of_them = many_things(20)
    assert set(plans.judge(all_of_them[6:], all_of_them)) == {"deletion"}


def test_of_a_few_objects_the_share_says_nothing() -> None:
    all_of_them = many_things(4)
    assert set(plans.judge([], all_of_them)) == {"deletion"}


def test_to_destroy_is_one_hazard_that_a_second_person_allows() -> None:
    found = plans.judge([], [claim(), *many_things(9)], purpose=plan.Purpose.DESTROY)
    assert set(found) == {"destroy"}
    hazard = found["destroy"]
    assert (hazard.flag, hazard.approver, len(hazard.changes)) == ("", "approver", 10)
    safety.refuse([hazard], frozenset())


def test_a_run_over_many_agencies_needs_its_flag() -> None:
    assert safety.many([f"a{n}" for n in range(10)]) == ()
    assert safety.many(["a", "b"], most=2) == ()
    (hazard,) = safety.many(["b", "c", "a"], most=2)
    assert (hazard.rule, hazard.flag) == (words.MANY_TENANTS, "--allow-many-tenants")
    assert hazard.message == "the run would change 3 agencies, more than 2"
    assert hazard.details == ("a", "b", "c")
    with pytest.raises(errors.Refused):
        safety.refuse([hazard], frozenset())
    safety.refuse([hazard], frozenset({"--allow-many-tenants"}))


def test_a_refusal_names_every_hazard_and_every_flag() -> None:
    with pytest.raises(errors.Refused) as refused:
        safety.refuse(plans.judge([], [claim()]).values(), frozenset())
    assert refused.value.message == "the plan deletes 1 object(s)"
    assert "the plan would delete 1 object(s) that hold data" in refused.value.details
    assert refused.value.resolution == "Review them, then add --allow-delete --allow-data-loss."
