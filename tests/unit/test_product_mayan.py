"""What Mayan EDMS is to hold for an agency: pure, from the settings that it is delivered."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from onboarding import environment, item, normal_form, tenant
from onboarding.desired import settings
from onboarding.product_api.mayan import ids, reading
from onboarding.products import contract, mayan
from onboarding.products.mayan import rights, wanted
from tests.contract import agencies
from tests.unit import targets
from tests.unit.manifest import samples

Kind = contract.Kind


def configuration(of: tenant.Tenant) -> contract.Configuration:
    namespace = of.e_offices[0].namespace
    fields = next(
        i.fields
        for i in settings.desired(of, targets.pinned())
        if i.ref.kind == settings.KIND and i.ref.scope == namespace
    )
    return mayan.Mayan().desired(of.id, fields)


def names(made: contract.Configuration, kind: Kind) -> list[str]:
    return [name for of_kind, name in made if of_kind == kind]


def culture(**changes: Any) -> tenant.Tenant:
    return tenant.resolve(samples.build(**changes))


def pooled() -> contract.Configuration:
    return configuration(agencies.example("plk-lao"))


def test_an_agency_of_its_own_is_one_organisation_with_its_five_groups() -> None:
    made = configuration(culture())
    assert names(made, Kind.ORGANISATION) == ["culture"]
    assert len(names(made, Kind.ROLE)) == 5 + 2 + 1
    assert len(made[Kind.ROLE, "culture:staff:culture"]["groups"]) == 5
    assert "culture:central" in names(made, Kind.ROLE)
    label = made[Kind.ORGANISATION, "culture"]["label"]
    assert label == "กระทรวงวัฒนธรรม · Ministry of Culture [culture/culture]"


def test_each_of_57_bodies_is_an_organisation_on_which_only_its_own_groups_have_rights() -> None:
    made = pooled()
    assert len(names(made, Kind.ORGANISATION)) == 57
    assert len(names(made, Kind.ROLE)) == 57 * (5 + 2) + 1
    assert len(names(made, Kind.REGISTER)) == 57 * 2
    seen: set[str] = set()
    for name in names(made, Kind.ORGANISATION):
        roles = set(made[Kind.ORGANISATION, name]["rights"])
        groups = {g for role in roles for g in made[Kind.ROLE, role]["groups"]}
        assert len(groups) == 5
        assert all(f":unit:{name}:" in group for group in groups)
        assert not seen & groups
        seen |= groups


def test_four_of_the_five_roles_write_and_what_all_share_opens_no_letter() -> None:
    made = configuration(culture())
    writing = wanted.writers("culture", "culture")
    assert made[Kind.ROLE, writing]["groups"] == [
        f"culture:{role}" for role in ("central", "department", "division", "section")
    ]
    granted = made[Kind.ORGANISATION, "culture"]["rights"]
    assert granted[writing] == sorted(rights.WRITE)
    assert wanted.everybody("culture") not in granted


def test_a_letter_has_one_of_six_types_a_class_without_top_secret_and_a_speed() -> None:
    made = configuration(culture())
    assert len(made[Kind.FIELD, "letter_type"]["values"]) == 6
    assert made[Kind.FIELD, "secrecy"]["values"] == ["ปกติ", "ลับ"]
    assert made[Kind.FIELD, "speed"]["values"] == ["ปกติ", "ด่วน", "ด่วนมาก", "ด่วนที่สุด"]
    needed = made[Kind.ORGANISATION, "culture"]["fields"]
    assert {name for name, required in needed.items() if required} == {
        "letter_type", "secrecy", "speed",
    }  # fmt: skip


def test_no_value_has_the_comma_at_which_the_product_parts_them() -> None:
    fields = [f for key, f in configuration(culture()).items() if key[0] == Kind.FIELD]
    assert not any("," in value for of_field in fields for value in of_field["values"])


def test_an_external_letter_is_signed_before_it_takes_a_number_and_is_sent() -> None:
    moves = configuration(culture())[Kind.WORKFLOW, wanted.WORKFLOW]["moves"]
    unsigned = [m for m in moves.values() if m["from"] == wanted.DRAFT and m["only"]]
    assert len(unsigned) == 1
    assert len(unsigned[0]["only"]) == 5
    assert "หนังสือภายนอก" not in unsigned[0]["only"]
    chain = [(m["from"], m["to"]) for m in moves.values() if not m["only"]]
    assert [here for here, _ in chain[1:3]] == [there for _, there in chain[:2]]


def test_who_asks_to_delete_is_not_who_deletes() -> None:
    for role in ("central", "department", "division", "section", "screener"):
        granted = [*rights.STAFF, *rights.WRITE, *rights.of_deletion(role, approver="central")]
        assert ("documents.document_delete" in granted) == (role == "central")
        assert not {"documents.document_delete", "documents.document_trash"} <= set(granted)


def test_letters_are_never_deleted_by_themselves_and_read_by_no_language_model() -> None:
    for key, fields in pooled().items():
        if key[0] == Kind.ORGANISATION:
            assert (fields["binnedAfter"], fields["deletedAfter"]) == ("", "")
            assert fields["readByAi"] is False


def test_labels_fit_what_the_product_keeps_and_carry_the_id() -> None:
    long = wanted.marked("ก" * 400, "plk-lao", "plk-01", wanted.LONGEST_TYPE)
    assert len(long) == wanted.LONGEST_TYPE
    assert wanted.mark_in(long, "plk-lao") == "plk-01"
    assert wanted.mark_in(long, "plk") == ""
    assert wanted.mark_in("งานทั่วไป [ร่าง]", "plk-lao") == ""
    assert all(len(label) <= 48 for label, _ in wanted.FIELDS.values())


def test_what_holds_letters_or_their_numbers_is_marked() -> None:
    made = contract.items("culture", "ga-culture-prod", configuration(culture()))
    held = {i.ref.kind for i in made if i.holds_data}
    assert held == {Kind.ORGANISATION, Kind.REGISTER}


def test_a_condition_is_read_back_as_it_was_written_and_another_one_shows_itself() -> None:
    types = ["หนังสือภายใน", "หนังสือสั่งการ"]
    assert ids.letter_types_in(ids.for_letter_types(types)) == types
    assert ids.letter_types_in("") == []
    by_hand = "{% if True %}True{% endif %}"
    assert ids.letter_types_in(by_hand) == [by_hand]
    assert ids.type_in(ids.for_type(12)) == 12
    assert ids.type_in(ids.for_type(12) + " ") == 0


@pytest.mark.parametrize(
    ("changed", "one_by_one"),
    [
        ({}, True),
        # As Mayan's own form stores it when nothing was changed in it.
        ({"backend_data": {"value_first": 1, **ids.ONE_BY_ONE, "value_limit": None}}, True),
        ({"backend_data": {"value_first": 1, **ids.ONE_BY_ONE, "value_limit": 99}}, False),
        ({"backend_data": {"value_first": 1, **ids.ONE_BY_ONE, "increment_list": "0"}}, False),
        ({"backend_path": "mayan.apps.sequences.sequence_backends.symbol.Symbols"}, False),
        ({"value_is_unique": False}, False),
    ],
)
def test_a_register_counts_one_by_one_or_that_is_seen(
    changed: dict[str, Any], one_by_one: bool
) -> None:
    held = {
        "label": "ทะเบียน",
        "backend_path": ids.COUNTER,
        "backend_data": json.dumps({"value_first": 1, **ids.ONE_BY_ONE}),
        "value_is_unique": True,
        **changed,
    }
    want = {"label": "ทะเบียน", "firstNumber": 1, "oneByOne": one_by_one}
    assert reading.register(held) == want


def test_a_right_that_a_hand_added_is_a_difference() -> None:
    want = {"rights": {"culture:central": ["documents.document_view"]}}
    have = {"rights": {**want["rights"], "moph:central": ["documents.document_view"]}}
    found = list(normal_form.differences(Kind.ORGANISATION, want, have))
    assert [path for path, _, _ in found] == ["rights.moph:central"]


def test_every_limit_names_a_control_and_says_why_in_both_languages() -> None:
    for limit in mayan.PRODUCT.limits:
        assert limit.control.startswith(("DOC-", "IDP-"))
        assert limit.reason_en
        assert any("ก" <= letter <= "๙" for letter in limit.reason_th)


def test_without_a_product_nothing_of_one_is_desired() -> None:
    kinds = {i.ref.kind for i in settings.desired(culture(), targets.pinned())}
    assert not kinds & contract.KINDS


def test_with_a_product_its_items_belong_to_the_agency_and_an_agency_that_leaves_has_none() -> None:
    target = targets.pinned().model_copy(
        update={"e_office": environment.EOffice(product="mayan-edms")}
    )
    of = culture()
    made = [i for i in settings.desired(of, target) if i.ref.kind in contract.KINDS]
    assert {i.owner for i in made} == {"culture"}
    assert {i.ref.engine for i in made} == {item.EngineName.SETTINGS}
    leaving = dataclasses.replace(of, phase=tenant.Phase.FROZEN)
    assert not [i for i in settings.desired(leaving, target) if i.ref.kind in contract.KINDS]


@pytest.mark.parametrize("agency", ["culture", "plk-lao"])
@pytest.mark.parametrize("name", ["letters", "plk-01-in"])
def test_an_internal_name_is_read_back(agency: str, name: str) -> None:
    assert ids.named(ids.internal(agency, name), agency) == name
    assert ids.named(ids.internal(agency, name), "plk") == ""
    assert ids.named(name, agency) == ""


def test_a_role_of_others_may_have_what_opens_no_letter() -> None:
    assert rights.beyond(rights.READER, reader=True) == []
    assert rights.beyond(rights.READER, reader=False) == [
        "file_metadata.file_metadata_document_type_setup"
    ]
    granted = ["user_management.group_edit", "authentication.users_impersonate", *rights.STAFF]
    assert rights.beyond(granted, reader=False) == sorted(
        {"authentication.users_impersonate", *rights.STAFF} - set(rights.READER)
    )
