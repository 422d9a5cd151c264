"""Probe: letters of the agency to itself at the exchange (controls DOC-008, DOC-009)."""

from __future__ import annotations

from onboarding import environment, errors, progress, tenant
from onboarding.ecms import judging, standard, trial
from onboarding.probes import probe
from onboarding.state import interface

NAME = "letters"


def of(
    whose: tenant.Tenant, target: environment.Environment, store: interface.StateStore, secret: str
) -> probe.Probe:
    """``secret`` of the account at the exchange; "" where it asks for none."""
    try:
        wish = trial.prepare(whose, target)
    except errors.OnboardError as refused:
        return probe.nothing(NAME, probe.Outcome(judging.unseen(whose.id, str(refused))))
    if not isinstance(wish, trial.Trial):
        return probe.nothing(NAME, probe.Outcome(wish))
    limits, ready = target.timeouts.limits(), wish

    def run(report: progress.Progress) -> probe.Outcome:
        seen = trial.run(ready, secret, store, limits, report)
        found = judging.findings(whose.id, ready.at.address, ready.account.notifiers, seen)
        return probe.Outcome(found, seen.left, seen.kept, standard.confirm())

    return probe.Probe(NAME, trial.announce(wish), judging.controls(), run)
