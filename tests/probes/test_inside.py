"""What pods of probes try, what their exit codes say, and what that amounts to; no cluster."""

from __future__ import annotations

import socket
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from onboarding import environment, errors, kube, manifest, policy, progress, tenant
from onboarding.desired import cluster_place
from onboarding.probes import inside, network, pod, records, survey
from onboarding.probes.network import Came, Target, Tried
from onboarding.state import interface, opening
from tests.running import ROOT
from tests.unit import targets

VILLAGE = ROOT / "tests/faults/village.yaml"
IMAGE = f"registry.invalid/probe@{targets.DIGEST}"
BEGAN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
ANCHOR = Target("Vault", "100.64.0.1", 8200, "", allowed=True)
FOREIGN = Target("pod ga-b-prod/x of another agency", "10.0.0.7", 8000, network.FOREIGN)
LINK = Target("link a-b by the gateway", "10.0.0.9", 443, network.LINK, allowed=True)
Verdict = policy.Verdict


def _judged(*tried: tuple[Target, Came]) -> list[tuple[str, policy.Result]]:
    return list(network.judged("ga-a-prod", [Tried(t, c, BEGAN, "why") for t, c in tried]))


@pytest.mark.parametrize(
    ("target", "came", "anchor", "verdict"),
    [
        (FOREIGN, Came.NOT_REACHED, Came.REACHED, Verdict.PASS),
        (FOREIGN, Came.REACHED, Came.REACHED, Verdict.FAIL),
        (FOREIGN, Came.REACHED, Came.NOT_REACHED, Verdict.FAIL),
        # A pod without a network reaches nothing: that is no proof.
        (FOREIGN, Came.NOT_REACHED, Came.NOT_REACHED, Verdict.UNKNOWN),
        (FOREIGN, Came.NOT_REACHED, Came.UNSEEN, Verdict.UNKNOWN),
        (FOREIGN, Came.UNSEEN, Came.REACHED, Verdict.UNKNOWN),
        (LINK, Came.REACHED, Came.NOT_REACHED, Verdict.PASS),
        (LINK, Came.NOT_REACHED, Came.REACHED, Verdict.FAIL),
        (LINK, Came.UNSEEN, Came.REACHED, Verdict.UNKNOWN),
    ],
)
def test_what_was_tried_is_judged(
    target: Target, came: Came, anchor: Came, verdict: policy.Verdict
) -> None:
    [(control, result)] = _judged((ANCHOR, anchor), (target, came))
    assert (control, result.verdict) == (target.control, verdict)
    assert result.basis == "live"
    assert result.evidence["asked"] == f"TCP {target.host}:{target.port}"
    assert result.evidence["at"] == BEGAN.isoformat()


@pytest.mark.parametrize(
    ("after", "verdict"), [(-1, Verdict.PASS), (0, Verdict.PASS), (51, Verdict.UNKNOWN)]
)
def test_a_refusal_from_before_there_was_a_network_proves_nothing(
    after: float, verdict: policy.Verdict
) -> None:
    anchor = Tried(ANCHOR, Came.REACHED, BEGAN + timedelta(seconds=after))
    foreign = Tried(FOREIGN, Came.NOT_REACHED, BEGAN)
    [(_, result)] = network.judged("ga-a-prod", [anchor, foreign])
    assert result.verdict is verdict
    assert ("reachedBeside", [str(ANCHOR)] if verdict is Verdict.PASS else []) in (
        result.evidence.items()
    )


class Watched:
    """A cluster whose one pod is seen as these, one after the other; the last one stays."""

    def __init__(self, *pods: dict[str, Any]) -> None:
        self.pods = list(pods)

    def list(self, kind: str, *, namespace: str, selector: str) -> list[object]:
        return [self.pods.pop(0) if len(self.pods) > 1 else self.pods[0]]


def _states(*states: dict[str, Any]) -> dict[str, Any]:
    """A pod with a container for each, in order."""
    found = _pod()
    told = [{"name": f"try-{n}", "state": state} for n, state in enumerate(states)]
    return {**found, "status": {**found["status"], "containerStatuses": told}}


