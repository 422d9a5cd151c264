"""Desired items: what every engine must hold for a tenant, as pure functions."""

from __future__ import annotations

from onboarding import environment, item, tenant


def everything(of: tenant.Tenant, target: environment.Environment) -> tuple[item.Item, ...]:
    """All items of a tenant in its phase, in the order of the engines."""
    from onboarding.desired import cluster, ingress_tls, phases, settings, sso, vault

    return phases.of(
        of,
        (
            *vault.desired(of, target),
            *sso.desired(of, target),
            *cluster.desired(of, target),
            *ingress_tls.desired(of, target),
            *settings.desired(of, target),
        ),
    )
