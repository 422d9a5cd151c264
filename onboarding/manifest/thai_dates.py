"""Dates as Thai letters write them, read as Gregorian days; what has two readings is refused.

Read are ISO order (2568-06-13), day first (13/6/2568), and words (13 มิ.ย. 2568,
วันศุกร์ที่ ๑๓ มิถุนายน พ.ศ. ๒๕๖๘, 13 June 2025). A year from 2484 on is one of the Buddhist Era.
"""

from __future__ import annotations

import re
from datetime import date

from onboarding import clock
from onboarding.manifest import thai_numbers

_SHORT = (
    "ม.ค.", "ก.พ.", "มี.ค.", "เม.ย.", "พ.ค.", "มิ.ย.",
    "ก.ค.", "ส.ค.", "ก.ย.", "ต.ค.", "พ.ย.", "ธ.ค.",
)  # fmt: skip
_ENGLISH = (
    ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"),
    ("may",), ("june", "jun"), ("july", "jul"), ("august", "aug"),
    ("september", "sep", "sept"), ("october", "oct"), ("november", "nov"), ("december", "dec"),
)  # fmt: skip
_NUMBER_OF = {
    name: number
    for number, (full, short, english) in enumerate(
        zip(clock.THAI_MONTHS, _SHORT, _ENGLISH, strict=True), 1
    )
    for name in (full, short.replace(".", ""), *english)
}
_WEEKDAYS = ("จันทร์", "อังคาร", "พุธ", "พฤหัสบดี", "ศุกร์", "เสาร์", "อาทิตย์")

_ERA = (
    r"(?P<be>พ\.?\s?ศ\.?|พุทธศักราช|b\.?e\.?(?![a-z]))|"
    r"(?P<ce>ค\.?\s?ศ\.?|คริสต์ศักราช|(?:a\.?d|c\.?e)\.?(?![a-z]))"
)
_YEAR_FIRST = re.compile(r"(?P<year>[0-9]{4})[-/.](?P<month>[0-9]{1,2})[-/.](?P<day>[0-9]{1,2})")
_DAY_FIRST = re.compile(
    r"(?P<day>[0-9]{1,2})[-/.](?P<month>[0-9]{1,2})[-/.](?P<year>[0-9]{4}|[0-9]{2})"
)
_WORDS = re.compile(
    rf"(?:วัน(?P<weekday>{'|'.join(_WEEKDAYS)})?\s?(?:ที่)?\s?)?"
    r"(?P<day>[0-9]{1,2})\s?(?:เดือน\s?)?"
    r"(?P<month>[ก-๎a-z]+(?:\.[ก-๎a-z]+)*\.?),?\s?"
    rf"(?:(?:{_ERA})\s?)?(?P<year>[0-9]{{4}}|[0-9]{{2}})(?:\s?(?P<after>b\.?e\.?))?",
)
_LEAST_BUDDHIST = 2484
"""Until B.E. 2483 the year began in April, so that a date of January to March has two readings."""
_OLDEST_BUDDHIST = 2300
_OLDEST_GREGORIAN = 1900
"""Agreements, orders and holidays of an office are younger."""


class UnclearError(ValueError):
    """A date that cannot be told for sure; ``remedy`` says how to write it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy


def read(text: str) -> date | None:
    """The Gregorian day that ``text`` as a whole says; None where it is no date.

    Raises UnclearError for a date with two readings, or one that is not in the calendar.
    """
    plain = " ".join(text.translate(thai_numbers.DIGITS).lower().split())
    for form in (_YEAR_FIRST, _DAY_FIRST, _WORDS):
        found = form.fullmatch(plain)
        if found is None:
            continue
        parts = found.groupdict()
        month = parts["month"]
        number = int(month) if month.isdigit() else _NUMBER_OF.get(month.replace(".", ""))
        if number is None:
            return None
        day = _day(_year(parts), number, int(parts["day"]))
        if form is _DAY_FIRST and day.day <= 12 and day.day != day.month:
            other = date(day.year, day.day, day.month)
            raise UnclearError(
                f"{text!r} may be {day} or {other}",
                f"Thai letters write the day first: write {day}, if that is meant",
            )
        _refuse_wrong_weekday(text, day, parts.get("weekday"))
        return day
    return None


def written(day: date) -> str:
    """As a Thai letter has it: 13 มิ.ย. 2568."""
    return f"{day.day} {_SHORT[day.month - 1]} {clock.buddhist_year(day)}"


def _year(parts: dict[str, str | None]) -> int:
    """The Gregorian year."""
    written = str(parts["year"])
    year = int(written)
    if len(written) == 2:
        raise UnclearError(
            f"the year {written} has two digits, so its century and era are not known",
            f"write the year with four digits, e.g. 25{written}",
        )
    buddhist = bool(parts.get("be") or parts.get("after"))
    if parts.get("ce") and year >= _OLDEST_BUDDHIST:
        raise UnclearError(f"{year} is marked as Gregorian", "correct the year or the era")
    if buddhist and year < _OLDEST_BUDDHIST:
        raise UnclearError(f"{year} is marked as Buddhist Era", "correct the year or the era")
    if year < _OLDEST_GREGORIAN:
        raise UnclearError(f"the year {year} is long past", "write the year with four digits")
    if year < _OLDEST_BUDDHIST:
        return year
    if year < _LEAST_BUDDHIST:
        raise UnclearError(
            f"the year {year} of the Buddhist Era began in April", "write the Gregorian date"
        )
    return year - clock.BUDDHIST_ERA_OFFSET


def _day(year: int, month: int, day: int) -> date:
    try:
        return date(year, month, day)
    except ValueError:
        raise UnclearError(
            f"day {day} of month {month} is not in the calendar of {year}",
            "correct the day or month; day comes before month",
        ) from None


def _refuse_wrong_weekday(text: str, day: date, weekday: str | None) -> None:
    right = _WEEKDAYS[day.weekday()]
    if weekday and weekday != right:
        raise UnclearError(
            f"{text!r}: {day} is a วัน{right}", "correct the day of the week or the date"
        )
