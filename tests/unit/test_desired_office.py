"""The pods of an e-Office that are made where the environment says so, and nowhere else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding import environment, errors, item, manifest, names, normal_form, tenant
from onboarding.desired import cluster, cluster_network, everything, office
from onboarding.engines.pulumi_stack import live
from onboarding.products import mayan, table
from tests.unit import targets

ROOT = Path(__file__).parents[2]
VILLAGE = ROOT / "tests/faults/village.yaml"
GOLDEN = ROOT / "tests/fixtures/office/village.yaml"
EXAMPLES = ("moph", "plk-lao", "admincourt", "samutsongkhram")


def target(**run_values: Any) -> environment.Environment:
    """As ``targets.pinned``, with an e-Office whose pods are made here."""
    base = targets.pinned()
    run = environment.Run(
        database=f"registry.invalid/postgresql@{targets.DIGEST}",
        secrets=f"registry.invalid/openbao-agent@{targets.DIGEST}",
        **run_values,
    )
    reached = {"egress_cidrs": ("192.0.2.7/32",), "node_pools": ("real",)}
    return base.model_copy(
        update={
            "e_office": environment.EOffice(product="mayan-edms", run=run),
            "cluster": base.cluster.model_copy(update=reached),
        }
    )


def without_run(at: environment.Environment) -> environment.Environment:
    return at.model_copy(update={"e_office": environment.EOffice(product="mayan-edms")})


def wanted(path: Path, at: environment.Environment) -> dict[str, Any]:
    of = tenant.resolve(manifest.load(path), at)
    return {str(i.ref): i for i in everything(of, at)}


def example(name: str) -> Path:
    return ROOT / "examples" / f"{name}.yaml"


def made(at: environment.Environment) -> dict[str, Any]:
    """Fields of every item of the village that is there, or is otherwise, because of ``run``."""
    plain, run = wanted(VILLAGE, without_run(at)), wanted(VILLAGE, at)
    assert plain.keys() <= run.keys()
    changed = {k: v for k, v in run.items() if k not in plain or plain[k].fields != v.fields}
    return {ref: json.loads(json.dumps(one.fields)) for ref, one in changed.items()}


def test_all_that_is_made_for_a_small_agency_stands_whole_in_one_file() -> None:
    assert made(target(node_pool="real", pull="IfNotPresent")) == yaml.safe_load(
        GOLDEN.read_text(encoding="utf-8")
    )


def test_without_pods_made_here_an_agency_has_what_it_had() -> None:
    of = tenant.resolve(manifest.load(VILLAGE), target())
    nothing = target().model_copy(update={"e_office": None})
    told = {"ConfigMap ga-village-prod/e-office-endpoints", "Deployment ga-village-prod/e-office"}
    plain = {str(i.ref): i for i in cluster.desired(of, nothing)}
    named = {str(i.ref): i for i in cluster.desired(of, without_run(target()))}
    # A product that knows no keys is told so; nothing else is made, and nothing else differs.
    assert {ref for ref in named if named[ref] != plain.get(ref)} <= told
    assert named.keys() == plain.keys()


def test_a_pod_has_ended_before_its_successor_changes_the_database() -> None:
    spec = made(target())["Deployment ga-village-prod/e-office"]["spec"]
    assert spec["strategy"] == {"type": "Recreate"}
    ends = spec["template"]["spec"]["terminationGracePeriodSeconds"]
    assert ends > mayan.PRODUCT.pods.longest_seconds
    assert spec["progressDeadlineSeconds"] > ends


@pytest.mark.parametrize("name", EXAMPLES)
def test_only_e_offices_run_so(name: str) -> None:
    at = target(node_pool="real")
    at = at.model_copy(
        update={
            "cluster": at.cluster.model_copy(update={"node_pools": ("real", "restricted")}),
            "images": at.images.model_copy(
                update={"others": {"health-platform": f"registry.invalid/h@{targets.DIGEST}"}}
            ),
        }
    )
    of = tenant.resolve(manifest.load(example(name)), at)
    homes = {i.namespace for i in of.instances if i.kind == names.E_OFFICE}
    sets = {i.ref.scope for i in cluster.desired(of, at) if i.ref.kind == "StatefulSet"}
    assert sets == homes
    assert homes


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("scale", [1.0, 0.05])
def test_requests_and_limits_of_all_pods_stay_within_the_quota(name: str, scale: float) -> None:
    at = target().model_copy(update={"scale": scale})
    of = tenant.resolve(manifest.load(example(name)), at)
    items = cluster.desired(of, at)
    for instance in (i for i in of.instances if i.kind == names.E_OFFICE):
        own = [i for i in items if i.ref.scope == instance.namespace]
        (hard,) = (
            i.fields["spec"]["hard"]
            for i in own
            if (i.ref.kind, i.ref.name) == ("ResourceQuota", "compute")
        )
        for part in ("requests", "limits"):
            for resource in ("cpu", "memory"):
                used = sum(_effective(i, part, resource) for i in own if _has_pods(i))
                assert used <= normal_form.quantity(hard[f"{part}.{resource}"]), (part, resource)
        claims = [i for i in own if i.ref.kind == "PersistentVolumeClaim"]
        stored = sum(
            normal_form.quantity(c.fields["spec"]["resources"]["requests"]["storage"])
            for c in claims
        )
        assert stored <= normal_form.quantity(hard["requests.storage"]) * 8 / 10


def _has_pods(one: item.Item) -> bool:
    return one.ref.kind in ("Deployment", "StatefulSet")


def _effective(one: item.Item, part: str, resource: str) -> Any:
    """What the scheduler and the quota count (Kubernetes documentation, Sidecar Containers)."""
    spec = one.fields["spec"]["template"]["spec"]

    def of(container: Any) -> Any:
        return normal_form.quantity(container["resources"][part][resource])

    beside = peak = 0
    for first in spec.get("initContainers", ()):
        if first.get("restartPolicy") == "Always":
            beside += of(first)
            peak = max(peak, beside)
        else:
            peak = max(peak, beside + of(first))
    serving = beside + sum(of(container) for container in spec["containers"])
    return one.fields["spec"]["replicas"] * max(peak, serving)


def test_no_text_of_an_object_holds_more_than_the_place_of_a_secret() -> None:
    """Templates of the agent name paths; the words that they put in come from Vault alone."""
    for ref, fields in made(target()).items():
        text = json.dumps(fields)
        assert "{{ with secret" not in text or ref.startswith("ConfigMap ")


def test_a_product_is_served_on_the_port_that_network_policies_open() -> None:
    for name in table.NAMES:
        assert table.get(name).product.image.port == cluster_network.PORT


def test_without_a_way_to_vault_nothing_is_made() -> None:
    at = target()
    shut = at.model_copy(update={"cluster": at.cluster.model_copy(update={"egress_cidrs": ()})})
    with pytest.raises(errors.Refused, match="could not reach Vault"):
        wanted(VILLAGE, shut)


def test_a_pool_that_the_environment_does_not_have_is_refused() -> None:
    with pytest.raises(errors.Refused, match="no node pool 'other'"):
        wanted(VILLAGE, target(node_pool="other"))


def test_the_page_about_it_shows_a_block_that_is_valid() -> None:
    page = (ROOT / "docs/how-to/instance.md").read_text(encoding="utf-8")
    block = yaml.safe_load(page.partition("```yaml\n")[2].partition("```")[0])["eOffice"]
    shown = environment.EOffice.model_validate(block)
    assert shown.run is not None
    assert set(block["run"]) == {alias.alias for alias in environment.Run.model_fields.values()}


def test_passwords_are_made_for_what_runs_here_only() -> None:
    of_both = {"e-office-reader", "e-office-writer"}
    assert set(office.logins(without_run(target()))) == of_both
    assert set(office.logins(target())) == of_both | {"e-office-database", "e-office-key"}
    assert office.logins(targets.pinned()) == {}


def test_secrets_come_as_files_of_memory_to_every_container_that_needs_them() -> None:
    of = tenant.resolve(manifest.load(VILLAGE), target())
    for one in (i for i in cluster.desired(of, target()) if _has_pods(i)):
        spec = one.fields["spec"]["template"]["spec"]
        volumes = {v["name"]: v for v in spec["volumes"]}
        assert volumes["secrets"]["emptyDir"]["medium"] == "Memory"
        for container in (*spec["initContainers"], *spec["containers"]):
            mounts = {m["name"]: m for m in container["volumeMounts"]}
            writes = "bao" in container.get("command", ())
            assert mounts["secrets"].get("readOnly", False) != writes
            assert ("vault-token" in mounts) == writes
    assert mayan.PRODUCT.pods.settle


def test_what_is_wished_of_a_database_is_not_hidden_where_it_is_read() -> None:
    """Where a secret is stays readable, or every plan would differ; what one is does not."""
    of = tenant.resolve(manifest.load(VILLAGE), target())
    (want,) = (i for i in cluster.desired(of, target()) if i.ref.kind == "StatefulSet")
    body = json.loads(json.dumps(want.fields))
    body["metadata"] |= {"name": want.ref.name, "namespace": want.ref.scope}
    seen = live.of("StatefulSet", body)
    assert list(normal_form.differences("StatefulSet", want.fields, seen.fields)) == []
    (container,) = body["spec"]["template"]["spec"]["containers"]
    container["env"] = [{"name": "POSTGRES_PASSWORD_FILE", "value": "canary"}]
    assert "canary" not in json.dumps(dict(live.of("StatefulSet", body).fields))
