"""The one clock of a run: every comparison of dates takes its "today" from here."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

BANGKOK = ZoneInfo("Asia/Bangkok")
BUDDHIST_ERA_OFFSET = 543
THAI_MONTHS = (
    "มกราคม", "กุมภาพันธ์", "มีนาคม", "เมษายน", "พฤษภาคม", "มิถุนายน",
    "กรกฎาคม", "สิงหาคม", "กันยายน", "ตุลาคม", "พฤศจิกายน", "ธันวาคม",
)  # fmt: skip


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


def shown() -> str:
    """What this computer's clock says, for messages that it may be the cause of."""
    return f"the clock of this computer says {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"


def buddhist_year(day: date) -> int:
    """Year of the Buddhist Era (B.E. = Gregorian + 543), as official letters print it."""
    return day.year + BUDDHIST_ERA_OFFSET


def thai_date(day: date) -> str:
    """A day as official letters print it: ``3 กุมภาพันธ์ พ.ศ. 2568``."""
    return f"{day.day} {THAI_MONTHS[day.month - 1]} พ.ศ. {buddhist_year(day)}"
