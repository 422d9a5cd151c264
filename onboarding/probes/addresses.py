"""Probe: the addresses of the agency's systems, as they are served to whoever asks."""

from __future__ import annotations

from onboarding import catalogue, clock, environment, policy, progress, tenant
from onboarding.policies import load, table
from onboarding.probes import probe, tls, tls_wire

NAME = "addresses"


def of(whose: tenant.Tenant, target: environment.Environment, now: clock.Clock) -> probe.Probe:
    """NET-007 for what is open to the public, NET-006 for the rest; DOC-012 for e-Offices."""
    reached = tuple(i for i in whose.instances if i.host)
    if not reached:
        return probe.nothing(NAME, probe.Outcome(()))
    gateway, ca_file = probe.way(target)
    at = f", all at {gateway}" if gateway else ""

    def run(report: progress.Progress) -> probe.Outcome:
        trusting = tls_wire.authorities(ca_file)
        found = []
        for instance in reached:
            report.note(instance.host)
            seen = tls_wire.look(instance.host, gateway, trusting, target.timeouts.limits())
            public = instance.ingress is catalogue.Ingress.PUBLIC
            result = tls.judged(
                instance.host, seen, public=public, thresholds=load.thresholds(), now=now.now()
            )
            found.append(probe.finding(whose.id, _control(instance), result))
            if instance in whose.e_offices:
                told = tls.clock_judged(instance.host, seen, thresholds=load.thresholds())
                found.append(probe.finding(whose.id, table.get("DOC-012"), told))
        return probe.Outcome(tuple(found))

    does = (
        f"The addresses of the agency ({len(reached)}{at}):",
        "  shakes  hands with each three times (TLS): to see its certificate, to verify it, and",
        "          with an offer of nothing better than TLS 1.1, which must be refused",
        "  asks    for its first page, without signing in, and what time it is there",
        *(f"          https://{instance.host}" for instance in reached),
    )
    controls = [_control(instance) for instance in reached]
    controls += [table.get("DOC-012") for instance in reached if instance in whose.e_offices]
    return probe.Probe(NAME, does, tuple(dict.fromkeys(controls)), run)


def _control(of_instance: tenant.Instance) -> policy.Control:
    public = of_instance.ingress is catalogue.Ingress.PUBLIC
    return table.get("NET-007" if public else "NET-006")
