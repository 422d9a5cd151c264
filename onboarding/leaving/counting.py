"""How many letters an agency's systems hold: that none known before is gone without a word.

Every count is kept in the journal, which is written once and never changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onboarding import errors
from onboarding.leaving import records, sources
from onboarding.state import interface as state

_COUNTED = "letters-counted"


def keep(
    store: state.StateStore,
    tenant_id: str,
    found: Sequence[sources.Contents],
    *,
    allow_empty: bool = False,
) -> None:
    """Remember what was counted.

    Raises ``errors.Refused`` where a system has no letter and had some when it was counted last:
    an e-Office whose database was lost and made anew looks like one in which nobody ever worked.
    """
    at, known = _last(store, tenant_id)
    emptied = [one for one in found if not one.letters and known.get(one.namespace)]
    if emptied and not allow_empty:
        raise errors.Refused(
            f"{tenant_id}: letters that were there are not there any more; nothing is exported",
            details=[
                f"{one.namespace}: no letter now, {known[one.namespace]} on {at[:10]}"
                for one in emptied
            ],
            resolution="Bring them back from a backup of the e-Office. Where staff deleted every "
            "one of them, add --allow-empty, which puts that on record.",
        )
    now = {one.namespace: one.letters for one in found}
    if now != known:
        store.record(tenant_id, _COUNTED, letters=now, emptied=[e.namespace for e in emptied])


def _last(store: state.StateStore, tenant_id: str) -> tuple[str, Mapping[str, int]]:
    for entry in reversed(records.this_time(store.journal(tenant_id))):
        if entry.event == _COUNTED:
            return entry.at, entry.details["letters"]
    return "", {}


def differences(
    exported: Sequence[Mapping[str, Any]], now: Sequence[sources.Contents]
) -> tuple[str, ...]:
    """Of the systems that still stand what they hold beyond, or short of, the export, as lines for
    a person; ``exported`` as the evidence of the export has it."""
    then = {one["namespace"]: (one["letters"], one["register_entries"]) for one in exported}
    return tuple(
        f"{one.namespace}: {_told(*then.get(one.namespace, (0, 0)))} were exported, and it holds "
        f"{_told(one.letters, one.register_entries)} now: --cancel, then leave again"
        for one in now
        if then.get(one.namespace) != (one.letters, one.register_entries)
    )


def _told(letters: int, entries: int) -> str:
    return f"{letters} letter(s) and {entries} number(s) of registers"
