"""Settings of systems beside the e-Office: those that serve patients and the public, and others."""

from __future__ import annotations

from typing import Any

from onboarding import tenant
from onboarding.desired import realm_broker, realm_mark, settings_common


def body(of: tenant.Tenant, instance: tenant.Instance) -> dict[str, Any]:
    """What is said beside whose settings they are."""
    system = of.system(instance)
    found: dict[str, Any] = {}
    if instance.strong_sign_in:
        found["signIn"] = {"leastAcr": realm_mark.policy()["acrRequired"]}
    service = system.one_stop_service
    if service:
        providers = [broker.alias for broker in realm_broker.brokers(of)]
        found["signIn"] = {**found.get("signIn", {}), "providers": providers}
        found["workCalendar"] = settings_common.calendar(of, service.work_calendar)
        found["payments"] = {
            "through": "egress-gateway",
            "gateways": [{"name": g.name, "endpoint": g.endpoint} for g in service.payments],
        }
    return found
