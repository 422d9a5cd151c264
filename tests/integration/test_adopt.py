"""Objects that a hand made in an agency's place become the agency's: on the real engines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, kube, labels, manifest, tenant, vault
from onboarding.desired import vault_mark, vault_policies
from onboarding.state import opening
from tests.integration import successions
from tests.running import onboard

pytestmark = pytest.mark.lab

AGENCY = "plk-adopted"
RULES = 'path "kv/data/nothing" { capabilities = ["read"] }'


@dataclass(frozen=True)
class Place:
    """A namespace and a policy under the agency's names, which carry no mark of anybody."""

    file: str
    namespace: str
    policy: str
    cluster: kube.Cluster
    vault: vault.Vault

    @property
    def refs(self) -> dict[str, str]:
        return {"Namespace": f"Namespace {self.namespace}", "Policy": f"Policy {self.policy}"}

    def owners(self) -> dict[str, str]:
        space = self.cluster.get("Namespace", self.namespace, "")
        assert space is not None
        text = (self.vault.read(f"sys/policies/acl/{self.policy}") or {})["policy"]
        return {
            "Namespace": space["metadata"].get("labels", {}).get(labels.AGENCY, ""),
            "Policy": vault_mark.owner(text),
        }


@pytest.fixture
def place(lab: environment.Environment, tmp_path: Path) -> Iterator[Place]:
    file = successions.write(tmp_path, AGENCY, "เทศบาลตำบลรับช่วง")
    of = tenant.resolve(manifest.load(Path(file)), lab)
    cluster = kube.connect(lab, environment.Role.BOOTSTRAP)
    namespace, policy = of.instances[0].namespace, vault_policies.issuing_name(of)
    with vault.connect(lab, environment.Role.APPLIER) as door:
        cluster.apply("Namespace", {"metadata": {"name": namespace}})
        door.write(f"sys/policies/acl/{policy}", {"policy": RULES})
        yield Place(file, namespace, policy, cluster, door)
        door.remove(f"sys/policies/acl/{policy}")
        cluster.delete("Namespace", namespace)


def _adopt(place: Place, *words: str) -> tuple[int, dict[str, Any]]:
    done = onboard("adopt", place.file, *words, "--output", "json")
    return done.code, json.loads(done.out)


@pytest.mark.timeout(1200)
def test_what_a_hand_made_in_an_agency_s_place_is_shown_marked_and_then_planned(
    lab: environment.Environment, place: Place
) -> None:
    code, shown = _adopt(place)
    assert code == 4
    # Not what Kubernetes itself makes in each namespace: its account, its ConfigMap.
    assert {c["object"] for c in shown["candidates"]} == set(place.refs.values())
    assert not any(c["adopted"] for c in shown["candidates"])
    assert place.owners() == {"Namespace": "", "Policy": ""}
    code, shown = _adopt(place, "--object", place.refs["Policy"], "--yes")
    assert code == 0
    assert place.owners() == {"Namespace": "", "Policy": AGENCY}
    # Only the mark was added: what it allows is still what the hand wrote.
    written = (place.vault.read(f"sys/policies/acl/{place.policy}") or {})["policy"]
    assert vault_policies.rules_in(written) == vault_policies.rules_in(RULES)
    assert _adopt(place, "--all-in-place", "--yes")[0] == 0
    assert place.owners() == {"Namespace": AGENCY, "Policy": AGENCY}
    assert _adopt(place) == (0, {"tenant": AGENCY, "candidates": [], "never": []})
    events = [e.event for e in opening.of(lab).journal(AGENCY)][-4:]
    assert events == ["adopt-begun", "adopt-ended"] * 2
    planned = json.loads(onboard("plan", place.file, "--output", "json").out)
    assert planned["conflicts"] == []
    actions = {
        c["kind"]: c["action"]
        for c in planned["changes"]
        if (c["kind"], c["name"]) in {("Namespace", place.namespace), ("Policy", place.policy)}
    }
    assert actions == {"Namespace": "update", "Policy": "update"}
