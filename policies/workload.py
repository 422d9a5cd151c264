"""Pods and containers out of the Kubernetes objects that hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from onboarding import item, policy
from onboarding.policies import judge

CLUSTER = item.EngineName.CLUSTER
SET = "StatefulSet"
CONTAINER_LISTS = ("initContainers", "containers", "ephemeralContainers")

PodSpec = Mapping[str, Any]
Container = Mapping[str, Any]


def pod_spec(of: item.Item) -> PodSpec:
    spec = of.fields.get("spec") or {}
    if of.ref.kind == "Pod":
        return spec
    return (spec.get("template") or {}).get("spec") or {}


def kinds(view: policy.View) -> tuple[str, ...]:
    """Live, what really runs is asked too, not only what was ordered.

    Only an e-Office that really runs has StatefulSets; elsewhere nothing is said of them.
    """
    planned = any(i.ref.engine == CLUSTER and i.ref.kind == SET for i in view.desired)
    sets = (SET,) if planned or view.items(CLUSTER, SET) else ()
    pods = ("Pod",) if view.stage is policy.Stage.LIVE else ()
    return ("Deployment", *sets, *pods)


def containers(spec: PodSpec) -> Iterator[Container]:
    for name in CONTAINER_LISTS:
        yield from spec.get(name) or ()


def each_pod(
    view: policy.View,
    problems: Callable[[PodSpec], Iterator[str]],
    good: str,
    excused: Callable[[item.Item], str] = lambda _: "",
) -> Iterator[policy.Result]:
    """One result per Deployment, StatefulSet and Pod; without containers it was not really seen.

    ``excused`` says why a control is not applicable to one, or "".
    """

    def one(have: item.Item) -> policy.Result:
        spec = pod_spec(have)
        if not list(containers(spec)):
            return judge.unknown(str(have.ref), "no container was seen in it")
        if why := excused(have):
            return judge.not_applicable(str(have.ref), why)
        return judge.problems(str(have.ref), list(problems(spec)), good)

    for kind in kinds(view):
        yield from judge.each(view, CLUSTER, kind, one)


def each_container(
    view: policy.View,
    problems: Callable[[Container, PodSpec], Iterator[str]],
    good: str,
    excused: Callable[[item.Item], str] = lambda _: "",
) -> Iterator[policy.Result]:
    """One result per Deployment, StatefulSet and Pod, naming the containers that are wrong."""

    def of_pod(spec: PodSpec) -> Iterator[str]:
        for container in containers(spec):
            for problem in problems(container, spec):
                yield f"container {container.get('name')}: {problem}"

    yield from each_pod(view, of_pod, good, excused)


def security(container: Container, spec: PodSpec, key: str) -> Any:
    """A security setting as it takes effect: the container's, else the pod's."""
    own = (container.get("securityContext") or {}).get(key)
    return own if own is not None else (spec.get("securityContext") or {}).get(key)
