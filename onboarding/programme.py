"""The national programme as manifests tell it: users, provinces, MOUs near their end, lead time."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from onboarding import clock, provinces
from onboarding.manifest import model
from onboarding.policies import load
from onboarding.state import interface


class Term(StrEnum):
    """Where an MOU stands in its term."""

    FUTURE = "future"
    RUNNING = "running"
    ENDING = "ending"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Agency:
    """What the programme counts of one agency."""

    id: str
    name_en: str
    name_th: str
    branch: str
    mechanism: str
    isolation: str
    province: str
    users: int
    users_target: int
    bodies: int
    bodies_total: int
    signed_on: date
    effective_from: date
    effective_to: date
    ready_on: date | None = None
    """Day of the first verification that found everything in order; None: never, or not read."""

    @property
    def lead_days(self) -> int | None:
        """Days from the signing of the MOU to ready, where both are known and in this order."""
        if self.ready_on is None or self.ready_on < self.signed_on:
            return None
        return (self.ready_on - self.signed_on).days

    def days_left(self, today: date) -> int:
        """Days to the end of the MOU, its last day included; negative once it has ended."""
        return (self.effective_to - today).days

    def term(self, today: date) -> Term:
        if self.days_left(today) < 0:
            return Term.ENDED
        if self.effective_from > today:
            return Term.FUTURE
        return Term.ENDING if self.days_left(today) <= ending_within_days() else Term.RUNNING


@dataclass(frozen=True, slots=True)
class Coverage:
    """Bodies of one province that are on board, of all that it has."""

    province: provinces.Province
    bodies: int
    total: int
    users: int

    @property
    def percent(self) -> float:
        return 100 * self.bodies / self.total


@dataclass(frozen=True, slots=True)
class Published:
    """What the ministry published for a time; ``agencies`` is 0 where it was not said."""

    users: int
    agencies: int
    first: date
    last: date
    source: str
    confirm: str


@dataclass(frozen=True, slots=True)
class Programme:
    """All agencies of the folder on one day. ``environment`` is "" where none was read."""

    today: date
    agencies: tuple[Agency, ...]
    environment: str = ""
    unread: tuple[str, ...] = ()
    """Agencies whose records in the environment could not be read."""

    @property
    def users(self) -> int:
        return sum(one.users for one in self.agencies)

    @property
    def users_target(self) -> int:
        return sum(one.users_target for one in self.agencies)

    @property
    def ready(self) -> tuple[Agency, ...]:
        return tuple(one for one in self.agencies if one.ready_on)

    @property
    def lead_median(self) -> float | None:
        """Median of the days from MOU to ready; None where no agency has both."""
        known = [one.lead_days for one in self.agencies if one.lead_days is not None]
        return statistics.median(known) if known else None

    @property
    def ending(self) -> tuple[Agency, ...]:
        """Agencies whose MOU ends soon or has ended, the nearest to its end first."""
        found = (a for a in self.agencies if a.term(self.today) in (Term.ENDING, Term.ENDED))
        return tuple(sorted(found, key=lambda a: (a.effective_to, a.id)))

    def count(self, key: str) -> Mapping[str, int]:
        """Agencies by ``branch``, ``mechanism`` or ``isolation``, the most first."""
        return dict(Counter(getattr(one, key) for one in self.agencies).most_common())

    @property
    def coverage(self) -> tuple[Coverage, ...]:
        """Each province that says how many bodies it has, the best covered first.

        Programmes of one province share its bodies: those on board add up, the total does not.
        """
        found: dict[str, list[Agency]] = {}
        for one in self.agencies:
            if one.bodies_total:
                found.setdefault(one.province, []).append(one)
        covered = (
            Coverage(
                provinces.get(code),
                sum(a.bodies for a in of),
                max(a.bodies_total for a in of),
                sum(a.users for a in of),
            )
            for code, of in found.items()
        )
        return tuple(sorted(covered, key=lambda c: (-c.percent, c.province.code)))

    @property
    def awaited(self) -> tuple[provinces.Province, ...]:
        """Provinces named for the programme of which no manifest is here."""
        here = {one.province for one in self.agencies if one.mechanism == "regional"}
        return tuple(provinces.get(c) for c in _data()["provinces"]["codes"] if c not in here)


def agency(manifest: model.AgencyMou, ready_on: date | None = None) -> Agency:
    """What is kept of a manifest."""
    of, mou, bodies = manifest.agency, manifest.mou, manifest.bodies
    return Agency(
        id=manifest.id,
        name_en=of.name_en,
        name_th=of.name_th,
        branch=of.branch,
        mechanism=mou.mechanism,
        isolation=manifest.tenancy.isolation,
        province=of.province_code,
        users=manifest.users.initial,
        users_target=manifest.users.target,
        bodies=bodies.onboarded if bodies else 0,
        bodies_total=bodies.total if bodies else 0,
        signed_on=mou.signed_on,
        effective_from=mou.effective_from,
        effective_to=mou.effective_to,
        ready_on=ready_on,
    )


def first_ready(journal: Sequence[interface.Entry], today: date) -> date | None:
    """The day in Bangkok on which the agency was verified ready for the first time, until today."""
    for entry in journal:
        if entry.event == "verified" and entry.details.get("ready"):
            day = datetime.fromisoformat(entry.at).astimezone(clock.BANGKOK).date()
            return day if day <= today else None
    return None


def total(of: Iterable[Coverage]) -> tuple[int, int]:
    """Bodies on board and bodies there are, over provinces."""
    listed = tuple(of)
    return sum(one.bodies for one in listed), sum(one.total for one in listed)


def goal() -> int:
    """Users that the programme aims at."""
    users: int = _data()["goal"]["users"]
    return users


def published() -> tuple[Published, ...]:
    """What was published about the programme, newest first."""
    return tuple(
        Published(
            entry["users"],
            entry.get("agencies", 0),
            date.fromisoformat(entry["from"]),
            date.fromisoformat(entry["to"]),
            entry["source"],
            entry.get("confirm", ""),
        )
        for entry in _data()["published"]
    )


@dataclass(frozen=True, slots=True)
class Source:
    """Where a figure of the report comes from, and what a person has to confirm about it."""

    en: str
    th: str
    confirm_en: str
    confirm_th: str


def sources() -> tuple[Source, ...]:
    """The sources of every figure that is not from manifests or records."""
    known = _data()
    entries = (known["goal"], *known["published"], known["provinces"], known["endingWithinDays"])
    return tuple(
        Source(e["source"], e["sourceTh"], e.get("confirm", ""), e.get("confirmTh", ""))
        for e in entries
    )


def ending_within_days() -> int:
    """An MOU that ends within so many days is near its end."""
    days: int = _data()["endingWithinDays"]["value"]
    return days


def _data() -> Mapping[str, Any]:
    return load.read("programme.yaml")
