"""The settings of an e-Office: what the manifest and the legal defaults make of it."""

from __future__ import annotations

import dataclasses
from typing import Any, cast

import pytest
import yaml
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from onboarding import errors, item, kube, labels, plan, strict_yaml, tenant
from onboarding.desired import documents, saraban, settings
from onboarding.engines.ansible_playbooks import live
from tests.unit import targets
from tests.unit.manifest import samples

E_OFFICE = {"name": "e-office", "kind": "e-office", "dataClass": "confidential"}
ECMS = {"endpoint": "https://ecms.example.go.th/ws", "account": "culture-central"}


def resolved(name: str) -> tenant.Tenant:
    return tenant.resolve(samples.example(name), targets.pinned())


def built(**changes: Any) -> tenant.Tenant:
    return tenant.resolve(samples.build(**changes), targets.pinned())


def items(of: tenant.Tenant) -> dict[str, item.Item]:
    found = settings.desired(of, targets.pinned())
    return {i.ref.scope: i for i in found if i.ref.kind == settings.KIND}


def only(of: tenant.Tenant) -> Any:
    (found,) = items(of).values()
    return found.fields


def office(**eoffice: Any) -> tenant.Tenant:
    return built(systems=[{**E_OFFICE, "eoffice": eoffice}])


def ids(values: list[dict[str, Any]]) -> list[str]:
    return [value["id"] for value in values]


def test_one_item_for_each_system_with_settings() -> None:
    moph = resolved("moph")
    found = items(moph)
    assert set(found) == {i.namespace for i in moph.instances}
    assert len(found) == 10
    for namespace, made in found.items():
        system = "health-platform" if namespace.endswith("health-platform") else "e-office"
        assert made.ref.name == f"{system}-settings"
        assert made.owner == "moph"
        assert made.fields["instance"]["namespace"] == namespace
        assert made.fields["metadata"]["labels"] == {
            "gdcc.go.th/agency": "moph",
            "gdcc.go.th/system": system,
            "gdcc.go.th/env": "uat" if "-uat" in namespace else "prod",
            "gdcc.go.th/managed-by": "onboard",
        }


def test_six_letter_types_four_speeds_five_roles_in_thai_and_english() -> None:
    fields = only(built())
    assert ids(fields["letterTypes"]) == [
        "external", "internal", "stamped", "order", "public-relations", "records",
    ]  # fmt: skip
    assert [s["nameTh"] for s in fields["speeds"]] == ["ปกติ", "ด่วน", "ด่วนมาก", "ด่วนที่สุด"]
    assert [r["group"] for r in fields["roles"]] == [
        f"culture:{role}" for role in ("central", "division", "section", "screener", "department")
    ]
    for part in ("letterTypes", "speeds", "roles"):
        assert all(value["nameTh"] and value["nameEn"] for value in fields[part])


def test_a_manifest_may_narrow_letter_types_and_speeds() -> None:
    fields = only(office(letterTypes=["internal", "external"], speeds=["urgent", "normal"]))
    assert ids(fields["letterTypes"]) == ["external", "internal"]
    assert ids(fields["speeds"]) == ["normal", "urgent"]


@pytest.mark.parametrize(
    ("data_class", "allowed"),
    [
        ("internal", ["normal"]),
        ("confidential", ["normal", "confidential"]),
        ("secret", ["normal", "confidential", "secret"]),
    ],
)
def test_secrecy_follows_the_data_class_and_top_secret_is_always_refused(
    data_class: str, allowed: list[str]
) -> None:
    of = built(systems=[{**E_OFFICE, "dataClass": data_class}], security__maxDataClass="secret")
    secrecy = only(of)["secrecy"]
    assert ids(secrecy["allowed"]) == allowed
    assert "top-secret" in ids(secrecy["refused"])
    assert not set(ids(secrecy["allowed"])) & set(ids(secrecy["refused"]))


def test_secrecy_of_the_manifest_counts() -> None:
    secrecy = only(office(secrecy=["normal"]))["secrecy"]
    assert ids(secrecy["allowed"]) == ["normal"]
    assert ids(secrecy["refused"]) == ["top-secret", "confidential", "secret"]


def test_registers_in_and_out_with_buddhist_years() -> None:
    registers = only(built())["registers"]
    assert registers["era"] == "buddhist"
    assert registers["eraOffset"] == 543
    assert registers["firstYear"] == 2568
    assert registers["resetOn"] == "01-01"
    assert registers["numberUniquePerYear"] is True
    assert [(b["unit"], b["direction"]) for b in registers["books"]] == [
        ("culture", "in"), ("culture", "out"),
    ]  # fmt: skip


