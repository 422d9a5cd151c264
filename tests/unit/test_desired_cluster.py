"""What the cluster must hold for a tenant, by the rules of tenancy, network and workloads."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import environment, errors, item, labels, manifest, normal_form, sizing, tenant
from onboarding.desired import cluster, cluster_network, cluster_place, cluster_pod
from tests.unit import targets

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("moph", "admincourt", "plk-lao")
HEALTH = f"registry.invalid/health@{targets.DIGEST}"


def target(**cluster_values: Any) -> environment.Environment:
    base = targets.pinned()
    return base.model_copy(
        update={
            "cluster": base.cluster.model_copy(update=cluster_values),
            "images": base.images.model_copy(update={"others": {"health-platform": HEALTH}}),
        }
    )


def of(name: str) -> tenant.Tenant:
    return tenant.resolve(manifest.load(EXAMPLES / f"{name}.yaml"), target())


def wanted(name: str, **cluster_values: Any) -> tuple[item.Item, ...]:
    return cluster.desired(of(name), target(**cluster_values))


def kind(items: tuple[item.Item, ...], name: str) -> list[item.Item]:
    return [i for i in items if i.ref.kind == name]


def containers(items: tuple[item.Item, ...]) -> Iterator[dict[str, Any]]:
    for deployment in kind(items, "Deployment"):
        yield from deployment.fields["spec"]["template"]["spec"]["containers"]


@pytest.mark.parametrize(("name", "count"), [("moph", 10), ("admincourt", 2), ("plk-lao", 1)])
def test_a_namespace_for_each_instance(name: str, count: int) -> None:
    assert len(kind(wanted(name), "Namespace")) == count


@pytest.mark.parametrize("name", NAMES)
def test_every_object_says_whose_it_is(name: str) -> None:
    agency = of(name)
    for thing in wanted(name):
        metadata = thing.fields["metadata"]
        assert labels.owner(metadata["labels"]) == agency.id == thing.owner
        assert re.fullmatch("[0-9a-f]{64}", metadata["annotations"][labels.CONTENT_HASH])


@pytest.mark.parametrize("name", NAMES)
def test_names_are_unique_and_items_are_json(name: str) -> None:
    items = wanted(name)
    assert len({i.ref for i in items}) == len(items)
    json.dumps([i.fields for i in items])


@pytest.mark.parametrize("name", NAMES)
def test_the_hash_changes_with_the_content_only(name: str) -> None:
    first = {i.ref: i.fields["metadata"]["annotations"] for i in wanted(name)}
    again = {i.ref: i.fields["metadata"]["annotations"] for i in wanted(name)}
    other = {
        i.ref: i.fields["metadata"]["annotations"] for i in wanted(name, ingress_class="another")
    }
    assert first == again
    changed = {ref.kind for ref in first if first[ref] != other[ref]}
    assert changed == {"Ingress"}


def test_pod_security_is_restricted_and_pinned() -> None:
    for namespace in kind(wanted("plk-lao"), "Namespace"):
        marks = namespace.fields["metadata"]["labels"]
        for mode in ("enforce", "audit", "warn"):
            assert marks[f"pod-security.kubernetes.io/{mode}"] == "restricted"
            assert re.fullmatch(r"v\d+\.\d+", marks[f"pod-security.kubernetes.io/{mode}-version"])
        assert namespace.holds_data


@pytest.mark.parametrize("name", NAMES)
def test_quota_is_the_computed_size(name: str) -> None:
    items = wanted(name)
    for instance in of(name).instances:
        quota = {
            i.ref.name: i.fields["spec"]["hard"]
            for i in kind(items, "ResourceQuota")
            if i.ref.scope == instance.namespace
        }
        size = instance.size
        amount = normal_form.quantity
        assert amount(quota["compute"]["requests.cpu"]) * 1000 == size.cpu_request_m
        assert amount(quota["compute"]["limits.memory"]) == size.memory_limit_mi * 2**20
        assert amount(quota["compute"]["requests.storage"]) == size.storage_gi * 2**30
        assert quota["objects"]["pods"] == str(size.pods)
        assert quota["objects"]["services.nodeports"] == "0"
        assert quota["objects"]["services.loadbalancers"] == "0"


def test_limit_range_is_within_the_quota() -> None:
    items = wanted("moph")
    amount = normal_form.quantity
    for limit_range in kind(items, "LimitRange"):
        (limits,) = limit_range.fields["spec"]["limits"]
        (hard,) = (
            i.fields["spec"]["hard"]
            for i in kind(items, "ResourceQuota")
            if i.ref.scope == limit_range.ref.scope and i.ref.name == "compute"
        )
        for resource in ("cpu", "memory"):
            assert amount(limits["defaultRequest"][resource]) <= amount(limits["default"][resource])
            assert amount(limits["default"][resource]) <= amount(limits["max"][resource])
            assert amount(limits["max"][resource]) <= amount(hard[f"limits.{resource}"])


@given(users=st.integers(min_value=1, max_value=100_000), scale=st.floats(0.05, 1.0))
@settings(max_examples=200, deadline=None)
def test_pods_fit_into_the_quota_for_any_number_of_users(users: int, scale: float) -> None:
    agency = of("plk-lao")
    (instance,) = agency.instances
    size = sizing.size(users)
    place = cluster_place.Place(
        agency,
        _with_size(instance, size),
        target().model_copy(update={"scale": scale}),
    )
    items = cluster.desired(_with_instance(agency, place.instance), place.target)
    (deployment,) = kind(items, "Deployment")
    replicas = deployment.fields["spec"]["replicas"]
    assert 1 <= replicas <= size.replicas
    (container,) = containers(items)
    amount = normal_form.quantity
    resources = container["resources"]
    for resource in ("cpu", "memory"):
        request = amount(resources["requests"][resource])
        limit = amount(resources["limits"][resource])
        assert 0 < request <= limit
    assert amount(resources["requests"]["cpu"]) * replicas * 1000 <= size.cpu_request_m
    assert amount(resources["limits"]["cpu"]) * replicas * 1000 <= size.cpu_limit_m
    assert amount(resources["requests"]["memory"]) * replicas <= size.memory_request_mi * 2**20
    assert amount(resources["limits"]["memory"]) * replicas <= size.memory_limit_mi * 2**20


def _with_size(instance: tenant.Instance, size: sizing.Size) -> tenant.Instance:
    return replace(instance, size=size)


def _with_instance(agency: tenant.Tenant, instance: tenant.Instance) -> tenant.Tenant:
    return replace(agency, instances=(instance,))


@given(milli=st.integers(min_value=1, max_value=10**7))
def test_cores_read_back_as_written(milli: int) -> None:
    assert normal_form.quantity(cluster_place.cores(milli)) * 1000 == milli


@given(mi=st.integers(min_value=1, max_value=10**9))
def test_memory_reads_back_as_written(mi: int) -> None:
    assert normal_form.quantity(cluster_place.mebibytes(mi)) == mi * 2**20


def test_network_is_closed_and_then_opened_by_name() -> None:
    items = wanted("plk-lao", egress_cidrs=("192.0.2.0/28",))
    policies = {i.ref.name: i.fields["spec"] for i in kind(items, "NetworkPolicy")}
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (dns,) = policies["allow-dns"]["egress"]
    assert {(p["protocol"], p["port"]) for p in dns["ports"]} == {("UDP", 53), ("TCP", 53)}
    assert all("podSelector" in peer for peer in dns["to"])
    for policy in policies.values():
        for rule in [*policy.get("ingress", ()), *policy.get("egress", ())]:
            peers = rule.get("from") or rule.get("to")
            assert peers
            assert rule["ports"]


@pytest.mark.parametrize("cidr", ["0.0.0.0/0", "::/0", "169.254.169.254/32", "nonsense"])
def test_a_range_that_opens_too_much_is_refused(cidr: str) -> None:
    with pytest.raises(errors.Refused):
        wanted("plk-lao", egress_cidrs=(cidr,))


def test_the_metadata_service_is_cut_out_of_a_wider_range() -> None:
    items = wanted("plk-lao", egress_cidrs=("168.0.0.0/5",))
    (policy,) = (i for i in kind(items, "NetworkPolicy") if i.ref.name == "allow-platform")
    ((block,),) = ([p["ipBlock"] for p in r["to"]] for r in policy.fields["spec"]["egress"])
    assert cluster_network.METADATA_SERVICE in ipaddress.ip_network(block["cidr"])
    assert block["except"] == ["169.254.169.254/32"]


def test_people_get_rights_by_group_only_and_none_that_escape() -> None:
    items = wanted("moph")
    for role in kind(items, "Role"):
        for rule in role.fields["rules"]:
            assert not {"*", "secrets", "pods/exec", "pods/attach", "pods/portforward"} & {
                *rule["apiGroups"],
                *rule["resources"],
                *rule["verbs"],
            }
            writes = set(rule["verbs"]) - {"get", "list", "watch"}
            assert not writes or rule["resources"] == ["pods"]
    for binding in kind(items, "RoleBinding"):
        for subject in binding.fields["subjects"]:
            assert subject["kind"] == "Group"
            assert subject["name"].startswith("gdcc:moph:")


def test_no_pod_gets_a_token_of_the_cluster() -> None:
    items = wanted("moph")
    assert all(not i.fields["automountServiceAccountToken"] for i in kind(items, "ServiceAccount"))
    for deployment in kind(items, "Deployment"):
        pod = deployment.fields["spec"]["template"]["spec"]
        assert pod["automountServiceAccountToken"] is False
        assert pod["serviceAccountName"] != "default"
        tokens = [
            source["serviceAccountToken"]
            for volume in pod["volumes"]
            for source in volume.get("projected", {}).get("sources", ())
        ]
        assert [t["audience"] for t in tokens] == [cluster_pod.VAULT_AUDIENCE]


def test_containers_are_hardened() -> None:
    items = wanted("moph")
    assert len(list(containers(items))) == 10
    for container in containers(items):
        security = container["securityContext"]
        assert security["readOnlyRootFilesystem"] is True
        assert security["allowPrivilegeEscalation"] is False
        assert security["privileged"] is False
        assert security["runAsNonRoot"] is True
        assert security["runAsUser"] != 0
        assert security["capabilities"] == {"drop": ["ALL"]}
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        assert "@sha256:" in container["image"]
        assert container["imagePullPolicy"] == "Always"
        assert "env" not in container


def test_an_update_of_the_workload_needs_no_room_beside_it() -> None:
    for deployment in kind(wanted("moph"), "Deployment"):
        strategy = deployment.fields["spec"]["strategy"]["rollingUpdate"]
        assert strategy == {"maxSurge": 0, "maxUnavailable": 1}


def test_a_disruption_budget_leaves_room_for_one_pod_to_go() -> None:
    items = wanted("moph")
    replicas = {i.ref.scope: i.fields["spec"]["replicas"] for i in kind(items, "Deployment")}
    for budget in kind(items, "PodDisruptionBudget"):
        spec = budget.fields["spec"]
        count = replicas[budget.ref.scope]
        bound = spec.get("minAvailable", count - spec.get("maxUnavailable", 0))
        assert bound < count


def test_sensitive_data_lies_on_encrypted_storage_only() -> None:
    items = wanted("moph", storage_class="plain", encrypted_storage_classes=("vault",))
    classes = {
        i.ref.scope: i.fields["spec"]["storageClassName"]
        for i in kind(items, "PersistentVolumeClaim")
    }
    assert classes["ga-moph-prod-health-platform"] == "vault"
    assert classes["ga-moph-central-prod"] == "plain"
    with pytest.raises(errors.Refused, match="encrypted"):
        wanted("moph", storage_class="plain", encrypted_storage_classes=())


def test_a_system_without_an_image_gets_its_fences_but_no_pods() -> None:
    bare = cluster.desired(of("moph"), targets.pinned())
    inside = {i.ref.kind for i in bare if i.ref.scope == "ga-moph-prod-health-platform"}
    assert "NetworkPolicy" in inside
    assert not inside & {"Deployment", "Ingress", "PersistentVolumeClaim"}


def test_ingress_has_tls_for_its_own_host_only() -> None:
    items = wanted("moph")
    hosts = {i.namespace: i.host for i in of("moph").instances}
    for ingress in kind(items, "Ingress"):
        spec = ingress.fields["spec"]
        host = hosts[ingress.ref.scope]
        assert [r["host"] for r in spec["rules"]] == [host]
        assert [t["hosts"] for t in spec["tls"]] == [[host]]
        assert all(t["secretName"].endswith("-tls") for t in spec["tls"])


def test_small_nodes_get_fewer_and_smaller_pods_but_the_same_quota() -> None:
    whole = wanted("moph")
    small = cluster.desired(of("moph"), target().model_copy(update={"scale": 0.1}))
    assert kind(whole, "ResourceQuota") == kind(small, "ResourceQuota")
    pods = [
        sum(d.fields["spec"]["replicas"] for d in kind(items, "Deployment"))
        for items in (whole, small)
    ]
    assert pods[1] < pods[0]


@pytest.mark.parametrize("name", NAMES)
def test_no_personal_id_or_phone_in_marks(name: str) -> None:
    for thing in wanted(name):
        text = json.dumps(thing.fields["metadata"])
        assert not re.search(r"(?<![0-9a-f])\d{13}(?![0-9a-f])|\+66", text)
