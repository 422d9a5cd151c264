"""A damaged store of one tenant, written anew from what is whole and what the live systems hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from onboarding import item
from onboarding.state import chain, checking, interface, leases, owner, store


def lost_head(of: store.Store, tenant_id: str, witnessed: chain.Head) -> chain.Head:
    """The last head that anything remembers: the witness, the lease, or the journal itself."""
    held = of.place.lease(tenant_id)
    known = [witnessed, checking.salvage(of, tenant_id).records.head]
    if held is not None:
        try:
            known.append(leases.opened(held.content, tenant_id).head)
        except Exception:  # noqa: BLE001 - it is damaged: that is why we are here
            known.append(chain.Head())
    return max(known, key=lambda head: head.seq)


def run(
    of: store.Store,
    tenant_id: str,
    *,
    witnessed: chain.Head,
    why: Sequence[str],
    manifest: str,
    items: Sequence[item.Item],
) -> str:
    """Move everything aside, begin with what is whole, and say in the journal what was lost.

    Returns where the old things are, "" where there were none. The numbers go on after the last
    one that anything remembers.
    """
    kept = checking.salvage(of, tenant_id)
    lost = lost_head(of, tenant_id, witnessed)
    now = datetime.now(UTC)
    label = now.strftime("%Y%m%dT%H%M%S.%fZ")
    aside = of.place.set_aside(tenant_id, label) if tenant_id in of.tenants() else ""
    for stored, raw in kept.documents.items():
        of.place.put(tenant_id, stored, raw)
    after = 0
    for entry, line in zip(kept.records.entries, kept.lines, strict=True):
        of.place.append(tenant_id, after, entry.seq, line)
        after = entry.seq
    rebuilt = interface.Entry(
        now.isoformat(timespec="milliseconds"),
        chain.REBUILT,
        {
            "lost": {"seq": lost.seq, "hash": lost.hash},
            "records": len(kept.lines),
            "why": list(why),
            "aside": aside,
        },
        seq=lost.seq + 1,
        by=owner.words(),
    )
    line, _ = chain.line(kept.records.head, tenant_id, rebuilt)
    of.place.append(tenant_id, after, rebuilt.seq, line)
    with of.lease(tenant_id):
        of.keep_manifest(tenant_id, manifest)
        of.keep_applied(tenant_id, items)
    return aside
