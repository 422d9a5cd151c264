"""A witness of each journal outside the state store: its head, kept in Vault beside the agencies.

A store that was restored from an older copy, or deleted, is whole in itself; only something
outside it can tell. The head is written at the end of a run that changed something, as metadata of
an entry below ``_onboard/``, a name that no agency can have; it holds no secret and no version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, runtime_checkable

from onboarding import errors, progress, vault
from onboarding.engines import interface
from onboarding.state import chain
from onboarding.state import interface as state

FOLDER = "kv/metadata/_onboard"


@runtime_checkable
class Witness(Protocol):
    """An engine that remembers the head of an agency's journal."""

    def remembered(self, tenant_id: str) -> chain.Head:
        """The head at the end of the last run that changed something; number 0 for none."""
        ...

    def remember(self, tenant_id: str, head: chain.Head) -> None: ...

    def all_remembered(self) -> tuple[str, ...]:
        """The agencies of which a head is remembered."""
        ...


def read(door: vault.Vault, tenant_id: str) -> chain.Head:
    notes = (door.read(f"{FOLDER}/{tenant_id}") or {}).get("custom_metadata") or {}
    return chain.Head(int(notes.get("seq") or 0), notes.get("hash", ""))


def write(door: vault.Vault, tenant_id: str, head: chain.Head) -> None:
    notes = {"seq": str(head.seq), "hash": head.hash}
    door.write(f"{FOLDER}/{tenant_id}", {"custom_metadata": notes})


def agencies(door: vault.Vault) -> tuple[str, ...]:
    return door.names(FOLDER)


def of(engines: Sequence[interface.Engine]) -> Witness | None:
    """The engine among these that is one; None where none is."""
    return next((e for e in engines if isinstance(e, Witness)), None)


def check(engines: Sequence[interface.Engine], store: state.StateStore, tenant_id: str) -> None:
    """Raise ``errors.EngineFailed`` where the store lacks what the live system remembers."""
    witness = of(engines)
    if witness is None:
        return
    why = lacking(store.journal(tenant_id), witness.remembered(tenant_id))
    if why:
        raise errors.EngineFailed(
            f"the state store does not hold what was recorded for {tenant_id}",
            details=[f"Vault remembers its journal: {why}"],
            resolution="Was the store restored from a copy, deleted, or is state.store another"
            f" one? Put the right one back, or rebuild it: onboard state repair {tenant_id}",
        )


def lacking(journal: Iterable[state.Entry], known: chain.Head) -> str:
    """Why a journal is not the one of which ``known`` was the head; "" where it is."""
    if not known.seq:
        return ""
    held: Mapping[int, str] = {e.seq: e.hash for e in journal}
    if known.seq not in held:
        return f"record {known.seq} is missing, the last here is {max(held, default=0)}"
    return "" if held[known.seq] == known.hash else f"record {known.seq} was another one"


def keep(
    engines: Sequence[interface.Engine],
    store: state.StateStore,
    tenant_id: str,
    report: progress.Progress,
) -> None:
    """Let the live system remember the journal as it is now.

    A run does not fail for it: its work is done, and an older head is a witness as well.
    """
    witness = of(engines)
    if witness is None:
        return
    last = store.journal(tenant_id)[-1]
    try:
        witness.remember(tenant_id, chain.Head(last.seq, last.hash))
    except errors.OnboardError as refused:
        report.note(f"the head of the journal could not be kept in Vault: {refused.message}")
