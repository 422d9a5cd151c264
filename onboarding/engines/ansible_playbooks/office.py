"""The configuration inside running e-Office products: read here, written by a role of Ansible."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onboarding import environment, errors, item, kube, plan, product_api, tenant, vault
from onboarding.desired import office, vault_policies
from onboarding.engines.ansible_playbooks import runner
from onboarding.products import contract, table

_MINUTES = 15
"""How long the token lives with which Ansible reads the passwords of one agency's products."""


@dataclass(frozen=True, slots=True)
class Held:
    """What products hold, by agency; ``silent``: of which not all was read, and why."""

    items: Mapping[str, tuple[item.Item, ...]] = field(default_factory=dict)
    silent: Mapping[str, str] = field(default_factory=dict)


def read(
    cluster: kube.Cluster,
    target: environment.Environment,
    role: environment.Role,
    tenants: Sequence[tenant.Tenant],
    *,
    evidence: bool,
) -> Held:
    """What the products of these agencies hold; nothing where none serves at its address.

    So what keeps it from serving can be planned and mended: pods, their way in, its certificate.
    With ``evidence`` a product that does not answer is unread; else it raises
    ``errors.Unreachable`` or ``errors.Denied``.
    """
    if target.e_office is None:
        return Held()
    found: dict[str, tuple[item.Item, ...]] = {}
    asked = [(of, i, _silent(cluster, i)) for of in tenants for i in office.instances(of)]
    unread = {of.id: silent for of, _, silent in reversed(asked) if silent}
    if all(silent for _, _, silent in asked):
        return Held(silent=unread)
    with vault.connect(target, role) as door:
        for of, instance, silent in asked:
            if silent:
                continue
            try:
                seen = held(door, target, of, instance)
            except (errors.Unreachable, errors.Denied) as problem:
                if not evidence and not isinstance(problem, product_api.Astray):
                    raise
                unread.setdefault(of.id, "; ".join((problem.message, *problem.details)))
                continue
            found[of.id] = (*found.get(of.id, ()), *seen)
    return Held(found, unread)


def held(
    door: vault.Vault,
    target: environment.Environment,
    of: tenant.Tenant,
    instance: tenant.Instance,
) -> tuple[item.Item, ...]:
    """What the product of one instance holds, seen by the account that only reads."""
    if target.e_office is None:
        return ()
    path = office.secret(of, instance, office.READER)
    place = product_api.place(target.e_office, target, instance)
    access = product_api.of(target.e_office.product)
    configuration = access.observed(place, product_api.account(door.read(path), path), of.id)
    return tuple(contract.items(of.id, instance.namespace, configuration))


def _silent(cluster: kube.Cluster, instance: tenant.Instance) -> str:
    """Why, as the cluster says, no product answers at the instance's address; "" where one may."""
    kinds = ("Deployment", "StatefulSet", "Ingress")
    places = [(kind, instance.namespace, instance.workload) for kind in kinds]
    *workloads, way_in = cluster.get_all(places)
    statuses = ((one or {}).get("status") or {} for one in workloads)
    if not any(int(status.get("availableReplicas") or 0) > 0 for status in statuses):
        return f"{instance.namespace}: no pod of the e-Office serves"
    if instance.host and way_in is None:
        return f"{instance.namespace}: no address leads to the e-Office"
    return ""


@contextlib.contextmanager
def staged(
    of: tenant.Tenant,
    target: environment.Environment,
    role: environment.Role,
    changes: Sequence[plan.Change],
    folder: Path,
) -> Iterator[dict[str, str | bool]]:
    """Write what the role of the product works from; the variables that name it.

    The token in it holds nothing but the policies of the agency's own instances.
    """
    if not changes or target.e_office is None:
        yield {"deliver_office": False}
        return
    by_namespace: dict[str, list[plan.Change]] = {}
    for change in changes:
        by_namespace.setdefault(change.ref.scope, []).append(change)
    instances = {i.namespace: i for i in office.instances(of)}
    policies = [vault_policies.workload_name(of, instances[n]) for n in by_namespace]
    with vault.connect(target, role) as door:
        token = runner.private_file(folder / "vault-token", door.tenant_token(policies, _MINUTES))
        run = {
            "product": target.e_office.product,
            "agency": of.id,
            "vault": {
                "address": target.vault.address,
                "caFile": str(target.vault.ca_file.absolute()),
                "tokenFile": str(token),
            },
            "limits": {
                "connect": target.timeouts.connect,
                "request": target.timeouts.request,
                "retry": target.timeouts.retry,
            },
            "instances": [
                _instance(
                    of,
                    product_api.place(target.e_office, target, instances[n]),
                    instances[n],
                    wanted,
                )
                for n, wanted in by_namespace.items()
            ],
        }
        text = json.dumps(run, ensure_ascii=False)
        path = runner.private_file(folder / "office.json", text)
        # The token is a child of this connection's: it ends with it, at the latest.
        yield {
            "deliver_office": True,
            "deliver_office_role": table.get(target.e_office.product).product.role,
            "office_run": str(path),
        }


def _instance(
    of: tenant.Tenant,
    place: product_api.Place,
    instance: tenant.Instance,
    changes: Sequence[plan.Change],
) -> dict[str, Any]:
    return {
        "namespace": place.namespace,
        "address": place.address,
        "caFile": str(place.ca_file),
        "gateway": place.gateway,
        "secret": office.secret(of, instance, office.WRITER),
        "wishes": [
            {
                "kind": change.ref.kind,
                "name": change.ref.name,
                "fields": change.desired.fields if change.desired else None,
            }
            for change in changes
        ],
    }


def in_order(changes: Sequence[plan.Change]) -> tuple[plan.Change, ...]:
    """Instance by instance; what another thing needs comes before it, and goes after it.

    First of all the organisations that leave: a product refuses that while they have letters, and
    then nothing else of theirs may have gone.
    """
    order = {kind: index for index, kind in enumerate(contract.Kind)}

    def place(change: plan.Change) -> tuple[str, int, int, str]:
        rank = order[contract.Kind(change.ref.kind)]
        if change.desired is not None:
            return change.ref.scope, 1, rank, change.ref.name
        holds = change.ref.kind == contract.Kind.ORGANISATION
        return change.ref.scope, 0 if holds else 2, -rank, change.ref.name

    return tuple(sorted(changes, key=place))


def outcomes(
    changes: Sequence[plan.Change], result: Mapping[str, Any], seconds: float
) -> Iterator[plan.Outcome]:
    """What the role said of each change that it came to, in their order."""
    done = result.get("done") or []
    for change, changed in zip(changes, done, strict=False):
        status = plan.Status.APPLIED if changed else plan.Status.UNCHANGED
        yield plan.Outcome(change, status, seconds / len(done))
