"""Probes from inside, on a real node: what must be refused is, and no pod stays."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, item, labels, manifest, policy, progress, tenant
from onboarding.desired import cluster as desired_cluster
from onboarding.desired import egress
from onboarding.lab import component
from onboarding.lab.real import place
from onboarding.probes import inside, network, records
from onboarding.state import opening
from tests.examples import expected
from tests.integration.real.conftest import Cluster, eventually, must, pod
from tests.running import ROOT

pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]

AGENCY, OTHER = "probed", "ga-neighbour-prod"
_PORT = 8000
Verdict = policy.Verdict


@pytest.fixture
def target(lab: component.Lab, tmp_path: Path) -> Path:
    """The lab's environment file, which names a pod to try from, with a store of the test's own."""
    made = environment.load(lab.home.environment_file).model_copy(
        update={
            "state": environment.State(store=f"file://{tmp_path}/store"),
            # A busy computer takes its time to end a pod.
            "timeouts": environment.Timeouts.model_validate({"wait": "5m"}),
        }
    )
    path = tmp_path / "onboard.yaml"
    environment.save(path, made)
    return path


def _agency(at: environment.Environment) -> tenant.Tenant:
    text = (ROOT / "tests/faults/village.yaml").read_text(encoding="utf-8")
    return tenant.resolve(manifest.loads(text.replace("village", AGENCY), "probed"), at)


@pytest.fixture
def agency(lab: component.Lab, target: Path) -> Iterator[Cluster]:
    """The namespace of an agency on the real node with all its network policies, and a neighbour
    whose pod answers."""
    at = environment.load(target)
    with _standing(lab, at, _agency(at)) as own:
        yield own


@contextlib.contextmanager
def _standing(
    lab: component.Lab, at: environment.Environment, whose: tenant.Tenant
) -> Iterator[Cluster]:
    [instance] = whose.instances
    own, other = Cluster(lab, instance.namespace), Cluster(lab, OTHER)
    for cluster in (own, other):
        _gone(cluster)
    wanted = [i for i in desired_cluster.desired(whose, at) if i.ref.kind in _KINDS]
    own.apply(*(_object(i) for i in wanted if i.ref.kind == "Namespace"))
    own.apply(*(_object(i) for i in wanted if i.ref.kind == "NetworkPolicy"))
    other.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OTHER}})
    serving = pod(lab, "office-0", ("serve", f":{_PORT}"))
    serving["metadata"]["labels"][labels.AGENCY] = "neighbour"
    serving["spec"]["containers"][0]["ports"] = [{"containerPort": _PORT}]
    other.apply(serving)
    must(other.ask("wait", "--for=condition=Ready", "pod/office-0", "--timeout=300s", seconds=330))
    yield own
    for cluster in (own, other):
        _gone(cluster)


_KINDS = ("Namespace", "NetworkPolicy")


def _gone(cluster: Cluster) -> None:
    words = ("delete", "namespace", cluster.namespace, "--ignore-not-found", "--wait")
    must(cluster.ask(*words, seconds=300))


def _object(of: item.Item) -> dict[str, Any]:
    fields = {key: value for key, value in of.fields.items() if key != "metadata"}
    meta = {**of.fields["metadata"], "name": of.ref.name}
    if of.ref.kind == "Namespace":
        meta["labels"] = {**meta["labels"], labels.POOL: place.POOL}
    else:
        meta["namespace"] = of.ref.scope
    return {"kind": of.ref.kind, "metadata": meta, **fields}


def _probe(target: Path, of: tenant.Tenant | None = None) -> dict[tuple[str, str], policy.Result]:
    at = environment.load(target)
    whose, store = of or _agency(at), opening.of(at)
    with store.lease(whose.id):
        outcome = inside.of(whose, at, store).run(progress.Silent())
    assert outcome.left == {}
    assert records.left(store, whose.id) == ()
    return {(f.control.id, f.result.subject): f.result for f in outcome.findings}


def _of(found: dict[tuple[str, str], policy.Result], control: str) -> dict[str, policy.Result]:
    return {subject: result for (number, subject), result in found.items() if number == control}


def _pods(cluster: Cluster) -> list[str]:
    told = must(cluster.ask("get", "pods", "-o", "name")).out.split()
    return [name for name in told if "onboard-probe-" in name]


def test_what_must_be_refused_is_and_no_pod_stays(agency: Cluster, target: Path) -> None:
    found = _probe(target)
    assert {r.verdict for r in found.values()} == {Verdict.PASS}, found
    assert [s for s in _of(found, network.FOREIGN) if f"{OTHER}/office-0" in s]
    assert len(_of(found, network.DENIED)) >= 2  # a node, and the API server
    assert len(_of(found, network.METADATA)) == 1
    for result in found.values():
        assert "Vault" in result.evidence["reachedBeside"][0]
    assert _pods(agency) == []


def test_a_way_that_a_hand_opened_is_found(agency: Cluster, target: Path) -> None:
    opened = {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "by-hand"},
        "spec": {
            "podSelector": {},
            "policyTypes": ["Egress"],
            "egress": [{"to": [{"namespaceSelector": {}}]}],
        },
    }
    agency.apply(opened)
    found = _probe(target)
    [result] = [r for s, r in _of(found, network.FOREIGN).items() if OTHER in s]
    assert result.verdict is Verdict.FAIL
    assert "was reached, and nothing allows it" in result.seen
    assert {r.verdict for r in _of(found, network.METADATA).values()} == {Verdict.PASS}


def test_a_declared_link_leads_to_the_gateway_and_to_nobody_else(
    lab: component.Lab, target: Path
) -> None:
    at = environment.load(target)
    bdi = expected.resolved("bdi", at)
    with _standing(lab, at, bdi) as own:
        found = _probe(target, bdi)
        assert {r.verdict for r in found.values()} == {Verdict.PASS}, found
        [way] = _of(found, network.LINK)
        assert way.endswith("to link moph-bdi-healthlink by the gateway")
        out = "link-moph-bdi-healthlink-out"
        must(own.ask("delete", "networkpolicy", out, egress.POLICY))
        [closed] = _of(_probe(target, bdi), network.LINK).values()
        assert closed.verdict is Verdict.FAIL, closed


def test_a_pod_that_reaches_nothing_proves_nothing(agency: Cluster, target: Path) -> None:
    must(agency.ask("delete", "networkpolicy", "allow-platform"))
    found = _probe(target)
    assert {r.verdict for r in found.values()} == {Verdict.UNKNOWN}, found


def test_on_simulated_nodes_it_is_unknown(agency: Cluster, target: Path) -> None:
    must(agency.ask("label", "namespace", agency.namespace, f"{labels.POOL}-"))
    found = _probe(target)
    assert {r.verdict for r in found.values()} == {Verdict.UNKNOWN}
    assert all("simulated" in result.seen for result in found.values())


def test_the_next_run_takes_away_what_a_killed_one_left(
    agency: Cluster, target: Path, start: Callable[..., subprocess.Popen[bytes]]
) -> None:
    child = start("-c", _PROBING, str(target))
    assert eventually(lambda: bool(_pods(agency)), 300)
    os.kill(child.pid, signal.SIGKILL)
    child.wait(30)
    [left] = _pods(agency)
    found = _probe(target)
    assert left not in _pods(agency)
    assert _pods(agency) == []
    assert {r.verdict for r in found.values()} == {Verdict.PASS}, found


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    begun: list[subprocess.Popen[bytes]] = []

    def child(*words: str) -> subprocess.Popen[bytes]:
        begun.append(subprocess.Popen([sys.executable, *words], cwd=ROOT))
        return begun[-1]

    yield child
    for one in begun:
        one.kill()
        one.wait(30)


_PROBING = """
import sys
from pathlib import Path
from tests.integration.real import test_probes
test_probes._probe(Path(sys.argv[1]))
"""