def test_each_shard_has_the_registers_of_its_own_unit_only() -> None:
    moph = resolved("moph")
    for made in (items(moph)[i.namespace] for i in moph.e_offices):
        shard = made.fields["instance"]["shard"]
        assert ids(made.fields["units"]) == [shard]
        assert {b["unit"] for b in made.fields["registers"]["books"]} == {shard}


def test_each_of_57_bodies_has_two_registers_with_ids_of_their_own() -> None:
    fields = only(resolved("plk-lao"))
    books = fields["registers"]["books"]
    assert len(fields["units"]) == 57
    assert len({b["id"] for b in books}) == len(books) == 114
    for unit in fields["units"]:
        directions = [b["direction"] for b in books if b["unit"] == unit["id"]]
        assert directions == ["in", "out"]
        assert unit["group"] == f"plk-lao:unit:{unit['id']}"


def test_an_external_letter_is_signed_with_a_certificate_before_it_is_numbered_and_sent() -> None:
    (external,) = only(built())["workflow"]["letters"]
    assert external["letterType"] == "external"
    assert external["steps"] == ["sign", "number", "send"]
    assert external["signature"]["required"] is True
    assert external["signature"]["method"] == "ca-certificate"


def test_deleting_needs_approval_and_retention_is_as_agreed() -> None:
    assert only(built())["retention"]["years"] == 10
    retention = only(office(retentionYears=20))["retention"]
    assert retention["years"] == 20
    assert retention["deletion"]["approvalRequired"] is True


@pytest.mark.parametrize(
    ("mode", "force"),
    [("applicable", "required"), ("voluntary", "advised"), ("not-applicable", "advised")],
)
def test_receipt_time_is_law_only_where_the_act_applies(mode: str, force: str) -> None:
    branch = "executive-central" if mode == "applicable" else "judiciary"
    calendar = only(built(legal__epa2565={"mode": mode}, agency__branch=branch))["workCalendar"]
    assert calendar["outOfHours"]["force"] == force
    assert calendar["outOfHours"]["rule"] == "next-working-time"
    assert calendar["timeZone"] == "Asia/Bangkok"
    assert calendar["workDays"] == ["mon", "tue", "wed", "thu", "fri"]
    assert calendar["hours"] == {"from": "08:30", "to": "16:30"}


def test_holidays_of_the_manifest_come_sorted_beside_those_of_every_year() -> None:
    calendar = only(office(workCalendar={"holidays": ["2027-02-21", "2026-12-07"]}))["workCalendar"]
    assert calendar["announcedHolidays"] == ["2026-12-07", "2027-02-21"]
    assert "04-13" in [h["day"] for h in calendar["yearlyHolidays"]]


def test_letter_exchange_is_on_in_production_only_and_names_its_secret_by_path() -> None:
    of = built(
        systems=[{**E_OFFICE, "eoffice": {"ecms": ECMS}}],
        tenancy__environments=["prod", "uat"],
        agency__ecms={"ministryCode": "18", "departmentCode": "18001"},
    )
    found = {scope: made.fields["ecms"] for scope, made in items(of).items()}
    production, trial = found["ga-culture-prod"], found["ga-culture-uat"]
    assert production["enabled"] is True
    assert trial["enabled"] is False
    assert production["endpoint"].startswith("https://")
    assert production["departmentCode"].startswith(production["ministryCode"])
    assert len(production["notifiers"]) == 5
    secret = "kv/culture/ga-culture-prod/ecms"
    assert production["send"] == {"enabled": True, "credentialRef": f"{secret}/send"}
    assert production["receive"] == {"enabled": True, "credentialRef": f"{secret}/receive"}
    assert trial["send"] == trial["receive"] == {"enabled": False}


def test_who_only_receives_is_told_of_no_secret_to_send() -> None:
    of = built(systems=[{**E_OFFICE, "eoffice": {"ecms": {**ECMS, "send": False}}}])
    found = only(of)["ecms"]
    assert found["send"] == {"enabled": False}
    assert found["receive"]["credentialRef"].endswith("/ecms/receive")


def test_without_an_account_the_letter_exchange_is_off() -> None:
    assert only(built())["ecms"]["enabled"] is False


