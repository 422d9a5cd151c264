"""The one clock of a run: every comparison of dates takes its "today" from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

BANGKOK = ZoneInfo("Asia/Bangkok")
BUDDHIST_ERA_OFFSET = 543


@dataclass(frozen=True, slots=True)
class Clock:
    """``as_of`` fixes the day of the run (``--as-of``); None means the real one in Bangkok."""

    as_of: date | None = None

    def today(self) -> date:
        return self.as_of or datetime.now(BANGKOK).date()

    def now(self) -> datetime:
        """The instant used for records; noon in Bangkok of a fixed day, else the real instant."""
        if self.as_of is None:
            return datetime.now(UTC)
        day = self.as_of
        return datetime(day.year, day.month, day.day, 12, tzinfo=BANGKOK).astimezone(UTC)


def buddhist_year(day: date) -> int:
    """Year of the Buddhist Era (B.E. = Gregorian + 543), as official letters print it."""
    return day.year + BUDDHIST_ERA_OFFSET
