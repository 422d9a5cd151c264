"""What keeps the pods of a workload from starting, as their node or the scheduler says."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable, Iterator
from typing import Any

from onboarding import errors, item, kube, progress
from onboarding.desired import cluster_place

_KINDS = frozenset({"Deployment", "StatefulSet"})
_ON_THE_WAY = frozenset({"PodInitializing", "ContainerCreating", "CrashLoopBackOff"})
"""A crash says why in a log, and is usually over when what is waited for has come."""
_LONGEST = 250
_POLL_SECONDS = 1.0


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


def until_current(
    cluster: kube.Cluster, refs: Iterable[item.Ref], longest: float, report: progress.Progress
) -> None:
    """Wait until the pods of these workloads are those that were asked for last, and available.

    Pulumi waits as well, but may take the end of an earlier rollout for that of the new one. No
    more than ``longest`` seconds, and no error: what is read afterwards tells how it ended.
    """
    behind = [ref for ref in refs if ref.kind in _KINDS]
    deadline = time.monotonic() + longest
    with contextlib.suppress(errors.OnboardError):
        behind = [ref for ref in behind if not _is_current(cluster, ref)]
        if not behind:
            return
        with report.step(f"Pods of {', '.join(str(ref) for ref in behind)}"):
            while behind and time.monotonic() < deadline:
                time.sleep(_POLL_SECONDS)
                behind = [ref for ref in behind if not _is_current(cluster, ref)]


def _is_current(cluster: kube.Cluster, ref: item.Ref) -> bool:
    found = cluster.get(ref.kind, ref.name, ref.scope)
    if found is None:
        return True
    status = found.get("status") or {}
    wanted = int((found.get("spec") or {}).get("replicas", 1))
    counts = (int(status.get(key) or 0) for key in ("updatedReplicas", "availableReplicas"))
    seen = int(status.get("observedGeneration") or 0) >= int(found["metadata"]["generation"])
    return seen and all(count >= wanted for count in counts)


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
