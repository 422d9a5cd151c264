"""Days as people read them: ISO 8601 in English, the Buddhist Era in Thai."""

from __future__ import annotations

from datetime import date

from onboarding import clock


def day(of: date, language: str) -> str:
    """``2028-02-02``; in Thai ``2 กุมภาพันธ์ 2571``."""
    if language != "th":
        return of.isoformat()
    return f"{of.day} {clock.THAI_MONTHS[of.month - 1]} {clock.buddhist_year(of)}"


def as_of(of: date, language: str) -> str:
    """The day of a report, with the year of both eras."""
    if language != "th":
        return f"as of {of.isoformat()} (B.E. {clock.buddhist_year(of)})"
    return f"ณ วันที่ {clock.thai_date(of)}"


def months(first: date, last: date, language: str) -> str:
    """A time by its months: ``2025-01 to 2025-05``; in Thai ``มกราคม–พฤษภาคม 2568``."""
    if language != "th":
        return f"{first:%Y-%m} to {last:%Y-%m}"
    start, end = (clock.THAI_MONTHS[d.month - 1] for d in (first, last))
    years = clock.buddhist_year(first), clock.buddhist_year(last)
    if years[0] == years[1]:
        return f"{start}–{end} {years[1]}"
    return f"{start} {years[0]}–{end} {years[1]}"
