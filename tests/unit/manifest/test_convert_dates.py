"""Dates of the Buddhist Era become Gregorian, and not one other character changes."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import errors, manifest
from onboarding.manifest import convert_dates
from tests.unit.manifest import samples

SHORT = (
    "ม.ค.",
    "ก.พ.",
    "มี.ค.",
    "เม.ย.",
    "พ.ค.",
    "มิ.ย.",
    "ก.ค.",
    "ส.ค.",
    "ก.ย.",
    "ต.ค.",
    "พ.ย.",
    "ธ.ค.",
)
PLK = (samples.EXAMPLES / "plk-lao.yaml").read_text(encoding="utf-8")


def in_buddhist_era(text: str) -> str:
    """Every date outside comments as Thai letters would have it."""

    def thai(found: re.Match[str]) -> str:
        day = date.fromisoformat(found[0])
        return f"{day.day} {SHORT[day.month - 1]} {day.year + 543}"

    lines = []
    for line in text.splitlines(keepends=True):
        value, mark, comment = line.partition(" #")
        lines.append(re.sub(r"\b20\d\d-\d\d-\d\d\b", thai, value) + mark + comment)
    return "".join(lines)


@pytest.mark.parametrize("name", samples.NAMES)
def test_an_example_in_the_buddhist_era_becomes_the_example(name: str) -> None:
    wanted = (samples.EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
    given_text = in_buddhist_era(wanted)
    assert given_text != wanted
    done = convert_dates.converted(given_text, name)
    assert done.text == wanted
    assert len(done.changes) == len(re.findall(r" 25\d\d\b", in_buddhist_era(wanted))) - len(
        re.findall(r" 25\d\d\b", wanted)
    )
    again = convert_dates.converted(done.text, name)
    assert (again.text, again.changes, again.notes) == (wanted, (), ())


def test_each_change_is_told_with_its_place() -> None:
    done = convert_dates.converted(
        "mou:\n  signedOn: ๑๓ มิ.ย. ๒๕๖๘   # 13 มิ.ย. 2568\n"
        "  effectiveFrom: '2568-06-13'\r\n  number: 13/6/2568\n"
        "systems: [{eoffice: {workCalendar: {holidays: [5 ธันวาคม 2569, 2026-12-10]}}}]\n",
        "x.yaml",
    )
    assert done.text == (
        "mou:\n  signedOn: 2025-06-13   # 13 มิ.ย. 2568\n"
        "  effectiveFrom: 2025-06-13\r\n  number: 13/6/2568\n"
        "systems: [{eoffice: {workCalendar: {holidays: [2026-12-05, 2026-12-10]}}}]\n"
    )
    holiday = "systems[0].eoffice.workCalendar.holidays[0] (วันหยุดราชการ)"
    assert [(c.line, c.column, c.field, c.before, c.after) for c in done.changes] == [
        (2, 13, "mou.signedOn (วันที่ลงนาม)", "๑๓ มิ.ย. ๒๕๖๘", "2025-06-13"),
        (3, 18, "mou.effectiveFrom (วันที่เริ่มมีผล)", "2568-06-13", "2025-06-13"),
        (5, 48, holiday, "5 ธันวาคม 2569", "2026-12-05"),
    ]
    assert done.notes == ("x.yaml:4:11: mou.number (เลขที่): no date field, left as it is",)


def test_a_date_in_a_block_that_has_moved_since_is_one_too() -> None:
    done = convert_dates.converted(
        "apiVersion: gdcc.go.th/v1alpha1\nsystems: [{kind: e-office}]\n"
        "eoffice: {workCalendar: {holidays: [5 ธ.ค. 2569]}}\n",
        "x.yaml",
    )
    assert "holidays: [2026-12-05]" in done.text


def test_every_unclear_date_is_refused_at_once_and_nothing_is_converted() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        convert_dates.converted(
            "mou:\n  signedOn: 6/7/2568\n  effectiveFrom: 13 มิ.ย. 2568\n"
            "  effectiveTo: 12 มิ.ย. 71\n  title: 12 มิ.ย. 71\n"
            "security: {category: {reviewedOn: 29 ก.พ. 2568}}\n",
            "x.yaml",
        )
    assert str(caught.value) == (
        "x.yaml has 3 date(s) that a person must decide\n"
        "  x.yaml:2:3: mou.signedOn (วันที่ลงนาม): '6/7/2568' may be 2025-07-06 or 2025-06-07"
        " (Thai letters write the day first: write 2025-07-06, if that is meant)\n"
        "  x.yaml:4:3: mou.effectiveTo (วันที่สิ้นสุด): the year 71 has two digits, so its century and"
        " era are not known (write the year with four digits, e.g. 2571)\n"
        "  x.yaml:6:23: security.category.reviewedOn (วันที่ทบทวน): day 29 of month 2 is not in the"
        " calendar of 2025 (correct the day or month; day comes before month)"
    )


def test_a_text_block_is_left_to_a_person() -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        convert_dates.converted("mou:\n  signedOn: |\n    13 มิ.ย. 2568\n  number: x\n", "x.yaml")
    assert [p.message for p in caught.value.problems] == ["is a text block"]


@settings(max_examples=50, deadline=None)
@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.sampled_from(["\n", "\r\n"]))
def test_any_day_in_any_line_end_keeps_the_rest(day: date, end: str) -> None:
    last = day + timedelta(days=365)
    wanted = PLK.replace("2025-06-13", str(day)).replace("2028-06-12", str(last))
    wanted = wanted.replace("\n", end)
    done = convert_dates.converted(in_buddhist_era(wanted), "plk")
    assert done.text == wanted
    assert manifest.loads(done.text).mou.signed_on == day