def test_ai_is_off_or_fenced_to_letters_of_the_lowest_class() -> None:
    assert only(built())["ai"] == {"enabled": False}
    ai = {"maxLetterClass": "normal", "endpoint": "https://ai.example.go.th"}
    fenced = only(built(systems=[{**E_OFFICE, "features": {"ai": ai}}]))["ai"]
    assert fenced["maxLetterClass"] == "normal"
    assert fenced["blockedLetterClasses"] == ["confidential", "secret", "top-secret"]


@pytest.mark.parametrize("name", samples.NAMES)
def test_the_text_is_the_same_each_time_and_reads_back_as_the_fields(name: str) -> None:
    for made in items(resolved(name)).values():
        text = settings.text_of(made.fields)
        assert text == settings.text_of(items(resolved(name))[made.ref.scope].fields)
        body = {k: v for k, v in made.fields.items() if k not in settings.NOT_SETTINGS}
        assert strict_yaml.loads(text, "text").value == body
        assert yaml.safe_load(text) == body
        assert len(text.encode()) < settings.MAX_BYTES


@pytest.mark.parametrize(
    "name", ["กรม {{ 7*7 }}", "กรม {% raw %}{{ x }}{% endraw %}", "กรม {# ก #} ${HOME} `id`"]
)
def test_a_name_that_looks_like_a_template_stays_a_name(name: str) -> None:
    fields = only(built(agency__nameTh=name))
    assert fields["agency"]["nameTh"] == name
    assert yaml.safe_load(settings.text_of(fields))["agency"]["nameTh"] == name


TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Cn", "Co", "Zl", "Zp"])
)


@hypothesis_settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.sampled_from("abcdef"), st.one_of(TEXT, st.lists(TEXT), st.booleans())))
def test_any_text_survives_the_way_through_yaml(value: dict[str, Any]) -> None:
    assert yaml.safe_load(documents.yaml_text(value)) == value


def test_more_than_a_config_map_holds_is_refused_with_a_remedy() -> None:
    pooled = resolved("plk-lao")
    body = pooled.bodies[0]
    many = tuple(
        dataclasses.replace(body, id=f"plk-{n}", name_th="เทศบาล" * 30) for n in range(1000)
    )
    with pytest.raises(errors.Refused, match="a ConfigMap holds") as refusal:
        settings.desired(dataclasses.replace(pooled, bodies=many), targets.pinned())
    assert "Split the agency" in refusal.value.resolution


def test_a_plan_names_the_setting_that_differs() -> None:
    of, before = office(retentionYears=15), items(office(retentionYears=10))
    made = plan.diff(of.id, items(of).values(), before.values(), target={})
    (change,) = made.changes
    paths = {f.path: (f.before, f.after) for f in change.fields}
    assert paths["retention.years"] == (10, 15)


def test_a_setting_that_someone_added_is_a_difference() -> None:
    (wanted,) = items(built()).values()
    body = {k: v for k, v in wanted.fields.items() if k not in settings.NOT_SETTINGS}
    live = item.Item(
        wanted.ref,
        settings.fields_of({**body, "backdoor": True}, wanted.fields["metadata"]),
        owner="culture",
    )
    (change,) = plan.diff("culture", [wanted], [live], target={}).changes
    assert [f.path for f in change.fields] == ["contentHash"]


def test_every_default_names_its_source() -> None:
    for part, value in saraban.defaults().items():
        if part != "version":
            assert value["source"], part


class Listed:
    """A cluster that answers with these ConfigMaps."""

    def __init__(self, *found: dict[str, Any]) -> None:
        self._found = found

    def list(self, kind: str, *, selector: str) -> tuple[dict[str, Any], ...]:
        return self._found

    def get_all(self, refs: Any) -> tuple[None, ...]:
        return tuple(None for _ in refs)


def test_the_route_of_a_link_is_no_settings_whatever_its_name() -> None:
    of = built(systems=[E_OFFICE])
    place = of.instances[0]
    marks = labels.of(of.id, place.system, place.environment)

    def stray(name: str, **more: str) -> dict[str, Any]:
        where = {"namespace": place.namespace, "name": name}
        return {"metadata": {**where, "labels": {**marks, **more}}}

    cluster = Listed(stray("old-settings"), stray("link-x-settings", **{labels.LINK: "x-settings"}))
    found = live.settings_items(cast("kube.Cluster", cluster), [of])
    assert [one.ref.name for one in found[of.id]] == ["old-settings"]
