"""What every engine promises to the rest of the program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from onboarding import item, plan, progress, tenant


class Engine(Protocol):
    """One system that holds items for tenants.

    ``observe`` needs read rights only and returns no secret. ``apply`` writes exactly the given
    changes of one tenant, in an order of its own, calls ``begin`` right before it writes one
    (an engine that writes all in one process: for each before it starts), yields an outcome for
    each as it ends, and stops at the first failure (the caller marks the rest as not attempted).
    ``unfinished`` says what a run that was cut off had begun (since when, by reference): what
    that left behind beside the items is completed or removed, even where no change is given.
    Both raise ``errors.OnboardError`` only.
    """

    @property
    def name(self) -> item.EngineName: ...

    def identity(self) -> str:
        """The id of the system behind the engine, to be compared with the pinned one."""
        ...

    def observe(
        self, tenants: Sequence[tenant.Tenant], *, evidence: bool = False
    ) -> item.Observation:
        """Everything held for these tenants; with ``evidence`` also what controls ask about."""
        ...

    def apply(
        self,
        of: tenant.Tenant,
        changes: Sequence[plan.Change],
        report: progress.Progress,
        *,
        begin: plan.Begin = plan.unrecorded,
        unfinished: Mapping[str, str] = plan.NOTHING,
    ) -> Iterator[plan.Outcome]: ...


@runtime_checkable
class LooksAhead(Protocol):
    """An engine that can tell before it writes whether it would do more than it was asked to."""

    def look_ahead(
        self, of: tenant.Tenant, changes: Sequence[plan.Change], report: progress.Progress
    ) -> None:
        """Raise ``errors.Mismatch`` where ``apply`` would do more than ``changes``.

        Writes nothing; ``apply`` looks once more. What cannot be foreseen is no mismatch.
        """
        ...
