"""Pause: an agency that runs leave out for a while, with a reason. It ends by itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from onboarding import change_rules, errors
from onboarding.state import interface

DOCUMENT = "pause"


@dataclass(frozen=True, slots=True)
class Pause:
    """``until`` is the last day of the pause."""

    reason: str
    since: date
    until: date
    by: str

    def __str__(self) -> str:
        return f"paused until {self.until}: {self.reason}"


class Paused(errors.Refused):
    """The agency is paused; a run over several says so and goes on with the others."""

    def __init__(self, tenant_id: str, of: Pause) -> None:
        super().__init__(
            f"{tenant_id} is {of}",
            details=[f"since {of.since}, by {of.by}"],
            resolution="Wait for its end, or run: onboard resume with its manifest. "
            "verify and drift read it meanwhile.",
        )
        self.tenant_id = tenant_id
        self.pause = of


def json(of: Pause) -> dict[str, str]:
    """The pause as JSON values, for records and for machines."""
    return {
        "reason": of.reason,
        "since": of.since.isoformat(),
        "until": of.until.isoformat(),
        "by": of.by,
    }


def begin(
    store: interface.StateStore, tenant_id: str, reason: str, until: date, today: date, by: str
) -> Pause:
    """Pause an agency, or change the reason and end of its pause; the caller holds the lease.

    Raises ``errors.UsageError`` for an end that is past or further off than a pause may last.
    """
    latest = today + timedelta(days=change_rules.value("pause.longestDays"))
    if not today <= until <= latest:
        raise errors.UsageError(
            f"{tenant_id}: a pause cannot end on {until}",
            resolution=f"Name a day from {today} to {latest}.",
        )
    if not reason.strip():
        raise errors.UsageError(f"{tenant_id}: a pause needs a reason", resolution="Add --reason.")
    made = Pause(reason.strip(), today, until, by)
    store.keep(tenant_id, DOCUMENT, json(made))
    store.record(tenant_id, "paused", **json(made))
    return made


def end(store: interface.StateStore, tenant_id: str, by: str) -> Pause | None:
    """End the pause now; None where there was none. The caller holds the lease."""
    found = _kept(store, tenant_id)
    if found is not None:
        store.forget(tenant_id, DOCUMENT)
        store.record(tenant_id, "resumed", by=by, reason=found.reason)
    return found


def in_force(store: interface.StateStore, tenant_id: str, today: date) -> Pause | None:
    """The pause that holds on a day."""
    found = _kept(store, tenant_id)
    return found if found is not None and found.since <= today <= found.until else None


def refuse(store: interface.StateStore, tenant_id: str, today: date) -> None:
    """Raise ``Paused`` where a run has to leave the agency alone."""
    found = in_force(store, tenant_id, today)
    if found is not None:
        raise Paused(tenant_id, found)


def _kept(store: interface.StateStore, tenant_id: str) -> Pause | None:
    kept = store.kept(tenant_id, DOCUMENT)
    if kept is None:
        return None
    since, until = date.fromisoformat(kept["since"]), date.fromisoformat(kept["until"])
    return Pause(kept["reason"], since, until, kept["by"])
