"""The table of systems. To add one: a module with its ENTRY, and one line here."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from onboarding import errors, item
from onboarding.catalogue import (
    beside,
    data_platform,
    e_office,
    health_platform,
    iot_telemetry,
    one_stop_service,
    restricted,
)
from onboarding.catalogue.entry import Entry, Offer

_ENTRIES = (
    e_office.ENTRY,
    health_platform.ENTRY,
    one_stop_service.ENTRY,
    iot_telemetry.ENTRY,
    restricted.ENTRY,
    data_platform.ENTRY,
)


def offered() -> tuple[Entry, ...]:
    """Every system that can be provisioned, in the order of the catalogue."""
    return _ENTRIES


def everything() -> Mapping[str, tuple[Offer, ...]]:
    """All that a manifest may ask for, by its section there."""
    return {
        "systems": _ENTRIES,
        "links": beside.LINKS,
        "services": beside.SERVICES,
        "populations": beside.POPULATIONS,
    }


def get(kind: str) -> Entry:
    """The entry of ``kind``. Raises errors.InvalidInput for one that is not offered yet."""
    for entry in _ENTRIES:
        if entry.kind == kind:
            return entry
    kinds = ", ".join(entry.kind for entry in _ENTRIES)
    raise errors.InvalidInput(
        f"the system {kind!r} is not yet offered",
        resolution=f"Remove it from systems, or use one that is offered: {kinds}.",
    )


def version() -> str:
    """A hash over all that the catalogue says: another content is another version."""
    content = {
        section: [dataclasses.asdict(offer) for offer in offers]
        for section, offers in everything().items()
    }
    return item.content_hash(content)[:12]
