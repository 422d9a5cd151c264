"""The programme as text, JSON and CSV; as a page see `programme_page`."""

from __future__ import annotations

import csv as csv_format
import io
from typing import Any

from onboarding import programme, provinces
from onboarding.report import columns, dates
from onboarding.report.programme_words import WORDS


def text(of: programme.Programme, *, language: str = "en", left_out: int = 0) -> str:
    """Users, agencies, provinces, lead time, and the MOUs that need attention."""
    words = WORDS[language]
    lines = [f"{words['title']}, {dates.as_of(of.today, language)}", ""]
    if left_out:
        lines += [words["left out"].format(count=left_out), ""]
    lines += [words["users"], *columns.table(_users(of, language), "<><"), ""]
    lines.append(f"{words['agencies']}: {len(of.agencies):,}")
    for key in ("branch", "mechanism", "isolation"):
        counted = ", ".join(f"{words[name]} {n:,}" for name, n in of.count(key).items())
        lines.append(f"  {words[key]}: {counted}")
    lines += ["", words["coverage"], *_coverage(of, language), "", words["lead"]]
    lines += [f"  {line}" for line in lead(of, language)]
    ending = words["ending"].format(days=programme.ending_within_days())
    lines += ["", ending, *_ending(of, language), "", words["confirm"]]
    lines += [f"  {confirm}" for _, confirm in sources(language) if confirm]
    return "\n".join(lines)


def lead(of: programme.Programme, language: str) -> list[str]:
    """What is known about the time from MOU to ready; what was not read is unknown."""
    words = WORDS[language]
    if not of.environment:
        return [words["lead unknown"]]
    where = words["in environment"].format(name=of.environment)
    median = of.lead_median
    told = words["none ready"]
    if median is not None:
        told = words["lead known"].format(days=median, ready=len(of.ready), all=len(of.agencies))
    damaged = [words["lead unread"].format(names=", ".join(of.unread))] if of.unread else []
    return [f"{told}, {where}", *damaged]


def sources(language: str) -> list[tuple[str, str]]:
    """Each source of the report, and what has to be confirmed about it ("" where nothing)."""
    if language == "th":
        return [(one.th, one.confirm_th) for one in programme.sources()]
    return [(one.en, one.confirm_en) for one in programme.sources()]


def left(days: int, language: str) -> str:
    """How many days an MOU has left, or how long ago it ended."""
    words = WORDS[language]
    if days < 0:
        return words["since"].format(days=-days)
    return words["left"].format(days=days) if days else words["last day"]


def goal_share(users: int, language: str) -> str:
    """``45.4 % of 1,000,000``."""
    percent = 100 * users / programme.goal()
    return WORDS[language]["of goal"].format(percent=percent, goal=programme.goal())


def province_name(of: provinces.Province, language: str) -> str:
    return of.name_th if language == "th" else of.name_en


def _users(of: programme.Programme, language: str) -> list[tuple[str, str, str]]:
    words = WORDS[language]
    rows = [(words["now"], f"{of.users:,}", goal_share(of.users, language))]
    if of.environment:
        ready = sum(one.users for one in of.ready)
        rows.append((words["in ready"], f"{ready:,}", goal_share(ready, language)))
    rows.append((words["aimed"], f"{of.users_target:,}", goal_share(of.users_target, language)))
    for one in programme.published():
        when = dates.months(one.first, one.last, language)
        more = words["published agencies"].format(count=one.agencies) if one.agencies else ""
        told = ", ".join(filter(None, (goal_share(one.users, language), when, more)))
        rows.append((words["published"], f"{one.users:,}", told))
    return rows


def _coverage(of: programme.Programme, language: str) -> list[str]:
    words = WORDS[language]

    def row(name: str, bodies: int, total: int, users: int) -> tuple[str, ...]:
        told = words["bodies of"].format(bodies=bodies, total=total)
        return name, told, f"{100 * bodies / total:.1f} %", f"{users:,}", words["users"].lower()

    rows = [
        row(province_name(one.province, language), one.bodies, one.total, one.users)
        for one in of.coverage
    ]
    if len(rows) > 1:
        users = sum(one.users for one in of.coverage)
        rows.append(row(words["all"], *programme.total(of.coverage), users))
    lines = columns.table(rows, "<>>><") if rows else [f"  {words['none covered']}"]
    if of.awaited:
        names = ", ".join(province_name(one, language) for one in of.awaited)
        lines.append("  " + words["awaited"].format(names=names))
    return lines


