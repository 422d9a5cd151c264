"""Probe: bodies of a pooled instance try to reach each other's letters (control TEN-018)."""

from __future__ import annotations

from datetime import UTC, datetime

from onboarding import environment, errors, policy, product_api, product_login, progress, tenant
from onboarding.desired import office
from onboarding.policies import judge, proof_table
from onboarding.probes import probe
from onboarding.product_api import crossing
from onboarding.products import table as products

NAME = "bodies"
_SHOWN = 5


def of(whose: tenant.Tenant, target: environment.Environment) -> probe.Probe:
    """Not applicable where fewer than two bodies share an instance."""
    bodies = [body.id for body in whose.bodies]
    instances = office.instances(whose)
    about = target.e_office
    if len(bodies) < 2 or not instances:
        result = judge.not_applicable(whose.id, "no bodies share an e-Office")
    elif about is None:
        why = "the environment names no e-Office product (eOffice)"
        result = judge.unknown(whose.id, why)
    else:
        return _tried(whose, target, about, bodies)
    found = (probe.finding(whose.id, proof_table.BODIES, result),)
    return probe.nothing(NAME, probe.Outcome(found))


def _tried(
    whose: tenant.Tenant,
    target: environment.Environment,
    about: environment.EOffice,
    bodies: list[str],
) -> probe.Probe:
    instances = office.instances(whose)

    def run(report: progress.Progress) -> probe.Outcome:
        access, found = product_api.of(about.product), []
        for instance in instances:
            report.note(instance.namespace)
            at, subject = datetime.now(UTC), f"bodies in {instance.namespace}"
            try:
                login = product_login.administrator(whose, target, instance)
                place = product_api.place(about, target, instance)
                tries = access.cross_read(place, login, whose.id, bodies)
                result = judged(subject, crossing.judge(tries), at)
            except errors.OnboardError as problem:
                result = judge.unknown(subject, str(problem))
            found.append(probe.finding(whose.id, proof_table.BODIES, result))
        return probe.Outcome(tuple(found))

    title = products.get(about.product).product.title
    does = (
        f"Over the API of {title}, for each of {len(bodies)} bodies:",
        f"  makes   a clerk and a letter, both named {crossing.MARK}…",
        "  tries   as that clerk to list and to find the letters of all others, and to read,",
        "          change and bin that of the body before it",
        "  takes   the clerks and letters away, those that an earlier run left, too",
        *(f"          {instance.namespace}" for instance in instances),
    )
    return probe.Probe(NAME, does, (proof_table.BODIES,), run)


def judged(subject: str, crossed: crossing.Crossed, at: datetime) -> policy.Result:
    """What was refused counts only where all that should be possible was."""
    evidence = {
        "at": at.isoformat(),
        "refused": crossed.refused,
        "pairs": crossed.pairs,
        "reached": list(crossed.breaches),
        "unknown": list(crossed.unknown),
    }
    lines = crossed.breaches or crossed.unknown
    more = f", and {len(lines) - _SHOWN} more" if len(lines) > _SHOWN else ""
    said = "; ".join(lines[:_SHOWN]) + more
    if crossed.breaches:
        verdict, seen = policy.Verdict.FAIL, f"reached: {said}"
    elif crossed.unknown:
        verdict, seen = policy.Verdict.UNKNOWN, said
    elif not crossed.refused:
        verdict, seen = policy.Verdict.UNKNOWN, "nothing was tried"
    else:
        verdict = policy.Verdict.PASS
        seen = f"{crossed.refused} tries between {crossed.pairs} pairs of bodies, all refused"
    return policy.Result(verdict, subject, seen, evidence, "live")