def test_what_was_refused_before_anything_was_reached_is_awaited_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: None)
    cluster = Watched(
        _states(_ended(1, 9), _ended(1, 9)),
        _states(_ended(0, 60), _ended(1, 9)),
        # Each is tried again and again: that it is reached later, too, takes nothing back.
        _states(_ended(0, 75), _ended(1, 70)),
    )
    place = ("ga-village-prod", "onboard-probe-1")
    came = pod.await_all(cast("kube.Cluster", cluster), SEEN, {place: [ANCHOR, FOREIGN]}, 60)
    assert [(t.came, t.at) for t in came[place]] == [
        (Came.REACHED, BEGAN + timedelta(seconds=60)),
        (Came.NOT_REACHED, BEGAN + timedelta(seconds=70)),
    ]
    assert len(cluster.pods) == 1


def test_where_nothing_is_allowed_nobody_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "sleep", lambda _: pytest.fail("it waits"))
    cluster = Watched(_states(_ended(1, 9)))
    came = pod.await_all(cast("kube.Cluster", cluster), SEEN, {LEFT: [FOREIGN]}, 60)
    assert [t.came for t in came[LEFT]] == [Came.NOT_REACHED]


def _at(seconds: float) -> str:
    return (BEGAN + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")


def _pod(node: str = "real-1", **states: Any) -> dict[str, Any]:
    told = {"name": "try-0", **states}
    return {
        "spec": {"nodeName": node},
        "status": {"startTime": _at(0), "containerStatuses": [told]},
    }


def _ended(code: int, after: float) -> dict[str, Any]:
    return {"terminated": {"exitCode": code, "startedAt": _at(after), "reason": "x"}}


SEEN = survey.Seen(
    nodes={
        "real-1": {"metadata": {"name": "real-1", "labels": {"gdcc.go.th/pool": "real"}}},
        "kwok-1": {
            "metadata": {"name": "kwok-1", "annotations": {"kwok.x-k8s.io/node": "fake"}},
        },
    },
    pods=(),
    services=(),
)


@pytest.mark.parametrize(
    ("found", "came", "why"),
    [
        (_pod(state=_ended(0, 12)), Came.REACHED, ""),
        (_pod(state=_ended(1, 12)), Came.NOT_REACHED, ""),
        (_pod(state={"waiting": {}}, lastState=_ended(1, 12)), Came.NOT_REACHED, ""),
        # The rules may not have reached the pod when it began.
        (_pod(state=_ended(0, 1)), Came.UNSEEN, "did not try it in time"),
        (_pod(state=_ended(127, 12)), Came.UNSEEN, "ended with 127"),
        (_pod(state=_ended(137, 12)), Came.UNSEEN, "ended with 137"),
        (_pod(state={"waiting": {"reason": "ErrImagePull"}}), Came.UNSEEN, "ErrImagePull"),
        (_pod(state={"running": {}}), Came.UNSEEN, "did not try it in time"),
        (_pod("kwok-1", state=_ended(1, 12)), Came.UNSEEN, "kwok-1, a simulated node"),
        (_pod("gone-1", state=_ended(1, 12)), Came.UNSEEN, "simulated node"),
        ({}, Came.UNSEEN, "did not try it in time"),
    ],
)
def test_exit_codes_tell_what_came_of_a_try(found: dict[str, Any], came: Came, why: str) -> None:
    [tried] = pod.tried(found, [FOREIGN], SEEN)
    assert tried.came is came
    assert why in tried.why


def test_pools_run_where_a_real_node_has_them() -> None:
    assert SEEN.runs("real")
    assert not SEEN.runs("")
    assert not SEEN.runs("restricted")


def _village() -> tenant.Tenant:
    return tenant.resolve(
        manifest.loads(VILLAGE.read_text(encoding="utf-8"), "village"), targets.pinned()
    )


def _cluster_pod(agency: str, name: str, *, node: str = "real-1", shard: str = "") -> Any:
    return {
        "metadata": {
            "namespace": f"ga-{agency}{shard}-prod",
            "name": name,
            "labels": {"gdcc.go.th/agency": agency, "app": "office"},
        },
        "spec": {"nodeName": node, "containers": [{"ports": [{"containerPort": 8000}]}]},
        "status": {
            "podIP": "10.0.0.7",
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def _service(namespace: str, name: str, **spec: Any) -> Any:
    return {"metadata": {"namespace": namespace, "name": name}, "spec": spec}


def test_targets_are_what_answers_on_real_nodes() -> None:
    whose = _village()
    at = targets.pinned()
    cluster = at.cluster.model_copy(update={"egress_cidrs": ("100.64.0.1/32",)})
    vault = at.vault.model_copy(update={"address": "https://100.64.0.1:8200"})
    at = at.model_copy(update={"cluster": cluster, "vault": vault})
    ports = [{"port": 80}]
    seen = survey.Seen(
        {
            **SEEN.nodes,
            "real-1": {
                **SEEN.nodes["real-1"],
                "status": {
                    "addresses": [{"type": "InternalIP", "address": "100.64.0.254"}],
                    "conditions": [{"type": "Ready", "status": "True"}],
                    "daemonEndpoints": {"kubeletEndpoint": {"Port": 10250}},
                },
            },
        },
        [
            _cluster_pod("other", "office-7f-a"),
            _cluster_pod("other", "office-7f-b"),
            _cluster_pod("kwoked", "office-9c-a", node="kwok-1"),
            _cluster_pod("village", "office-1a-a"),
            _cluster_pod("village", "office-2b-a", shard="-north"),
            _cluster_pod("village", "office-database-0", shard="-north"),
            _cluster_pod("village", "office-3c-a", shard="-south", node="kwok-1"),
        ],
        [
            _service("ga-other-prod", "office", clusterIP="10.96.0.7", ports=ports,
                     selector={"app": "office"}),
            _service("ga-other-prod", "headless", clusterIP="None", ports=ports,
                     selector={"app": "office"}),
            _service("default", "kubernetes", clusterIP="10.96.0.1", ports=[{"port": 443}]),
        ],
        "203.0.113.9",
    )  # fmt: skip
    [instance] = whose.instances
    tried = survey.targets(seen, whose, instance, at)
    assert [t.what for t in tried if "namespace of the agency" in t.what] == [
        "pod ga-village-north-prod/office-2b-a in another namespace of the agency",
        "pod ga-village-north-prod/office-database-0 in another namespace of the agency",
    ]
    assert [(t.host, t.port, t.control, t.allowed) for t in tried] == [
        ("100.64.0.1", 8200, "", True),
        ("sso.invalid", 443, "", True),
        ("10.0.0.7", 8000, network.FOREIGN, False),
        ("10.96.0.7", 80, network.FOREIGN, False),
        ("10.0.0.7", 8000, network.DENIED, False),
        ("10.0.0.7", 8000, network.DENIED, False),
        ("100.64.0.254", 10250, network.DENIED, False),
        ("203.0.113.9", 443, network.DENIED, False),
        ("10.96.0.1", 443, network.DENIED, False),
        ("169.254.169.254", 80, network.METADATA, False),
    ]


class Empty:
    """A cluster of which nothing matters but where its API server is."""

    def list(self, kind: str, **_: object) -> list[object]:
        return []


@pytest.mark.parametrize(
    ("server", "tried"),
    [
        ("https://203.0.113.9:6443", [("203.0.113.9", 6443)]),
        ("https://api.invalid:6443", [("203.0.113.9", 6443)]),
        ("https://unknown.invalid", [("", 443)]),
        # No rule hinders a pod's own loopback, and to Vault's network it may go.
        ("https://127.0.0.1:6443", []),
        ("https://localhost:6443", []),
        ("https://vault.invalid:8200", []),
        ("https://vault.invalid:6443", [("100.64.0.7", 6443)]),
    ],
)
def test_the_api_server_is_tried_by_the_address_that_its_name_has(
    server: str, tried: list[tuple[str, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {"api.invalid": "203.0.113.9", "vault.invalid": "100.64.0.7"}

    def look_up(host: str, *_: object, **__: object) -> list[tuple[object, ...]]:
        if host == "unknown.invalid":
            raise socket.gaierror("Name or service not known")
        address = known.get(host, host.replace("localhost", "127.0.0.1"))
        return [(None, None, None, None, (address, 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    at = targets.pinned()
    cluster = at.cluster.model_copy(update={"server": server, "egress_cidrs": ("100.64.0.0/24",)})
    vault = at.vault.model_copy(update={"address": "https://100.64.0.1:8200"})
    at = at.model_copy(update={"cluster": cluster, "vault": vault})
    whose = _village()
    seen = survey.read(cast("kube.Cluster", Empty()), at)
    found = survey.targets(seen, whose, whose.instances[0], at)
    servers = [t for t in found if t.what == "the API server"]
    assert [(t.host, t.port) for t in servers] == tried
    assert all(t.host or "unknown.invalid leads to no address" in t.absent for t in servers)


def test_the_pod_is_one_of_the_workload_that_no_service_leads_to() -> None:
    whose = _village()
    probes = environment.Probes(pod=environment.ProbePod(image=IMAGE))
    at = targets.pinned().model_copy(update={"probes": probes})
    [instance] = whose.instances
    place = cluster_place.Place(whose, instance, at)
    made = pod.body(place, "onboard-probe-1", [FOREIGN], "real")
    template = made["spec"]["template"]
    assert place.pods().items() <= template["metadata"]["labels"].items()
    # The Deployment itself is none of the agency's own.
    assert list(made["metadata"]["labels"]) == ["gdcc.go.th/probe"]
    spec = template["spec"]
    assert spec["readinessGates"] == [{"conditionType": "gdcc.go.th/never"}]
    assert spec["nodeSelector"] == {"gdcc.go.th/pool": "real"}
    [container] = spec["containers"]
    assert container["command"] == ["nc", "-z", "-w", "3", "10.0.0.7", "8000"]
    assert container["image"] == IMAGE


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        (None, "names no pod"),
        (environment.ProbePod(image=f"elsewhere.invalid/x@{targets.DIGEST}"), "of no registry"),
    ],
)
def test_without_a_fit_pod_it_is_unknown(
    wish: environment.ProbePod | None, why: str, tmp_path: Path
) -> None:
    at = targets.pinned().model_copy(update={"probes": environment.Probes(pod=wish)})
    made = inside.of(_village(), at, _store(tmp_path))
    assert made.does == ()
    found = made.run(progress.Silent()).findings
    assert [f.control.id for f in found] == list(network.CONTROLS)
    assert {f.result.verdict for f in found} == {Verdict.UNKNOWN}
    assert all(why in f.result.seen for f in found)


def _store(folder: Path) -> interface.StateStore:
    state = environment.State(store=f"file://{folder}/store")
    return opening.of(targets.pinned().model_copy(update={"state": state}))


def test_a_command_without_its_target_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\{host\} and \{port\}"):
        environment.ProbePod(image=IMAGE, command=("nc", "{host}"))


def test_what_a_run_began_and_did_not_end_is_left(tmp_path: Path) -> None:
    store = _store(tmp_path)
    one, two = ("ga-a", "onboard-probe-1"), ("ga-a", "onboard-probe-2")
    records.begin(store, "village", [one])
    assert records.left(store, "village") == (one,)
    records.begin(store, "village", [two])
    records.end(store, "village", [one])
    assert records.left(store, "village") == (two,)


class Holding:
    """A cluster that holds Deployments by place, and lets go of them when it is asked."""

    def __init__(self, *held: records.Pod, stuck: bool = False) -> None:
        self.held, self.stuck = set(held), stuck

    def get(self, kind: str, name: str, namespace: str) -> object:
        return (namespace, name) in self.held or None

    def list(self, kind: str, *, namespace: str, selector: str) -> list[object]:
        return []

    def delete(self, kind: str, name: str, namespace: str) -> bool:
        if self.stuck:
            raise errors.Denied("not yours")
        self.held.discard((namespace, name))
        return True

    def close(self) -> None:
        return


LEFT = ("ga-village-prod", "onboard-probe-1")


@pytest.mark.parametrize(("stuck", "left"), [(False, {}), (True, {"/".join(LEFT): "not yours"})])
def test_what_an_earlier_run_left_goes_also_where_no_pod_is_made_any_more(
    *, stuck: bool, left: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cluster = Holding(LEFT, stuck=stuck)
    monkeypatch.setattr(kube, "connect", lambda *_: cluster)
    store = _store(tmp_path)
    records.begin(store, "village", [LEFT])
    made = inside.of(_village(), targets.pinned(), store)
    assert any("/".join(LEFT) in line for line in made.does)
    outcome = made.run(progress.Silent())
    assert dict(outcome.left) == left
    assert {f.result.verdict for f in outcome.findings} == {Verdict.UNKNOWN}
    assert records.left(store, "village") == ((LEFT,) if stuck else ())
    assert cluster.held == ({LEFT} if stuck else set())