def _ending(of: programme.Programme, language: str) -> list[str]:
    rows = [
        (
            dates.day(one.effective_to, language),
            left(one.days_left(of.today), language),
            one.id,
            one.name_th if language == "th" else one.name_en,
        )
        for one in of.ending
    ]
    return columns.table(rows, "<<<<") if rows else [f"  {WORDS[language]['none ending']}"]


def json(of: programme.Programme) -> dict[str, Any]:
    """Everything for machines; days are Gregorian, what was not read is null."""
    bodies, total = programme.total(of.coverage)
    return {
        "asOf": of.today.isoformat(),
        "environment": of.environment or None,
        "users": {
            "now": of.users,
            "target": of.users_target,
            "ready": sum(one.users for one in of.ready) if of.environment else None,
            "goal": programme.goal(),
            "percentOfGoal": round(100 * of.users / programme.goal(), 1),
        },
        "published": [
            {
                "users": one.users,
                "agencies": one.agencies or None,
                "from": one.first.isoformat(),
                "to": one.last.isoformat(),
                "source": one.source,
                "confirm": one.confirm,
            }
            for one in programme.published()
        ],
        "agencies": [_agency(one, of) for one in of.agencies],
        "byBranch": of.count("branch"),
        "byMechanism": of.count("mechanism"),
        "byIsolation": of.count("isolation"),
        "coverage": {
            "bodies": bodies,
            "total": total,
            "percent": round(100 * bodies / total, 1) if total else None,
            "provinces": [
                {
                    "code": one.province.code,
                    "nameEn": one.province.name_en,
                    "nameTh": one.province.name_th,
                    "bodies": one.bodies,
                    "total": one.total,
                    "percent": round(one.percent, 1),
                    "users": one.users,
                }
                for one in of.coverage
            ],
            "awaited": [one.code for one in of.awaited],
        },
        "leadDaysMedian": of.lead_median,
        "unreadRecords": list(of.unread),
        "endingWithinDays": programme.ending_within_days(),
        "ending": [one.id for one in of.ending],
    }


def csv(of: programme.Programme) -> str:
    """One line an agency; the columns are those of the JSON's ``agencies``."""
    out = io.StringIO()
    rows = [_agency(one, of) for one in of.agencies]
    if rows:
        writer = csv_format.DictWriter(out, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    return out.getvalue()


def _cell(value: Any) -> Any:
    """Text that a spreadsheet would run as a formula gets an apostrophe before it (CWE-1236)."""
    return (
        f"'{value}" if isinstance(value, str) and value.startswith(("=", "+", "-", "@")) else value
    )


def _agency(one: programme.Agency, of: programme.Programme) -> dict[str, Any]:
    province = provinces.get(one.province)
    percent = round(100 * one.bodies / one.bodies_total, 1) if one.bodies_total else None
    return {
        "id": one.id,
        "nameEn": one.name_en,
        "nameTh": one.name_th,
        "branch": one.branch,
        "mechanism": one.mechanism,
        "isolation": one.isolation,
        "province": one.province,
        "provinceEn": province.name_en,
        "provinceTh": province.name_th,
        "users": one.users,
        "usersTarget": one.users_target,
        "bodies": one.bodies or None,
        "bodiesTotal": one.bodies_total or None,
        "coveragePercent": percent,
        "signedOn": one.signed_on.isoformat(),
        "effectiveFrom": one.effective_from.isoformat(),
        "effectiveTo": one.effective_to.isoformat(),
        "daysLeft": one.days_left(of.today),
        "term": one.term(of.today).value,
        "readyOn": one.ready_on.isoformat() if one.ready_on else None,
        "leadDays": one.lead_days,
    }
