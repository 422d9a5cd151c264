"""A date is read as a Thai letter means it, and one with two readings is never guessed."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.manifest import thai_dates

THAI = str.maketrans("0123456789", "๐๑๒๓๔๕๖๗๘๙")
MONTHS = (
    ("มกราคม", "ม.ค."), ("กุมภาพันธ์", "ก.พ."), ("มีนาคม", "มี.ค."), ("เมษายน", "เม.ย."),
    ("พฤษภาคม", "พ.ค."), ("มิถุนายน", "มิ.ย."), ("กรกฎาคม", "ก.ค."), ("สิงหาคม", "ส.ค."),
    ("กันยายน", "ก.ย."), ("ตุลาคม", "ต.ค."), ("พฤศจิกายน", "พ.ย."), ("ธันวาคม", "ธ.ค."),
)  # fmt: skip
WEEKDAYS = ("จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์")


@pytest.mark.parametrize(
    "text",
    [
        "2568-06-13",
        "2568/6/13",
        "13/06/2568",
        "13-6-2568",
        "13.6.2568",
        "13 มิ.ย. 2568",
        "13 มิย 2568",
        "13มิ.ย.2568",
        "13 มิถุนายน 2568",
        "13 มิถุนายน พ.ศ. 2568",
        "13 มิถุนายน พ.ศ.2568",
        "13 มิถุนายน พุทธศักราช 2568",
        "วันที่ 13 เดือนมิถุนายน พ.ศ. 2568",
        "วันศุกร์ที่ ๑๓ มิถุนายน พ.ศ. ๒๕๖๘",
        "  ๑๓   มิ.ย.  ๒๕๖๘ ",
        "๒๕๖๘-๐๖-๑๓",
        "13 มิ.ย. ค.ศ. 2025",
        "13 June 2568 B.E.",
        "13 JUN 2025",
        "2025-06-13",
    ],
)
def test_many_forms_mean_one_day(text: str) -> None:
    assert thai_dates.read(text) == date(2025, 6, 13)


@pytest.mark.parametrize(
    ("text", "message", "remedy"),
    [
        (
            "6/7/2568",
            "'6/7/2568' may be 2025-07-06 or 2025-06-07",
            "Thai letters write the day first: write 2025-07-06, if that is meant",
        ),
        (
            "13 มิ.ย. 68",
            "the year 68 has two digits, so its century and era are not known",
            "write the year with four digits, e.g. 2568",
        ),
        (
            "2568-02-29",
            "day 29 of month 2 is not in the calendar of 2025",
            "correct the day or month; day comes before month",
        ),
        (
            "6/13/2568",
            "day 6 of month 13 is not in the calendar of 2025",
            "correct the day or month; day comes before month",
        ),
        ("13 มิ.ย. ค.ศ. 2568", "2568 is marked as Gregorian", "correct the year or the era"),
        ("13 มิ.ย. พ.ศ. 2025", "2025 is marked as Buddhist Era", "correct the year or the era"),
        (
            "2483-03-01",
            "the year 2483 of the Buddhist Era began in April",
            "write the Gregorian date",
        ),
        ("0068-06-13", "the year 68 is long past", "write the year with four digits"),
        (
            "วันพุธที่ 13 มิถุนายน 2568",
            "'วันพุธที่ 13 มิถุนายน 2568': 2025-06-13 is a วันศุกร์",
            "correct the day of the week or the date",
        ),
    ],
)
def test_what_is_unclear_is_refused_with_its_reason(text: str, message: str, remedy: str) -> None:
    with pytest.raises(thai_dates.UnclearError) as caught:
        thai_dates.read(text)
    assert (caught.value.message, caught.value.remedy) == (message, remedy)


@pytest.mark.parametrize(
    "text", ["", "TBD", "1/2568", "MOU-DE-2568", "2568", "13 นาที 2568", "ลงนาม 13 มิ.ย. 2568", "2.3"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert thai_dates.read(text) is None


@pytest.mark.parametrize("leap", [date(2024, 2, 29), date(2000, 2, 29)])
def test_a_leap_day_is_one_by_the_gregorian_year(leap: date) -> None:
    assert thai_dates.read(f"{leap.year + 543}-02-29") == leap


@given(st.dates(date(1941, 1, 1), date(2200, 12, 31)), st.integers(0, 5))
def test_every_day_of_the_buddhist_calendar_is_read_back(day: date, form: int) -> None:
    full, short = MONTHS[day.month - 1]
    year = day.year + 543
    text = (
        f"{year}-{day.month:02}-{day.day:02}",
        f"{day.day} {short} {year}",
        f"{day.day} {full} พ.ศ. {year}",
        f"วัน{WEEKDAYS[day.weekday()]}ที่ {day.day} {full} {year}",
        f"{day.day}{short}{year}".translate(THAI),
        day.isoformat(),
    )[form]
    assert thai_dates.read(text) == day
    assert thai_dates.written(day) == f"{day.day} {short} {year}"


@given(st.text(max_size=40))
def test_any_text_is_a_day_none_or_unclear(text: str) -> None:
    try:
        day = thai_dates.read(text)
    except thai_dates.UnclearError:
        return
    assert day is None or isinstance(day, date)
