"""The configuration inside running e-Office products: read here, written by a role of Ansible."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from onboarding import environment, errors, item, kube, plan, product_api, tenant, vault
from onboarding.desired import office, vault_policies
from onboarding.engines.ansible_playbooks import runner
from onboarding.products import contract, table

_MINUTES = 15
"""How long the token lives with which Ansible reads the passwords of one agency's products."""


def items(
    cluster: kube.Cluster,
    target: environment.Environment,
    role: environment.Role,
    tenants: Sequence[tenant.Tenant],
) -> dict[str, tuple[item.Item, ...]]:
    """What the products of these agencies hold; nothing where no instance was made yet.

    Raises ``errors.Unreachable`` and ``errors.Denied`` for a product that cannot be read.
    """
    if target.e_office is None:
        return {}
    there = [(of, i) for of in tenants for i in office.instances(of) if _is_made(cluster, i)]
    found: dict[str, tuple[item.Item, ...]] = {}
    if there:
        with vault.connect(target, role) as door:
            for of, instance in there:
                seen = held(door, target, of, instance)
                found[of.id] = (*found.get(of.id, ()), *seen)
    return found


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
    place = _place(target.e_office, target, instance)
    access = product_api.of(target.e_office.product)
    configuration = access.observed(place, _account(door, path), of.id)
    return tuple(contract.items(of.id, instance.namespace, configuration))


def _is_made(cluster: kube.Cluster, instance: tenant.Instance) -> bool:
    """Whether the instance's pods were ever asked for: before that there is no product to read."""
    kinds = ("Deployment", "StatefulSet")
    places = [(kind, instance.namespace, instance.workload) for kind in kinds]
    return any(one is not None for one in cluster.get_all(places))


def _account(door: vault.Vault, path: str) -> product_api.Account:
    said = (door.read(path) or {}).get("data") or {}
    try:
        return product_api.Account(str(said["username"]), str(said["password"]))
    except KeyError:
        raise errors.Denied(
            f"there is no account for the e-Office at {path} in Vault",
            resolution="Store username and password there, as docs/how-to/product.md says.",
        ) from None


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
                _instance(of, _place(target.e_office, target, instances[n]), instances[n], wanted)
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


def _place(
    about: environment.EOffice, target: environment.Environment, instance: tenant.Instance
) -> product_api.Place:
    """Where the configuration API of an instance is, and who vouches for it."""
    address = about.address.format(host=instance.host, namespace=instance.namespace)
    ca_file = (about.ca_file or target.vault.ca_file).absolute()
    limits = target.timeouts.limits()
    return product_api.Place(instance.namespace, address, ca_file, limits, about.gateway)


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
    """Instance by instance; what another thing needs comes before it, and goes after it."""
    order = {kind: index for index, kind in enumerate(contract.Kind)}

    def place(change: plan.Change) -> tuple[str, bool, int, str]:
        rank = order[contract.Kind(change.ref.kind)]
        gone = change.desired is None
        return change.ref.scope, gone, -rank if gone else rank, change.ref.name

    return tuple(sorted(changes, key=place))


def outcomes(
    changes: Sequence[plan.Change], result: Mapping[str, Any], seconds: float
) -> Iterator[plan.Outcome]:
    """What the role said of each change that it came to, in their order."""
    done = result.get("done") or []
    for change, changed in zip(changes, done, strict=False):
        status = plan.Status.APPLIED if changed else plan.Status.UNCHANGED
        yield plan.Outcome(change, status, seconds / len(done))
