"""What the settings of every system begin with, and the parts that several of them share."""

from __future__ import annotations

from typing import Any

from onboarding import tenant
from onboarding.desired import saraban
from onboarding.manifest import calendar as calendars
from onboarding.manifest import citizen

_EPA_BINDS = ("applicable", "royal-decree")


def about(of: tenant.Tenant, instance: tenant.Instance) -> dict[str, Any]:
    """Whose settings these are; the access log where the data is sensitive."""
    log = {"accessLog": access_log(of, instance)} if instance.sensitive else {}
    return {
        "version": saraban.defaults()["version"],
        "agency": _agency(of),
        "instance": {
            "namespace": instance.namespace,
            "system": instance.system,
            "environment": instance.environment,
            "shard": instance.shard,
            "address": f"https://{instance.host}" if instance.host else "",
        },
        **log,
    }


def access_log(of: tenant.Tenant, instance: tenant.Instance) -> dict[str, Any]:
    """What is written down whenever somebody opens, changes or exports a record."""
    agreed = (of.system(instance).health_platform or citizen.HealthPlatform()).access_log
    return {
        "enabled": True,
        "retentionDays": agreed.retention_days,
        "reasonRequired": agreed.reason_required,
        "fields": ["time", "actor", "record", "action", "reason", "outcome"],
    }


def _agency(of: tenant.Tenant) -> dict[str, Any]:
    agency = of.manifest.agency
    return {
        "id": of.id,
        "nameTh": agency.name_th,
        "nameEn": agency.name_en,
        "letterCode": agency.letter_code,
    }


def calendar(of: tenant.Tenant, agreed: calendars.WorkCalendar) -> dict[str, Any]:
    """Working time, and what it means for what comes in outside of it."""
    law = saraban.defaults()["workCalendar"]
    mode = of.manifest.legal.epa2565.mode
    return {
        "timeZone": agreed.timezone,
        "workDays": list(agreed.days),
        "hours": {"from": agreed.opens, "to": agreed.closes},
        "outOfHours": {
            "rule": law["outOfHours"],
            "force": "required" if mode in _EPA_BINDS else "advised",
            "basis": f"e-Performance Act B.E. 2565 s.10: {mode}",
        },
        "yearlyHolidays": law["fixedHolidays"],
        "announcedHolidays": [day.isoformat() for day in sorted(agreed.holidays)],
    }
