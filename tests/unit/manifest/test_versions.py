"""A v1alpha1 manifest means the same after the model moved on; its mistakes keep their place."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import errors, manifest, tenant
from onboarding.manifest import versions
from tests.unit.manifest import samples

V1 = "gdcc.go.th/v1alpha1"
SETTINGS = {"secrecy": ["normal"], "retentionYears": 12, "workCalendar": {"opens": "09:00"}}
AI = {"maxLetterClass": "normal", "endpoint": "https://ai.gdcc.go.th"}


def office(**more: Any) -> list[dict[str, Any]]:
    return [{"name": "e-office", "kind": "e-office", "dataClass": "confidential", **more}]


def problems(text: str) -> list[tuple[str, str, str]]:
    with pytest.raises(errors.InvalidInput) as caught:
        manifest.loads(text, "f.yaml")
    return [(p.field, p.message, p.remedy) for p in caught.value.problems]


def test_the_block_at_the_top_is_the_block_of_the_system() -> None:
    old = samples.text(apiVersion=V1, eoffice={**SETTINGS, "ai": AI})
    new = samples.text(systems=office(eoffice=SETTINGS, features={"ai": AI}))
    assert tenant.resolve(manifest.loads(old)) == tenant.resolve(manifest.loads(new))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"eoffice": {"ai": AI}}, {"features": {"ai": AI}}),
        ({"eoffice": {"ai": False}}, {"features": {"ai": False}}),
        ({"eoffice": SETTINGS}, {"eoffice": SETTINGS}),
        ({"eoffice": {}}, {"eoffice": {}}),
        ({}, {}),
    ],
)
def test_each_part_of_the_block_finds_its_place(old: dict[str, Any], new: dict[str, Any]) -> None:
    built = manifest.loads(samples.text(apiVersion=V1, **old))
    assert built == manifest.loads(samples.text(systems=office(**new)))
    assert built.api_version == versions.CURRENT


def test_a_v1alpha1_file_with_the_settings_in_the_system_differs_by_its_version_only() -> None:
    systems = office(eoffice=SETTINGS, features={"ai": AI})
    old = manifest.loads(samples.text(apiVersion=V1, systems=systems))
    assert old == manifest.loads(samples.text(systems=systems))


def test_a_mistake_in_a_converted_file_stands_where_it_was_written() -> None:
    lines = samples.text(apiVersion=V1).removesuffix("}").rstrip()
    text = f"""{lines},
"eoffice": {{
 "retentionYears": 0,
 "letterTyps": [external],
 "ecms": {{"endpoint": "https://e"}},
 "ai": true}}}}"""
    first = text[: text.index('"eoffice"')].count("\n") + 1
    with pytest.raises(errors.InvalidInput) as caught:
        manifest.loads(text, "f.yaml")
    assert [(p.line - first, p.field, p.message) for p in caught.value.problems] == [
        (1, "eoffice.retentionYears (อายุการเก็บหนังสือ (ปี))", "must be at least 1, got 0"),
        (2, "eoffice.letterTyps", "unknown key 'letterTyps'"),
        (3, "eoffice.ecms.account (บัญชี e-CMS)", "is missing"),
        (4, "eoffice.ai (ปัญญาประดิษฐ์)",
         "'ai: true' does not say which letters the AI may read, got true"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "systems",
    [office(eoffice=SETTINGS), office(features={"ai": AI})],
    ids=["settings", "ai"],
)
def test_both_places_at_once_are_refused(systems: list[dict[str, Any]]) -> None:
    text = samples.text(apiVersion=V1, systems=systems, eoffice={**SETTINGS, "ai": AI})
    assert problems(text) == [
        (
            "eoffice",
            "stands here and in systems[0]",
            "keep one of them; systems[] is the place since gdcc.go.th/v1alpha2",
        )
    ]


def test_the_block_at_the_top_is_told_where_to_go_in_the_current_version() -> None:
    assert problems(samples.text(eoffice=SETTINGS)) == [
        (
            "eoffice",
            "stands in the entry of the e-Office system since gdcc.go.th/v1alpha2",
            "move it to systems[].eoffice, and ai to systems[].features.ai",
        )
    ]


def test_settings_without_an_e_office_are_refused_with_every_other_mistake() -> None:
    health = [{"name": "h", "kind": "health-platform", "dataClass": "confidential"}]
    text = samples.text(
        apiVersion=V1, systems=health, eoffice=SETTINGS, users={"initial": 0, "target": 1}
    )
    assert [(field, message) for field, message, _ in problems(text)] == [
        ("users.initial (จำนวนผู้ใช้เริ่มต้น)", "must be at least 1, got 0"),
        ("eoffice", "there is no system of kind e-office"),
    ]


@pytest.mark.parametrize(
    "systems",
    [None, "e-office", ["e-office"], office(features=[]), [{"kind": ["e-office"]}]],
)
def test_malformed_systems_are_refused_for_what_they_are(systems: Any) -> None:
    text = samples.text(apiVersion=V1, systems=systems, eoffice=SETTINGS)
    assert all(field.startswith("systems") for field, _, _ in problems(text)[:1])


@pytest.mark.parametrize(
    ("version", "remedy"),
    [
        ("gdcc.go.th/v1alpha3", "did you mean 'gdcc.go.th/v1alpha2'?"),
        ("gdcc.go.th/v1alph1", "did you mean 'gdcc.go.th/v1alpha1'?"),
        (2, "write gdcc.go.th/v1alpha2"),
    ],
)
def test_an_unknown_version_says_which_are_known(version: object, remedy: str) -> None:
    known = "gdcc.go.th/v1alpha1, gdcc.go.th/v1alpha2"
    message = f"'{version}' is not known to this version; known: {known}"
    field = "apiVersion (รุ่นของรูปแบบ)"
    assert problems(samples.text(apiVersion=version)) == [(field, message, remedy)]


def test_a_missing_version_is_asked_for() -> None:
    assert problems(samples.text(apiVersion=None))[0][1] == "is missing"
