"""``onboard history --verify`` and ``--export``: the chain of records, here or in a file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from onboarding import counted, environment, errors, history_file
from onboarding.cli import console, written

if TYPE_CHECKING:
    from onboarding.state import chain


def exported(path: Path) -> str:
    """The text of an exported history; "" where the file is something else, or is not there."""
    if not path.is_file():
        return ""
    text = path.read_text(encoding="utf-8", errors="replace")
    return text if history_file.is_one(text) else ""


def export(target: environment.Environment, tenants: Sequence[str], out: Path) -> None:
    """Write the whole journals of agencies. Raises errors.EngineFailed where one is damaged."""
    from onboarding.state import opening

    store = opening.at(target.state)
    for tenant_id in tenants:
        store.journal(tenant_id)
    journals = {tenant_id: store.place.lines(tenant_id) for tenant_id in tenants}
    written.new(out, "".join(history_file.lines(target.name, journals)))


def chains(target: environment.Environment, tenants: Sequence[str]) -> dict[str, chain.Chain]:
    """The chains of agencies as the store holds them, and what is wrong with each."""
    from onboarding.state import opening

    store = opening.at(target.state)
    return {tenant_id: store.records(tenant_id) for tenant_id in tenants}


def told(found: Mapping[str, chain.Chain], expected: str, output: str) -> int:
    """Show the head of each chain, and end in an error where one does not hold."""
    damage = {t: _damage(of, expected) for t, of in found.items()}
    if output == "json":
        console.result_json({"chains": [_json(t, of, damage[t]) for t, of in found.items()]})
    else:
        console.result("\n".join(_line(t, of, damage[t]) for t, of in found.items()) or "nothing")
    broken = [f"{t}: {what}" for t, what in damage.items() if what]
    if broken:
        raise errors.EngineFailed(
            f"{len(broken)} of {len(found)} histories do not hold",
            details=broken,
            resolution="Keep what is there for the auditors. A copy of the store that holds, or an "
            "export, says what was there before.",
        )
    return errors.ExitCode.DONE


def _damage(of: chain.Chain, expected: str) -> str:
    if of.damage or not expected:
        return of.damage
    if any(entry.hash == expected for entry in of.entries):
        return ""
    return f"the expected record {expected[:12]} is not in it: it was cut or written anew"


def _line(tenant_id: str, of: chain.Chain, damage: str) -> str:
    if not of.entries and not damage:
        return f"{tenant_id}: no records"
    word = f"broken: {damage}" if damage else "whole"
    return (
        f"{tenant_id}: {counted.of(len(of.entries), 'record')}, {word}; head sha256:{of.head.hash}"
    )


def _json(tenant_id: str, of: chain.Chain, damage: str) -> dict[str, object]:
    return {
        "tenant": tenant_id,
        "records": len(of.entries),
        "whole": not damage,
        "damage": damage or None,
        "head": {"seq": of.head.seq, "hash": f"sha256:{of.head.hash}"} if of.entries else None,
    }
