"""``onboard state repair``: what is wrong, what is kept, and then the records written anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from onboarding import counted, environment, errors, item, manifest, reconcile, tenant
from onboarding.cli import console
from onboarding.engines import table, witness
from onboarding.state import chain, checking, document, leases, opening, rebuild, store


@dataclass(frozen=True, slots=True)
class _Case:
    """A store to mend: whose, what is wrong with it, and what Vault remembers."""

    store: store.Store
    tenant_id: str
    wrong: tuple[str, ...]
    witnessed: chain.Head
    salvage: checking.Salvage


def run(which: str, target: environment.Environment, *, agreed: Callable[[str], None]) -> int:
    """Show it, ask, and do it. ``agreed`` raises where nobody agrees."""
    given = Path(which) if Path(which).is_file() else None
    tenant_id = manifest.load(given).metadata.id if given else which
    applier = _witness(target, environment.Role.APPLIER)
    case = _case(opening.at(target.state), tenant_id, applier)
    if not case.wrong:
        console.result(f"{tenant_id}: nothing to repair")
        return errors.ExitCode.DONE
    _refuse_holder(case)
    text = given.read_text(encoding="utf-8") if given else _kept_manifest(case)
    items = _ours(text, tenant_id, target)
    _show(case, items)
    agreed(f"Rebuild the records of {tenant_id} in {case.store.place.where}?")
    aside = rebuild.run(
        case.store, tenant_id,
        witnessed=case.witnessed, why=case.wrong, manifest=text, items=items,
    )  # fmt: skip
    last = case.store.journal(tenant_id)[-1]
    applier.remember(tenant_id, chain.Head(last.seq, last.hash))
    console.result(
        f"{tenant_id}: rebuilt, {len(items)} items of ours are known again\n"
        f"{f'the old records are kept for the auditors: {aside}' if aside else 'none were left'}\n"
        "next: onboard plan    it shows what the live systems lack"
    )
    return errors.ExitCode.DONE


def _witness(target: environment.Environment, role: environment.Role) -> witness.Witness:
    found = witness.of(table.of(target, role))
    if found is None:
        raise errors.Unreachable("no engine of this environment remembers journals")
    return found


def _case(of: store.Store, tenant_id: str, source: witness.Witness) -> _Case:
    wrong = [f"{f.part}: {f.told}" for f in checking.check(of, tenant_id) if f.damage]
    known, kept = source.remembered(tenant_id), checking.salvage(of, tenant_id)
    why = witness.lacking(kept.records.entries, known)
    if why:
        wrong.append(f"journal: Vault remembers more: {why}")
    if not wrong and tenant_id not in of.tenants():
        raise errors.UsageError(
            f"{tenant_id}: neither the store nor Vault knows this agency",
            resolution="Name an agency of this environment: onboard state verify",
        )
    return _Case(of, tenant_id, tuple(wrong), known, kept)


def _refuse_holder(case: _Case) -> None:
    try:
        seen = leases.look(case.store.place, case.tenant_id)
    except errors.EngineFailed:
        # The record of the lease is what is damaged; the question below says so.
        return
    if seen is not None and seen.held:
        raise leases.refused(case.tenant_id, seen.written, seen.ends)


def _kept_manifest(case: _Case) -> str:
    for stored, raw in case.salvage.documents.items():
        if document.name_of(stored) == document.MANIFEST:
            return str(document.opened(raw, case.tenant_id, document.MANIFEST)[0])
    raise errors.UsageError(
        f"{case.tenant_id}: no manifest is left in the store",
        resolution="Name its manifest: onboard state repair FILE",
    )


def _ours(text: str, tenant_id: str, target: environment.Environment) -> tuple[item.Item, ...]:
    """What the live systems hold under our labels."""
    of = tenant.resolve(manifest.loads(text, f"manifest of {tenant_id}"), target)
    engines = table.of(target, environment.Role.PLANNER)
    reconcile.check_identity(engines, target)
    seen = reconcile.observe(engines, [of], console.progress())
    found = (i for o in seen.values() for i in o.of(tenant_id))
    return tuple(i for i in found if i.owner == tenant_id)


def _show(case: _Case, items: tuple[item.Item, ...]) -> None:
    lines = [f"{case.tenant_id} in {case.store.place.where}", "  damaged:"]
    lines += [f"    ! {told}" for told in case.wrong]
    lines.append(
        f"  kept: {counted.of(len(case.salvage.lines), 'record')}, "
        + counted.of(len(case.salvage.documents), "document")
    )
    lines.append(f"  read from the live systems: {counted.of(len(items), 'item')} with our labels")
    console.hint("\n".join(lines) + "\n")
