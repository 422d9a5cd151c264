"""When an office works, which decides when something counts as received."""

from __future__ import annotations

from typing import Literal

from onboarding.manifest.fields import Day, Model, field


class WorkCalendar(Model):
    """Working time, which decides when a letter counts as received."""

    days: tuple[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], ...] = field(
        "วันทำการ", "Working days", "", ("mon", "tue", "wed", "thu", "fri")
    )
    opens: str = field(
        "เวลาเปิดทำการ", "Opens", "HH:MM", "08:30", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
    )
    closes: str = field(
        "เวลาปิดทำการ", "Closes", "HH:MM", "16:30", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$"
    )
    timezone: Literal["Asia/Bangkok"] = field("เขตเวลา", "Time zone", "", "Asia/Bangkok")
    holidays: tuple[Day, ...] = field("วันหยุดราชการ", "Public holidays", "", ())
