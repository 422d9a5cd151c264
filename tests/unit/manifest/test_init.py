"""A started manifest is valid, commented and keeps what was answered."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import errors, manifest
from onboarding.manifest import init

TODAY = date(2024, 2, 29)
ANSWERS: dict[str, str | int] = {
    "id": "culture",
    "nameTh": "กระทรวงวัฒนธรรม",
    "nameEn": "Ministry of Culture: head office #1",
    "users": 300,
    "domain": "culture.go.th",
}


def answers(preset: init.Preset) -> dict[str, str | int]:
    needed: dict[str, str | int] = {"parent": "moph", "bodies": 7}
    return {**ANSWERS, **{key: needed[key] for key in preset.needs}}


@pytest.mark.parametrize("preset", init.presets(), ids=lambda preset: preset.name)
def test_every_preset_gives_a_valid_commented_manifest(preset: init.Preset) -> None:
    text = init.text(preset.name, answers(preset), today=TODAY)
    built = manifest.loads(text)
    assert built.agency.branch == preset.branch
    assert built.agency.name_en == ANSWERS["nameEn"]
    assert built.users.initial == 300
    assert built.mou.effective_to == date(2027, 2, 27)
    assert "# หน่วยงาน" in text
    assert text.endswith("\n")
    assert manifest.draft_values(built)


def test_bodies_and_shards_add_up_to_the_users() -> None:
    programme = {**ANSWERS, "bodies": 57, "bodiesTotal": 103, "users": 1046}
    built = manifest.loads(init.text("province-programme", programme, today=TODAY))
    assert sum(body.users for body in built.tenancy.sub_tenants) == 1046
    assert built.bodies is not None
    assert (built.bodies.onboarded, built.bodies.total) == (57, 103)
    built = manifest.loads(init.text("ministry", {**ANSWERS, "users": 250_001}, today=TODAY))
    assert built.tenancy.isolation == "federated"
    assert sum(shard.users for shard in built.tenancy.shards) == 250_001


def test_every_missing_and_unknown_answer_is_named() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        init.text("department", {"id": "a", "users": "many", "colour": "red"}, today=TODAY)
    fields = [problem.field for problem in caught.value.problems]
    assert fields == ["colour", "nameTh", "nameEn", "users", "domain", "parent"]


def test_an_unusable_answer_and_an_unknown_preset_are_refused() -> None:
    with pytest.raises(errors.InvalidInput, match="mistake"):
        init.text("ministry", {**ANSWERS, "domain": "x: {"}, today=TODAY)
    with pytest.raises(errors.InvalidInput, match="no preset"):
        init.text("village", ANSWERS, today=TODAY)


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=60))
def test_no_answer_writes_keys_of_its_own(name: str) -> None:
    plain = manifest.loads(init.text("ministry", ANSWERS, today=TODAY))
    try:
        text = init.text("ministry", {**ANSWERS, "nameEn": name}, today=TODAY)
    except errors.InvalidInput:
        return
    built = manifest.loads(text)
    assert built.agency.name_en == " ".join(name.split())
    assert built.model_dump(exclude={"agency"}) == plain.model_dump(exclude={"agency"})
