"""What keeps the pods of a workload from starting, as their node or the scheduler says."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from typing import Any

from onboarding import errors, item, kube
from onboarding.desired import cluster_place

_KINDS = frozenset({"Deployment", "StatefulSet"})
_ON_THE_WAY = frozenset({"PodInitializing", "ContainerCreating", "CrashLoopBackOff"})
"""A crash says why in a log, and is usually over when what is waited for has come."""
_LONGEST = 250


def hindered(cluster: kube.Cluster, refs: Iterable[item.Ref]) -> list[str]:
    """One line for each container or pod of these workloads that waits for somebody to act.

    Nothing where the cluster does not tell: who waits learns how it ended in any case.
    """
    found: list[str] = []
    for ref in sorted(refs, key=str):
        if ref.kind in _KINDS:
            chosen = f"{cluster_place.APP}={ref.name}"
            with contextlib.suppress(errors.OnboardError):
                for pod in cluster.list("Pod", namespace=ref.scope, selector=chosen):
                    found += _of(pod)
    return found


def _of(pod: kube.Object) -> Iterator[str]:
    name, status = pod["metadata"]["name"], pod.get("status") or {}
    for key in ("initContainerStatuses", "containerStatuses"):
        for one in status.get(key) or ():
            waiting = (one.get("state") or {}).get("waiting") or {}
            if waiting.get("reason", "") not in ("", *_ON_THE_WAY):
                yield _line(f"pod {name}, {one['name']}", waiting)
    for one in status.get("conditions") or ():
        if one.get("type") == "PodScheduled" and one.get("status") == "False":
            yield _line(f"pod {name}", one)


def _line(what: str, said: dict[str, Any]) -> str:
    text = " ".join(str(said.get("message") or "").split())
    return f"{what}: {said.get('reason', '')}: {text}"[:_LONGEST]
