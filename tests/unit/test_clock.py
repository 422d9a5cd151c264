"""Days as official letters print them."""

from __future__ import annotations

from datetime import date

import pytest

from onboarding import clock
from tests.running import ROOT


@pytest.mark.parametrize(
    ("day", "printed"),
    [
        (date(2025, 2, 3), "3 กุมภาพันธ์ พ.ศ. 2568"),
        (date(2024, 2, 29), "29 กุมภาพันธ์ พ.ศ. 2567"),
        (date(2026, 1, 1), "1 มกราคม พ.ศ. 2569"),
        (date(2026, 12, 31), "31 ธันวาคม พ.ศ. 2569"),
    ],
)
def test_a_day_as_a_thai_letter_prints_it(day: date, printed: str) -> None:
    assert clock.thai_date(day) == printed


def test_the_months_stand_in_one_place() -> None:
    places = [
        path.relative_to(ROOT).as_posix()
        for folder in ("onboarding", "policies", "playbooks", "stacks")
        for path in (ROOT / folder).rglob("*.py")
        if not path.is_relative_to(ROOT / "onboarding/policies")
        and clock.THAI_MONTHS[1] in path.read_text(encoding="utf-8").split('"')
    ]
    assert places == ["onboarding/clock.py"]
