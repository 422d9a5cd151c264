"""Probe: a short-lived pod in each namespace of the agency tries what it must not reach."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from onboarding import environment, errors, kube, labels, policy, progress, tenant
from onboarding.desired import cluster_network, cluster_place
from onboarding.policies import table
from onboarding.probes import network, pod, probe, records, survey
from onboarding.state import interface

NAME = "inside"
_AUDITOR, _APPLIER = environment.Role.AUDITOR, environment.Role.APPLIER


def of(
    whose: tenant.Tenant, target: environment.Environment, store: interface.StateStore
) -> probe.Probe:
    """NET-001, NET-005, NET-008 and, where links are declared, XCH-005, live.

    What a run before this one left is taken away also where no pod can be made any more.
    """
    controls = tuple(table.get(name) for name in network.CONTROLS)
    why, left = _unfit(target), records.left(store, whose.id)
    nothing = probe.Outcome(probe.unknown(whose.id, controls, NAME, why))
    if why and not left:
        return probe.nothing(NAME, nothing)
    away = (f"  takes   {'/'.join(one)} away, which an earlier run left" for one in left)

    def run(report: progress.Progress) -> probe.Outcome:
        with (
            closing(kube.connect(target, _AUDITOR)) as reader,
            closing(kube.connect(target, _APPLIER)) as writer,
        ):
            one = _Run(whose, target, store, reader, writer)
            swept = one.remove(records.left(store, whose.id))
            outcome = nothing if why else one.outcome(report)
            return replace(outcome, left={**swept, **outcome.left})

    return probe.Probe(NAME, (*_announced(whose, target, why), *away), controls, run)


def _announced(whose: tenant.Tenant, target: environment.Environment, why: str) -> Iterator[str]:
    yield "From inside, in each namespace of the agency:"
    if target.probes.pod is None or why:
        return
    yield f"  makes   a pod onboard-probe-… of {target.probes.pod.image}"
    yield "  tries   to connect to pods and services of other agencies and of the agency's other"
    yield "          namespaces, a node, the API server and"
    yield f"          {cluster_network.METADATA_SERVICE}, which must fail; and to what is allowed"
    yield "  takes   the pod away"
    yield from (f"          {instance.namespace}" for instance in whose.instances)


def _unfit(target: environment.Environment) -> str:
    """Why no pod is made here at all; "" where one is."""
    if target.probes.pod is None:
        return "the environment names no pod to try it from (probes.pod)"
    image = target.probes.pod.image
    if not any(image.startswith(f"{one}/") for one in target.images.allowed_registries):
        return f"{image} is of no registry that this environment allows"
    return ""


@dataclass(slots=True)
class _Attempt:
    """In one namespace: what is tried, by which pod (none where ``tried`` is known before)."""

    namespace: str
    targets: Sequence[network.Target]
    body: Mapping[str, Any] = field(default_factory=dict)
    tried: Sequence[network.Tried] = ()

    @property
    def pod(self) -> records.Pod:
        return self.namespace, self.body["metadata"]["name"]


class _Run:
    """One run over all namespaces of an agency."""

    def __init__(
        self,
        whose: tenant.Tenant,
        target: environment.Environment,
        store: interface.StateStore,
        reader: kube.Cluster,
        writer: kube.Cluster,
    ) -> None:
        self._whose, self._target, self._store = whose, target, store
        self._reader, self._writer = reader, writer

    def outcome(self, report: progress.Progress) -> probe.Outcome:
        """Make the pods, see what comes of them, and take them away, however it ends."""
        seen = survey.read(self._reader, self._target)
        attempts = [self._attempt(seen, instance) for instance in self._whose.instances]
        pods = [one.pod for one in attempts if one.body]
        records.begin(self._store, self._whose.id, pods)
        left: Mapping[str, str] = {}
        try:
            for one in attempts:
                self._make(one)
            report.note("pods try what is not allowed")
            self._watch(seen, [one for one in attempts if not one.tried])
        finally:
            left = self.remove(pods)
        return probe.Outcome(tuple(self._findings(attempts)), left)

    def remove(self, pods: Sequence[records.Pod]) -> dict[str, str]:
        """Take pods away; those that may be left, by name, with the reason."""
        seconds = self._target.timeouts.wait
        why = {one: pod.remove(self._writer, self._reader, one, seconds) for one in pods}
        if pods:
            records.end(self._store, self._whose.id, [one for one in pods if not why[one]])
        return {"/".join(one): said for one, said in why.items() if said}

    def _attempt(self, seen: survey.Seen, instance: tenant.Instance) -> _Attempt:
        targets = survey.targets(seen, self._whose, instance, self._target)
        space = self._reader.get("Namespace", instance.namespace)
        if space is None:
            why = "the namespace is not there"
            return _Attempt(instance.namespace, targets, tried=network.unseen(targets, why))
        pool = str((space["metadata"].get("labels") or {}).get(labels.POOL) or "")
        if not seen.runs(pool):
            why = "its nodes are simulated (kwok): nothing runs there, and no rule is enforced"
            return _Attempt(instance.namespace, targets, tried=network.unseen(targets, why))
        place = cluster_place.Place(self._whose, instance, self._target)
        name = f"onboard-probe-{secrets.token_hex(4)}"
        known = [one for one in targets if one.host]
        return _Attempt(instance.namespace, targets, pod.body(place, name, known, pool))

    def _make(self, one: _Attempt) -> None:
        if one.body:
            try:
                pod.make(self._writer, one.body)
            except errors.OnboardError as refused:
                one.tried = network.unseen(one.targets, f"no pod could be made: {refused}")

    def _watch(self, seen: survey.Seen, attempts: Sequence[_Attempt]) -> None:
        wanted = {a.pod: [t for t in a.targets if t.host] for a in attempts}
        came = pod.await_all(self._reader, seen, wanted, 2 * self._target.timeouts.wait)
        for one in attempts:
            absent = [network.unseen([t], t.absent) for t in one.targets if not t.host]
            one.tried = (*came[one.pod], *chain.from_iterable(absent))

    def _findings(self, attempts: Iterable[_Attempt]) -> Iterable[policy.Finding]:
        for one in attempts:
            for control, result in network.judged(one.namespace, one.tried):
                yield probe.finding(self._whose.id, table.get(control), result)
            if not any(target.control == network.FOREIGN for target in one.targets):
                why = "no pod of another agency runs on a real node: nothing to try"
                yield from probe.unknown(
                    self._whose.id, [table.get(network.FOREIGN)], one.namespace, why
                )
