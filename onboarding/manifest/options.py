"""Options of the systems beside the e-Office, one block per kind of system."""

from __future__ import annotations

import re
from typing import Literal, Self

import pydantic

from onboarding.manifest.fields import Model, Name, Slug, field, mistake

_COUNTER = re.compile(r"#+")


class Devices(Model):
    """The devices that may send: numbered ones by pattern, or a list."""

    count: int | None = field(
        "จำนวนอุปกรณ์", "Number of devices", "numbered from 1, with idPattern", None, ge=1, le=5000
    )
    id_pattern: str | None = field(
        "รูปแบบรหัสอุปกรณ์",
        "Pattern of device ids",
        "# stands for a digit, e.g. station-##",
        None,
        pattern=r"^[a-z][a-z0-9-]{0,22}#{1,7}$",
    )
    ids: tuple[Slug, ...] = field(
        "รหัสอุปกรณ์", "Device ids", "instead of count and idPattern", (), max_length=5000
    )

    @pydantic.model_validator(mode="after")
    def _one_way(self) -> Self:
        numbered = self.count is not None and self.id_pattern is not None
        if numbered == bool(self.ids) or (self.ids and (self.count or self.id_pattern)):
            raise mistake(
                "does not say clearly which devices there are",
                "write count: N with idPattern: station-##, or ids: [...], not both",
            )
        if len(set(self.ids)) < len(self.ids):
            raise mistake("names a device twice", "give each device its own id")
        if self.count and self.id_pattern and len(str(self.count)) > self.id_pattern.count("#"):
            raise mistake(
                f"has too few # in idPattern for {self.count} devices",
                f"write {len(str(self.count))} of them",
            )
        return self

    def all(self) -> tuple[str, ...]:
        """The id of every device: ``station-01`` … of ``station-##``."""
        if self.ids or self.count is None or self.id_pattern is None:
            return self.ids
        digits, pattern = self.id_pattern.count("#"), self.id_pattern
        return tuple(
            _COUNTER.sub(f"{number:0{digits}d}", pattern) for number in range(1, self.count + 1)
        )


class Telemetry(Model):
    """What devices send, how often, and how long it is kept; never personal data."""

    devices: Devices = field("อุปกรณ์", "Devices")
    measurements: tuple[Slug, ...] = field(
        "ข้อมูลที่วัด", "Measurements", "names of what devices send, none about a person", min_length=1
    )
    rate_limit_per_minute: int = field(
        "จำนวนข้อความสูงสุดต่อนาที", "Messages a minute", "for each device", 60, ge=1, le=6000
    )
    series_quota: int = field(
        "จำนวนอนุกรมเวลาสูงสุด", "Time series", "at most, of all devices", ge=1, le=10_000_000
    )
    retention_days: int = field("จำนวนวันที่เก็บข้อมูล", "Kept for days", "", 90, ge=1, le=3650)


class Restricted(Model):
    """How a restricted system may be reached: by default not at all."""

    ingress: Literal["none", "internal"] = field(
        "ทางเข้าระบบ", "Way in", "none, or internal: the operator's internal gateway", "none"
    )


class DataPlatform(Model):
    """What a data centre of a sector holds."""

    storage_gi: int = field("พื้นที่จัดเก็บ (GiB)", "Storage in GiB", "", ge=10, le=1_000_000)
    datasets: tuple[Name, ...] = field("ชุดข้อมูล", "Datasets", "held by the platform", min_length=1)
