"""A started manifest is valid, commented in one language, and keeps what was answered."""

from __future__ import annotations

import itertools
import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import clock, desired, errors, manifest, policy, sizing, tenant, verify
from onboarding.manifest import fmt, init, init_answers, init_presets
from onboarding.policies import load
from tests.unit import targets

TODAY = date(2026, 11, 22)
STARTED = Path(__file__).parent / "started"
PRESETS = tuple(init_presets.presets())
NEEDED: dict[str, Any] = {
    "id": "culture",
    "nameTh": "กระทรวงวัฒนธรรม",
    "nameEn": "Ministry of Culture: head office #1",
    "users": 300,
    "domain": "culture.go.th",
    "provinceCode": "TH-65",
    "parent": "moc",
    "bodies": 7,
}
ALL: dict[str, Any] = {
    **NEEDED,
    "certificateName": "ก. วัฒนธรรม",
    "targetUsers": 400,
    "letterCode": "วธ",
    "mouTitle": "บันทึกความร่วมมือ: e-Office",
    "mouNumber": "1/2569",
    "signedOn": date(2026, 2, 3),
    "effectiveFrom": date(2026, 3, 1),
    "effectiveTo": date(2029, 2, 28),
    "bodiesTotal": 9,
}


def answers(name: str, of: dict[str, Any]) -> dict[str, Any]:
    """``of`` without what this preset has no use for."""
    preset = init_presets.get(name)
    unused = {"bodies", "bodiesTotal"} if preset.isolation != "pooled" else set()
    unused |= {"parent"} if of is NEEDED and "parent" not in preset.needs else set()
    return {key: value for key, value in of.items() if key not in unused}


def judged(text: str) -> tuple[policy.Finding, ...]:
    target = targets.pinned()
    of = tenant.resolve(manifest.loads(text), target)
    wanted = desired.everything(of, target)
    return verify.review(of, target, wanted, others=(), now=clock.Clock(TODAY))


@pytest.mark.parametrize(
    ("name", "language", "given_answers"),
    list(itertools.product(PRESETS, ("en", "th"), (NEEDED, ALL))),
    ids=lambda value: value if isinstance(value, str) else "all" if value is ALL else "needed",
)
def test_every_start_passes_every_control_but_the_key_for_incident_mail(
    name: str, language: str, given_answers: dict[str, Any]
) -> None:
    text = init.text(name, answers(name, given_answers), today=TODAY, language=language)
    findings = judged(text)
    assert len(findings) > 50
    failed = [
        f for f in findings if f.result.verdict in (policy.Verdict.FAIL, policy.Verdict.UNKNOWN)
    ]
    assert [f.control.id for f in failed] == ["OPS-003"]
    assert failed[0].result.seen.startswith("got no PGP key")
    assert manifest.draft_values(manifest.loads(text))


@pytest.mark.parametrize("name", PRESETS)
def test_both_languages_start_the_same_manifest(name: str) -> None:
    english, thai = (
        init.text(name, answers(name, ALL), today=TODAY, language=language)
        for language in ("en", "th")
    )
    assert manifest.loads(english) == manifest.loads(thai)
    assert "# The MOU" in english
    assert "# บันทึกข้อตกลง" in thai
    assert "# The MOU" not in thai


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_started_is_in_good_form(name: str) -> None:
    for language, of in itertools.product(("en", "th"), (NEEDED, ALL)):
        text = init.text(name, answers(name, of), today=TODAY, language=language)
        assert fmt.formatted(text, "new.yaml") == text


@pytest.mark.parametrize(
    ("name", "language"), [("department", "en"), ("court", "en"), ("province-programme", "th")]
)
def test_the_whole_file(name: str, language: str) -> None:
    text = init.text(name, answers(name, NEEDED), today=TODAY, language=language)
    assert text == (STARTED / f"{name}-{language}.yaml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", PRESETS)
