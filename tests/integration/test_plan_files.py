"""A plan file on real systems: what was reviewed is written; nothing where anything moved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, kube, plan_file
from tests import canaries
from tests.integration import outside
from tests.running import ROOT, onboard

pytestmark = pytest.mark.lab

AGENCY = "dede"
MANIFEST = str(ROOT / "examples" / f"{AGENCY}.yaml")
NAMESPACE = f"ga-{AGENCY}-prod"
CANARY = "canary-4b1d-plan-files"


@pytest.fixture(scope="module")
def cluster(lab: environment.Environment) -> kube.Cluster:
    """The agency applied, and the cluster as its operator has it."""
    done = onboard("apply", MANIFEST, "--yes", "--no-verify", "-q")
    assert done.code == 0, done.err
    return kube.connect(lab, environment.Role.BOOTSTRAP)


def change_a_limit(cluster: kube.Cluster, value: str) -> None:
    (found,) = cluster.list("LimitRange", selector=f"gdcc.go.th/agency={AGENCY}")
    patch = [{"op": "replace", "path": "/spec/limits/0/defaultRequest/cpu", "value": value}]
    cluster.json_patch("LimitRange", found["metadata"]["name"], NAMESPACE, patch)


def loosen_a_policy(cluster: kube.Cluster) -> str:
    found = cluster.list("NetworkPolicy", selector=f"gdcc.go.th/agency={AGENCY}")
    name = str(next(o["metadata"]["name"] for o in found if len(o["spec"]["policyTypes"]) == 2))
    patch = [{"op": "replace", "path": "/spec/policyTypes", "value": ["Egress"]}]
    cluster.json_patch("NetworkPolicy", name, NAMESPACE, patch)
    return name


def planned(path: Path, *words: str) -> plan_file.Saved:
    done = onboard("plan", MANIFEST, "-q", "--out", str(path), *words)
    assert done.code == 0, done.err
    return plan_file.read(path)


def test_what_moved_after_the_review_is_named_and_nothing_is_written(
    cluster: kube.Cluster, lab: environment.Environment, tmp_path: Path
) -> None:
    change_a_limit(cluster, "17m")
    path = tmp_path / "plan"
    saved = planned(path)
    assert [str(c.ref) for c in saved.parts[0].plan.changes] == [
        f"LimitRange {NAMESPACE}/containers"
    ]
    change_a_limit(cluster, "18m")
    moved = loosen_a_policy(cluster)
    eyes = outside.Outside(lab)
    before = eyes.now()
    done = onboard("apply", "--plan", str(path), "-q")
    assert (done.code, done.out) == (7, "")
    assert (
        f"LimitRange {NAMESPACE}/containers: spec.limits.0.defaultRequest.cpu was 17m" in done.err
    )
    assert "is 18m now" in done.err
    assert f"new: update pulumi_stack NetworkPolicy {NAMESPACE}/{moved}" in done.err
    expected = f"sha256:{saved.digest}"
    again = onboard("apply", MANIFEST, "--expect", expected, "-q")
    assert (again.code, again.out) == (7, "")
    assert eyes.writes_since(before) == []


def test_exactly_the_reviewed_changes_are_written_once(
    cluster: kube.Cluster, tmp_path: Path
) -> None:
    change_a_limit(cluster, "19m")
    path = tmp_path / "plan"
    saved = planned(path)
    reviewed = {c.ref.name for c in saved.parts[0].plan.changes}
    done = onboard("apply", "--plan", str(path), "--no-verify", "-q", "-o", "json")
    assert done.code == 0, done.err
    outcome: dict[str, Any] = json.loads(done.out)
    assert {o["name"] for o in outcome["outcomes"]} == reviewed
    assert {o["status"] for o in outcome["outcomes"]} == {"applied"}
    again = onboard("apply", "--plan", str(path), "-q")
    assert again.code == 0, again.err
    assert "this plan was applied already" in again.out
    change_a_limit(cluster, "17m")
    stale = onboard("apply", "--plan", str(path), "-q")
    assert stale.code == 7
    assert "is not applied again" in stale.err
    assert f"LimitRange {NAMESPACE}/containers" in stale.err


def test_no_secret_of_any_system_stands_in_a_plan(
    cluster: kube.Cluster, lab: environment.Environment, tmp_path: Path
) -> None:
    found = cluster.list("ConfigMap", selector=f"gdcc.go.th/agency={AGENCY}")
    name = str(found[0]["metadata"]["name"])
    patch = [
        {"op": "add", "path": "/data/adminPassword", "value": CANARY},
        {"op": "add", "path": "/data/note", "value": f"remember {CANARY}"},
    ]
    cluster.json_patch("ConfigMap", name, NAMESPACE, patch)
    path = tmp_path / "plan"
    saved = planned(path)
    assert name in {c.ref.name for c in saved.parts[0].plan.changes}
    shown = [path.read_bytes()]
    for form in ("text", "json", "markdown", "html"):
        done = onboard("show", str(path), "--verbose", "--format", form)
        assert done.code == 0, done.err
        shown.append(done.out.encode())
    verbose = onboard("plan", MANIFEST, "--verbose")
    shown.append((verbose.out + verbose.err).encode())
    needles = canaries.needles(
        [
            *canaries.operator_secrets(environment.labs_folder() / lab.name),
            *canaries.tenant_secrets(lab, AGENCY),
        ]
    )
    for text in shown:
        assert CANARY.encode() not in text
        assert [what for secret, what in needles.items() if secret in text] == []
