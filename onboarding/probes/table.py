"""The probes there are, in their order."""

from __future__ import annotations

from onboarding import clock, environment, tenant
from onboarding.probes import addresses, bodies, inside, letters, probe, signing_in
from onboarding.state import interface


def of(
    whose: tenant.Tenant,
    target: environment.Environment,
    store: interface.StateStore,
    now: clock.Clock,
    secret: str,
) -> tuple[probe.Probe, ...]:
    """All probes of an agency. ``secret``: of its account at the exchange of letters."""
    return (
        letters.of(whose, target, store, secret),
        addresses.of(whose, target, now),
        signing_in.of(whose, target),
        bodies.of(whose, target, store),
        inside.of(whose, target, store),
    )
