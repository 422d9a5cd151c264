"""Probe: bodies of a pooled instance try to reach each other's letters (control TEN-018)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from onboarding import environment, errors, policy, product_api, product_login, progress, tenant
from onboarding.desired import office
from onboarding.policies import judge, proof_table
from onboarding.probes import probe, records
from onboarding.product_api import crossing
from onboarding.products import table as products
from onboarding.state import interface

NAME = "bodies"
_SHOWN = 5
_NO_PRODUCT = "the environment names no e-Office product (eOffice)"


def of(
    whose: tenant.Tenant, target: environment.Environment, store: interface.StateStore
) -> probe.Probe:
    """Not applicable where fewer than two bodies share an instance.

    What a run before this one left is taken away there, too.
    """
    bodies = [body.id for body in whose.bodies]
    instances = office.instances(whose)
    one = _Run(whose, target, store)
    if len(bodies) < 2 or not instances:
        result = judge.not_applicable(whose.id, "no bodies share an e-Office")
    elif target.e_office is None:
        result = judge.unknown(whose.id, _NO_PRODUCT)
    else:

        def tried(report: progress.Progress) -> probe.Outcome:
            found = []
            for instance in instances:
                report.note(instance.namespace)
                found.append(one.finding(one.tried(instance, bodies)))
            return probe.Outcome(tuple(found), one.left())

        does = _announced(target.e_office, len(bodies), instances)
        return probe.Probe(NAME, does, (proof_table.BODIES,), tried)

    finding = one.finding(result)
    left = [i for i in instances if _made(i) in one.recorded()]
    if not left:
        return probe.nothing(NAME, probe.Outcome((finding,)))

    def swept(_: progress.Progress) -> probe.Outcome:
        for instance in left:
            one.sweep(instance)
        return probe.Outcome((finding,), one.left())

    away = tuple(f"  takes   {_shown(i)} away, which an earlier run left" for i in left)
    does = ("Over the API of the e-Office product:", *away)
    return probe.Probe(NAME, does, (proof_table.BODIES,), swept)


def _announced(
    about: environment.EOffice, bodies: int, instances: Sequence[tenant.Instance]
) -> tuple[str, ...]:
    title = products.get(about.product).product.title
    return (
        f"Over the API of {title}, for each of {bodies} bodies:",
        f"  makes   a clerk in all its groups and a letter, both named {crossing.MARK}…",
        "  tries   as that clerk to list and to find the letters of all others, and to read,",
        "          change and bin that of the body before it",
        "  takes   the clerks and letters away, those that an earlier run left, too",
        *(f"          {instance.namespace}" for instance in instances),
    )


def _made(instance: tenant.Instance) -> records.Pod:
    return instance.namespace, crossing.MARK


def _shown(instance: tenant.Instance) -> str:
    return f"accounts and letters {crossing.MARK}… in {instance.namespace}"


@dataclass(frozen=True, slots=True)
class _Way:
    """To one instance, as the account that administers it."""

    access: product_api.Access
    place: product_api.Place
    login: product_api.Account


class _Run:
    """One run over the instances of an agency; it remembers what it could not take away."""

    def __init__(
        self, whose: tenant.Tenant, target: environment.Environment, store: interface.StateStore
    ) -> None:
        self._whose, self._target, self._store = whose, target, store
        self._why: dict[str, str] = {}

    def tried(self, instance: tenant.Instance, bodies: Sequence[str]) -> policy.Result:
        """What came of all tries; whatever it is, what was made for them is taken away."""
        at, subject = datetime.now(UTC), f"bodies in {instance.namespace}"
        try:
            way = self._way(instance)
        except errors.OnboardError as problem:
            self._why[instance.namespace] = _said(problem)
            return judge.unknown(subject, _said(problem))
        records.begin(self._store, self._whose.id, [_made(instance)], records.OFFICES)
        try:
            tries = way.access.cross_read(way.place, way.login, self._whose.id, bodies)
        except errors.OnboardError as problem:
            return judge.unknown(subject, _said(problem))
        finally:
            self._sweep(instance, way)
        return judged(subject, crossing.judge(tries), at)

    def sweep(self, instance: tenant.Instance) -> None:
        """Take away what an earlier run left."""
        try:
            way = self._way(instance)
        except errors.OnboardError as problem:
            self._why[instance.namespace] = _said(problem)
        else:
            self._sweep(instance, way)

    def recorded(self) -> tuple[records.Pod, ...]:
        return records.left(self._store, self._whose.id, records.OFFICES)

    def left(self) -> dict[str, str]:
        """What may still be there, with the reason."""
        recorded = self.recorded()
        return {
            _shown(i): self._why.get(i.namespace, "an earlier run left it")
            for i in office.instances(self._whose)
            if _made(i) in recorded
        }

    def finding(self, result: policy.Result) -> policy.Finding:
        return probe.finding(self._whose.id, proof_table.BODIES, result)

    def _way(self, instance: tenant.Instance) -> _Way:
        about = self._target.e_office
        if about is None:
            raise errors.UsageError(_NO_PRODUCT)
        login = product_login.administrator(self._whose, self._target, instance)
        place = product_api.place(about, self._target, instance)
        return _Way(product_api.of(about.product), place, login)

    def _sweep(self, instance: tenant.Instance, way: _Way) -> None:
        try:
            way.access.sweep(way.place, way.login)
        except errors.OnboardError as problem:
            self._why[instance.namespace] = _said(problem)
        else:
            records.end(self._store, self._whose.id, [_made(instance)])


def _said(problem: errors.OnboardError) -> str:
    parts = (problem.message, *problem.details, problem.resolution)
    return "; ".join(part for part in parts if part)


def judged(subject: str, crossed: crossing.Crossed, at: datetime) -> policy.Result:
    """What was refused counts only where all that should be possible was."""
    evidence = {
        "at": at.isoformat(),
        "as": "of each body a clerk in all its groups",
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