def test_what_was_answered_stands_in_the_manifest(name: str) -> None:
    built = manifest.loads(init.text(name, answers(name, ALL), today=TODAY))
    agency, mou = built.agency, built.mou
    assert (built.id, agency.name_th, agency.name_en) == ("culture", ALL["nameTh"], ALL["nameEn"])
    assert agency.certificate_name == "ก. วัฒนธรรม"
    assert (agency.parent, agency.province_code, agency.letter_code) == ("moc", "TH-65", "วธ")
    assert (agency.domains, agency.saraban_email) == (("culture.go.th",), "saraban@culture.go.th")
    assert (mou.title, mou.number) == ("บันทึกความร่วมมือ: e-Office", "1/2569")
    assert (mou.signed_on, mou.effective_from, mou.effective_to) == (
        date(2026, 2, 3), date(2026, 3, 1), date(2029, 2, 28),
    )  # fmt: skip
    assert (built.users.initial, built.users.target) == (300, 400)


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_says_what_the_table_of_applicability_says(name: str) -> None:
    preset = init_presets.get(name)
    row = load.branch(preset.branch)
    rules = {basis.rule: basis for basis in preset.basis}
    assert (preset.epa_mode == "applicable") == row["ePerformance"]
    assert (preset.saraban == "own-rule") == (row["saraban"] == "own-rule")
    assert bool(preset.exemption) == (row["pdpa"] is not True)
    assert bool(rules["dpo"].confirm_en) == (row["dpo"] == "by-list")
    if row.get("confirm"):
        assert any(basis.confirm_en for rule, basis in rules.items() if rule != "dpo")
    assert all(bool(basis.confirm_en) == bool(basis.confirm_th) for basis in preset.basis)
    assert {"epa2565", "saraban", "pdpa", "dpo", "mechanism", "tenancy"} <= set(rules)


def test_each_branch_of_the_state_has_a_preset() -> None:
    branches = {preset.branch for preset in init_presets.presets().values()}
    assert branches == set(load.read("applicability.yaml")["branches"])


def test_an_agency_on_the_list_starts_with_an_officer_to_name() -> None:
    built = manifest.loads(
        init.text("department", answers("department", {**NEEDED, "id": "dsd"}), today=TODAY)
    )
    assert built.legal.pdpa.dpo is not None
    assert built.legal.pdpa.dpo.office == "(หน่วยงาน)"


def test_bodies_and_shards_add_up_to_the_users() -> None:
    programme = {**NEEDED, "bodies": 57, "bodiesTotal": 103, "users": 1046}
    built = manifest.loads(init.text("province-programme", programme, today=TODAY))
    assert [body.users for body in built.tenancy.sub_tenants] == [19] * 20 + [18] * 37
    assert built.bodies is not None
    assert (built.bodies.onboarded, built.bodies.total) == (57, 103)
    large = {**answers("ministry", NEEDED), "users": 250_001}
    built = manifest.loads(init.text("ministry", large, today=TODAY))
    assert [(s.id, s.users) for s in built.tenancy.shards] == [
        ("culture-001", 83_334), ("culture-002", 83_334), ("culture-003", 83_333),
    ]  # fmt: skip


