"""What the state store remembers of leavings: where one stands, and the tombstones of those past.

Documents of an agency: ``leaving`` while it leaves, ``tombstone`` once it has gone, and
``tombstone-<n>`` of its n-th time here after it came back. The journal goes on through all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onboarding import errors, manifest, tenant
from onboarding.leaving import steps
from onboarding.state import interface

LEAVING = "leaving"
TOMBSTONE = "tombstone"
REJOIN, REJOINED = "rejoin-begun", "rejoin-ended"


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether an agency works here, is leaving or has left, and for the how manieth time."""

    phase: tenant.Phase
    generation: int
    leaving: steps.Leaving | None = None
    tombstone: Mapping[str, Any] | None = None


HERE = Standing(tenant.Phase.PRESENT, 1)
"""An agency that never left."""


def standing(store: interface.StateStore, tenant_id: str) -> Standing:
    """Raises ``errors.EngineFailed`` where a record is damaged."""
    tombstone = store.kept(tenant_id, TOMBSTONE)
    if tombstone is not None:
        return Standing(tenant.Phase.GONE, int(tombstone["generation"]), tombstone=tombstone)
    past = [n for n in store.kept_names(tenant_id) if n.startswith(f"{TOMBSTONE}-")]
    kept = store.kept(tenant_id, LEAVING)
    if kept is None:
        return Standing(tenant.Phase.PRESENT, len(past) + 1)
    leaving = steps.from_json(kept)
    return Standing(leaving.phase, len(past) + 1, leaving)


def state(of: Standing) -> str:
    """In a few words where an agency stands that leaves or has left; "" for any other."""
    if of.tombstone is not None:
        return f"has left on {str(of.tombstone['at'])[:10]}"
    if of.leaving is None:
        return ""
    if of.leaving.cancelling:
        return "stays: run offboard --cancel again to go on"
    if of.leaving.destruction is not None:
        return "leaving, destroying has begun: run offboard again to go on"
    done = [e.step.value for e in of.leaving.evidence]
    return (
        f"leaving, {done[-1]} done, next: {of.leaving.next.value}" if done else "leaving, freezing"
    )


def refuse_unless_present(of: Standing, tenant_id: str) -> None:
    """Raise ``errors.Refused`` where a plain apply would undo, or be undone by, a leaving."""
    if of.tombstone is not None:
        raise errors.Refused(
            f"{tenant_id} has left; its tombstone is of {str(of.tombstone['at'])[:10]}",
            resolution="If it joins again: onboard offboard FILE --rejoin, then onboard apply.",
        )
    if of.leaving is not None:
        raise errors.Refused(
            f"{tenant_id} is leaving; nothing else may change it",
            details=[f"next step: {of.leaving.next.value}"],
            resolution="See: onboard offboard FILE --status. To stay: onboard offboard FILE "
            "--cancel",
        )


def keep(store: interface.StateStore, tenant_id: str, of: steps.Leaving) -> None:
    store.keep(tenant_id, LEAVING, steps.to_json(of))


def bury(store: interface.StateStore, tenant_id: str, tombstone: Mapping[str, Any]) -> None:
    """End a leaving: the tombstone first, so that no kill leaves an agency without either."""
    store.keep(tenant_id, TOMBSTONE, tombstone)
    store.forget(tenant_id, LEAVING)


def reopen(store: interface.StateStore, tenant_id: str) -> int:
    """Let an agency that has left join again; the tombstone stays under its number.

    Returns the number of its new time here. Raises ``errors.Refused`` where it has not left.
    """
    found = standing(store, tenant_id)
    if found.tombstone is None:
        raise errors.Refused(f"{tenant_id} has not left; there is nothing to join again")
    store.keep(tenant_id, f"{TOMBSTONE}-{found.generation}", found.tombstone)
    store.record(tenant_id, REJOIN, generation=found.generation + 1)
    # What was applied is the chain that stays behind: nothing of the new time here.
    store.keep_applied(tenant_id, ())
    # A run that was killed while it buried left it beside the tombstone, which alone hides it.
    store.forget(tenant_id, LEAVING)
    store.forget(tenant_id, TOMBSTONE)
    store.record(tenant_id, REJOINED, generation=found.generation + 1)
    return found.generation + 1


def this_time(journal: Sequence[interface.Entry]) -> Sequence[interface.Entry]:
    """What was recorded since the agency joined last."""
    joined = [n for n, entry in enumerate(journal) if entry.event == REJOIN]
    return journal[joined[-1] + 1 :] if joined else journal


def manifests(store: interface.StateStore) -> dict[str, str]:
    """The last manifest of every agency that is here: one that has gone claims nothing."""
    gone = store.kept_by(TOMBSTONE)
    return {agency: text for agency, text in store.manifests().items() if agency not in gone}


def peers(store: interface.StateStore, tenant_id: str) -> tuple[str, ...]:
    """Agencies whose last manifest declares a link with this one, sorted."""
    return tuple(
        sorted(
            agency
            for agency, text in manifests(store).items()
            if agency != tenant_id
            and any(
                link.peer == tenant_id
                for link in manifest.loads(text, f"last manifest of {agency}").links
            )
        )
    )
