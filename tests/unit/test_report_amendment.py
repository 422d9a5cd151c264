"""Amendments as people read them: each change at its place, in English and formal Thai."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import agreed, amendment, errors
from onboarding.report import amendment as report
from tests.unit.manifest import samples


def lines(language: str, **changes: Any) -> list[str]:
    """The lines under "Changed"."""
    found = amendment.compare(samples.build(), samples.build(**changes))
    return report.text(found, language=language).split("\n\n")[0].splitlines()[1:]


@pytest.mark.parametrize(
    ("changes", "english", "thai"),
    [
        (
            {"mou__effectiveTo": "2031-02-02"},
            ["  MOU", "    In force until: 2028-02-02 → 2031-02-02 (later)"],
            [
                "  บันทึกข้อตกลง",
                "    วันที่สิ้นสุด: 2 กุมภาพันธ์ 2571 → 2 กุมภาพันธ์ 2574 (เลื่อนออกไป)",
            ],
        ),
        (
            {
                "contacts": [
                    {"role": "technical", "email": "it@culture.go.th", "phone": "+66-2-111-1111"}
                ]
            },
            [
                "  Contacts",
                "    technical/it@culture.go.th › Telephone: +66-2-000-0000 → +66-2-111-1111",
            ],
            [
                "  ผู้ติดต่อ",
                "    technical/it@culture.go.th › โทรศัพท์: +66-2-000-0000 → +66-2-111-1111",
            ],
        ),
        (
            {"agency__domains": ["culture.go.th", "arts.go.th"]},
            ["  Agency", "    Domains: added arts.go.th"],
            ["  หน่วยงาน", "    โดเมน: เพิ่ม arts.go.th"],
        ),
        (
            {"signing": {"ra": {"approver": "cio"}}},
            ["  Signing", "    Signing: added"],
            ["  ใบรับรอง CA", "    ใบรับรอง CA: เพิ่ม"],
        ),
    ],
)
def test_a_change_is_told_at_its_place(
    changes: dict[str, Any], english: list[str], thai: list[str]
) -> None:
    assert lines("en", **changes) == english
    assert lines("th", **changes) == thai


def test_another_order_is_told_as_such() -> None:
    two = {"agency__domains": ["culture.go.th", "arts.go.th"]}
    turned = {"agency__domains": ["arts.go.th", "culture.go.th"]}
    email = {"agency__sarabanEmail": "saraban@culture.go.th"}
    found = amendment.compare(samples.build(**two, **email), samples.build(**turned, **email))
    assert "    Domains: in another order" in report.text(found).splitlines()


def test_every_change_of_the_examples_can_be_told_in_both_languages() -> None:
    found = amendment.compare(samples.example("moph"), samples.example("plk-lao"))
    for language in ("en", "th"):
        told = report.text(found, language=language)
        assert "None" not in told
        assert all(act.source in told for act, _ in amendment.to_sign(found))


def test_the_short_form_says_what_is_signed_and_what_is_only_told() -> None:
    contact = {"role": "technical", "email": "it@culture.go.th", "phone": "+66-2-111-1111"}
    after = samples.build(mou__number="2/2569", contacts=[contact])
    found = amendment.compare(samples.build(), after)
    assert report.short(agreed.Since("2026-11-20", found)) == [
        "MOU: 2 changes since the manifest applied 2026-11-20",
        "  to be signed: Amendment of the MOU: mou.number",
        (
            "  told, not signed: Written notice to the other party; nothing is signed by both:"
            " contacts[technical/it@culture.go.th].phone"
        ),
        "",
    ]
    assert report.short(agreed.Since("2026-11-20")) == []


def test_what_cannot_be_compared_is_never_told_as_no_change() -> None:
    unknown = agreed.Since("2026-11-20", unknown=errors.InvalidInput("an older form").message)
    assert report.short(unknown)[0].endswith("is unknown: an older form")
    assert report.since_json(unknown) is None