def problems(name: str, of: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(errors.InvalidInput) as caught:
        init.text(name, of, today=TODAY)
    return [(problem.field.split(" ")[0], problem.message) for problem in caught.value.problems]


def test_everything_missing_is_named_at_once() -> None:
    assert problems("local-body", {"id": "a"}) == [
        ("nameTh", "is missing"),
        ("nameEn", "is missing"),
        ("users", "is missing"),
        ("domain", "is missing"),
        ("provinceCode", "is missing"),
    ]


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        (
            "ministry",
            {"targetUsers": 299},
            ("targetUsers", "is less than the 300 users at the start"),
        ),
        ("ministry", {"parent": "culture"}, ("parent", "an agency is not above itself")),
        (
            "ministry",
            {"nameTh": "ก" * 65},
            ("certificateName", "is missing: nameTh has more than 64 characters"),
        ),
        (
            "ministry",
            {"effectiveTo": date(2026, 11, 21)},
            ("effectiveTo", "is before the beginning, 2026-11-22"),
        ),
        ("ministry", {"bodies": 3}, ("bodies", "only a province programme has bodies")),
        (
            "ministry",
            {"id": "a" * 27, "users": 200_000},
            ("id", "leaves no room for the ids of its 2 parts"),
        ),
        (
            "province-programme",
            {"bodies": 10_001, "users": 20_000},
            ("bodies", "one programme holds at most 10,000"),
        ),
        ("province-programme", {"users": 6}, ("bodies", "7 bodies cannot have 6 users in all")),
        (
            "province-programme",
            {"bodiesTotal": 6},
            ("bodiesTotal", "is less than the 7 bodies on board"),
        ),
        (
            "province-programme",
            {"users": 100_001},
            ("users", "one pooled e-Office holds at most 100,000"),
        ),
    ],
)
def test_answers_that_do_not_go_together(
    name: str, changes: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert problems(name, {**answers(name, NEEDED), **changes}) == [expected]


def test_an_unknown_preset_is_refused_with_a_guess() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        init.text("departmen", NEEDED, today=TODAY)
    assert caught.value.message == "there is no preset 'departmen'"
    assert caught.value.resolution == (
        f"Did you mean 'department'? Use one of: {', '.join(PRESETS)}."
    )


def test_answers_of_a_file_are_judged_like_a_manifest(tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text('id: MOC\nusers: "900"\nsignedOn: 13 มิ.ย. 68\ncolour: red\n', encoding="utf-8")
    with pytest.raises(errors.InvalidInput) as caught:
        init_answers.read(file)
    assert str(caught.value) == (
        f"{file} has 4 mistakes\n"
        f'  {file}:1:1: id (รหัสหน่วยงาน): is not a usable id, got "MOC" (use 1-30 small letters a-z,'
        " digits and single hyphens, beginning with a letter and not ending with a hyphen)\n"
        f'  {file}:2:1: users (จำนวนผู้ใช้เริ่มต้น): expected a whole number, got "900" (write'
        " digits 0-9 only, without quotes or separators)\n"
        f"  {file}:3:1: signedOn (วันที่ลงนาม): the year 68 has two digits, so its century and era are"
        ' not known, got "13 มิ.ย. 68" (write the year with four digits, e.g. 2568)\n'
        f"  {file}:4:1: colour: unknown key 'colour' (known here: bodies, bodiesTotal,"
        " certificateName, domain, effectiveFrom, effectiveTo, id, letterCode, mouNumber, mouTitle,"
        " nameEn, nameTh, parent, preset, provinceCode, signedOn, targetUsers, users)"
    )


def test_answers_of_a_file_may_be_json_and_of_the_buddhist_era(tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    file.write_text(json.dumps({"id": "moc", "signedOn": "๓ ก.พ. ๒๕๖๘"}), encoding="utf-8")
    assert init_answers.read(file) == {"id": "moc", "signedOn": date(2025, 2, 3)}
    file.write_text("[moc]", encoding="utf-8")
    with pytest.raises(errors.InvalidInput, match="holds no answers"):
        init_answers.read(file)


TEXTS = st.text(max_size=80)
DAYS = st.dates(date(2020, 1, 1), date(2035, 1, 1))


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(PRESETS),
    st.fixed_dictionaries(
        {"nameEn": TEXTS, "users": st.integers(-1, 10**7).map(str)},
        optional={
            "id": st.from_regex(r"[a-z][a-z0-9-]{0,31}", fullmatch=True),
            "nameTh": TEXTS.map(lambda text: "ก" + text),
            "certificateName": TEXTS,
            "letterCode": TEXTS,
            "mouTitle": TEXTS,
            "mouNumber": TEXTS,
            "signedOn": DAYS.map(str),
            "effectiveTo": DAYS.map(str),
        },
    ),
)
def test_what_is_understood_one_by_one_makes_a_manifest_that_says_just_that(
    name: str, typed: dict[str, str]
) -> None:
    preset = init_presets.get(name)
    known = {**answers(name, NEEDED), "users": 1000}
    for key, text in typed.items():
        try:
            known[key] = init_answers.understood(key, text, preset, known)
        except errors.InvalidInput:
            continue
    try:
        init_answers.completed(preset, known, TODAY)
    except errors.InvalidInput:
        return
    built = manifest.loads(init.text(name, known, today=TODAY))
    assert built.agency.name_en == known["nameEn"]
    assert built.agency.name_th == known["nameTh"]
    assert built.mou.title == known.get("mouTitle", init_answers.MOU_TITLE)
    assert built.users.initial == known["users"]
    assert (built.tenancy.isolation == "federated") == (
        known["users"] > sizing.max_users_per_instance()
    )
