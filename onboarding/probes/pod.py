"""The door of the network probe: a short-lived pod that tries to connect, and what came of it.

One container for each target, which tells by its exit code alone: no shell, no log, no ``exec``.
A Deployment makes the pod, because that much the applier may do, and bare pods it may not.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from onboarding import environment, errors, kube, labels
from onboarding.desired import cluster_place, cluster_pod
from onboarding.probes import network, records, survey

_SETTLED = timedelta(seconds=8)
"""Rules reach a new pod with a delay: what is tried earlier than this after its start does not
count, and what came otherwise than it should is tried again, as long as there is time."""
_LONGEST = 180.0
"""Seconds that are waited at most."""
_PAUSE = 2.0
_PROBE = labels.PREFIX + "probe"
_CAME = {0: network.Came.REACHED, 1: network.Came.NOT_REACHED}
_SIMULATED = "a simulated node"
_WAITING = "the pod did not try it in time"
_NOBODY = 65534
_TINY = {"cpu": "20m", "memory": "32Mi"}


def body(
    place: cluster_place.Place, name: str, targets: Sequence[network.Target], pool: str
) -> dict[str, Any]:
    """The pod. It carries the labels of the workload, so that the same network policies hold for
    it, and never becomes ready, so that no service leads to it. ``pool`` of nodes; "" for any.

    Raises ``errors.UsageError`` where the environment names no pod.
    """
    wish = place.target.probes.pod
    if wish is None:
        raise errors.UsageError("the environment names no pod (probes.pod)")
    spec = {
        **(cluster_pod.on_pool(pool) if pool else {}),
        "readinessGates": [{"conditionType": labels.PREFIX + "never"}],
        "terminationGracePeriodSeconds": 1,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _NOBODY,
            "runAsGroup": _NOBODY,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        # A Deployment starts them again when they end: so each is tried more than once.
        "containers": [_container(wish, index, one) for index, one in enumerate(targets)],
    }
    own = {_PROBE: name}
    return {
        "metadata": {"namespace": place.instance.namespace, "name": name, "labels": own},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": own},
            "template": {
                "metadata": {"labels": {**place.labels(), **place.pods(), **own}},
                "spec": spec,
            },
        },
    }


def _container(wish: environment.ProbePod, index: int, one: network.Target) -> dict[str, Any]:
    # Replaced, not formatted: a command may hold braces of its own.
    words = [w.replace("{host}", one.host).replace("{port}", str(one.port)) for w in wish.command]
    return {
        "name": _name(index),
        "image": wish.image,
        "imagePullPolicy": "IfNotPresent",
        "command": words,
        "resources": {"requests": _TINY, "limits": _TINY},
        "securityContext": {**cluster_pod.SECURITY, "runAsUser": _NOBODY},
    }


def _name(index: int) -> str:
    return f"try-{index}"


def await_all(
    cluster: kube.Cluster,
    seen: survey.Seen,
    wanted: Mapping[records.Pod, Sequence[network.Target]],
    seconds: float,
) -> dict[records.Pod, tuple[network.Tried, ...]]:
    """What came of the last try of each, of what is allowed the first that reached it; what was not
    tried in time was not seen."""
    ends = time.monotonic() + min(seconds, _LONGEST)
    came: dict[records.Pod, tuple[network.Tried, ...]] = {}
    while True:
        for place, targets in wanted.items():
            found = _pods(cluster, place)
            now = tried(found[0] if found else {}, targets, seen)
            came[place] = tuple(map(_first, came.get(place, now), now))
        late = time.monotonic() > ends
        if late or not any(_pending(t, all_of) for all_of in came.values() for t in all_of):
            return came
        time.sleep(_PAUSE)


def _pods(cluster: kube.Cluster, place: records.Pod) -> list[dict[str, Any]]:
    namespace, name = place
    return cluster.list("Pod", namespace=namespace, selector=f"{_PROBE}={name}")


def make(cluster: kube.Cluster, wanted: Mapping[str, Any]) -> None:
    """Raises ``errors.OnboardError`` where the cluster takes none."""
    cluster.apply("Deployment", wanted)


def _first(before: network.Tried, now: network.Tried) -> network.Tried:
    """Since when a pod has a network tells what of its other tries counts."""
    kept = before.target.allowed and before.came is network.Came.REACHED
    return before if kept else now


def _pending(one: network.Tried, tried: Sequence[network.Tried]) -> bool:
    expected = network.Came.REACHED if one.target.allowed else network.Came.NOT_REACHED
    if one.came is not expected:
        return _SIMULATED not in one.why
    # Before there was a network nothing was reached: it is tried again, where that can be told.
    told = any(t.target.allowed for t in tried)
    return not one.target.allowed and told and not network.anchors(one, tried)


def tried(
    found: Mapping[str, Any], targets: Sequence[network.Target], seen: survey.Seen
) -> tuple[network.Tried, ...]:
    """What a pod tells of each target by now; pure."""
    node = (found.get("spec") or {}).get("nodeName") or ""
    if node and not seen.real(node):
        why = f"the pod came to {node}, {_SIMULATED}: nothing runs there, no rule is enforced"
        return network.unseen(targets, why)
    status = found.get("status") or {}
    told = {c["name"]: c for c in status.get("containerStatuses") or ()}
    began = _moment(status.get("startTime"))
    return tuple(_one(t, told.get(_name(i)) or {}, began) for i, t in enumerate(targets))


def _one(target: network.Target, told: Mapping[str, Any], began: datetime | None) -> network.Tried:
    ended = [
        state["terminated"]
        for state in (told.get("state") or {}, told.get("lastState") or {})
        if "terminated" in state
    ]
    for end in ended:
        at = _moment(end.get("startedAt"))
        if began is None or at is None or at < began + _SETTLED:
            continue
        came = _CAME.get(int(end["exitCode"]))
        if came is None:
            why = f"its program ended with {end['exitCode']} ({end.get('reason') or 'no reason'})"
            return network.Tried(target, network.Came.UNSEEN, at, why)
        return network.Tried(target, came, at)
    waiting = (told.get("state") or {}).get("waiting") or {}
    why = f"{_WAITING}: {waiting['reason']}" if waiting.get("reason") else _WAITING
    return network.Tried(target, network.Came.UNSEEN, why=why)


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def remove(writer: kube.Cluster, reader: kube.Cluster, place: records.Pod, seconds: float) -> str:
    """Take a pod away and wait until it is gone; why it may be left, "" where it is not."""
    namespace, name = place
    try:
        writer.delete("Deployment", name, namespace)
        ends = time.monotonic() + seconds
        while reader.get("Deployment", name, namespace) or _pods(reader, place):
            if time.monotonic() > ends:
                return f"still there after {seconds:g} s"
            time.sleep(_PAUSE)
    except errors.OnboardError as problem:
        return str(problem)
    return ""
