"""What serves all agencies on the real node, as pods: the names of the cluster, agencies' sites."""

from __future__ import annotations

import time
from dataclasses import dataclass
from urllib import parse

from onboarding import errors, progress
from onboarding.lab import component, wire
from onboarding.lab.real import node

_SECONDS = 300
_PAUSE_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Service:
    """Pods with the label ``app`` answer 200 on ``health`` (port and path) while they serve."""

    name: str
    namespace: str
    app: str
    health: str


SERVICES = (
    Service("coredns", "kube-system", "k8s-app=kube-dns", "8181/ready"),
    Service("traefik", "gdcc-gateway", "app=traefik", "8082/ping"),
)


def lacks(lab: component.Lab, one: Service) -> str:
    """Why none of its pods serves; "" where one does.

    Each is asked itself: what the cluster says of a pod may be of before the node was restarted.
    """
    if not node.is_linked(lab.home):
        # Another host of the network around this computer may have a pod's former address.
        return "the node is not up"
    query = f"?labelSelector={parse.quote(one.app)}"
    path = f"/api/v1/namespaces/{one.namespace}/pods{query}"
    answer = wire.request("GET", lab.url("apiserver", path), lab.trust(client="admin"))
    if answer.status != 200:
        return f"its pods cannot be listed ({answer.status})"
    pods = [pod.get("status", {}) for pod in answer.json()["items"]]
    told = [node.answers(f"http://{pod['podIP']}:{one.health}") for pod in pods if "podIP" in pod]
    if "" in told:
        return ""
    return "; ".join(told) or "none of its pods has an address yet"


def wait(lab: component.Lab, report: progress.Progress) -> None:
    """Return once all of them serve.

    Raises ``errors.EngineFailed`` where one does not come to.
    """
    deadline = time.monotonic() + _SECONDS
    for one in SERVICES:
        while why := lacks(lab, one):
            if time.monotonic() > deadline:
                raise errors.EngineFailed(
                    f"{one.name} does not serve after {_SECONDS} s",
                    details=[why],
                    resolution=f"See: kubectl -n {one.namespace} describe pods -l {one.app}",
                )
            time.sleep(_PAUSE_SECONDS)
        report.note(f"{one.name}: serves")
