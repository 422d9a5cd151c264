"""What a running e-Office product must hold; nothing where none is configured."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from onboarding import catalogue, environment, item, names, tenant
from onboarding.products import contract, pods, table

READER = "e-office-reader"
WRITER = "e-office-writer"
ACCOUNTS: Mapping[str, str] = {READER: contract.READS, WRITER: "onboard-writer"}
"""Under an instance's own prefix in the key-value store: ``username`` and ``password`` of an
account of the product that only reads its configuration, and of one that writes it. The tool makes
both passwords, once; the product's image makes the accounts before it serves."""


def desired(
    of: tenant.Tenant, target: environment.Environment, settings: tuple[item.Item, ...]
) -> Iterator[item.Item]:
    """The products' configuration, from the settings that the same agency is delivered."""
    if target.e_office is None:
        return
    adapter = table.get(target.e_office.product)
    by_namespace = {i.ref.scope: i for i in settings}
    for instance in instances(of):
        fields = by_namespace[instance.namespace].fields
        made = adapter.desired(of.id, fields)
        yield from contract.items(of.id, instance.namespace, made)


def instances(of: tenant.Tenant) -> tuple[tenant.Instance, ...]:
    """Those whose product is configured: an agency that leaves is left as it is."""
    return of.e_offices if of.phase is tenant.Phase.PRESENT else ()


def run(target: environment.Environment, instance: tenant.Instance) -> environment.Run | None:
    """How the pods of an e-Office product are made here; None where they are not."""
    about = target.e_office if instance.kind == names.E_OFFICE else None
    return about.run if about else None


def product(target: environment.Environment) -> contract.Product | None:
    """The product of the environment, where it names one."""
    return table.get(target.e_office.product).product if target.e_office else None


def node_pool(target: environment.Environment, instance: tenant.Instance) -> str:
    """Pool of dedicated nodes that an instance's pods need; "" for any common node."""
    made = run(target, instance)
    return catalogue.get(instance.kind).node_pool or (made.node_pool if made else "")


def database_name(instance: tenant.Instance) -> str:
    """Name of the database of an instance, in the cluster and as a host."""
    return f"{instance.workload}-database"


def logins(target: environment.Environment) -> Mapping[str, str]:
    """Name by entry, in Vault, of what the tool makes a password for in each instance."""
    if target.e_office is None:
        return {}
    own = {pods.DATABASE: pods.DATABASE_NAME, pods.KEY: "sessions"}
    return {**ACCOUNTS, **(own if target.e_office.run else {})}


def accounts(of: tenant.Tenant, target: environment.Environment) -> dict[str, str]:
    """Name by path, below the key-value mount, of each account of the agency's products."""
    return {
        f"{of.kv_prefix}{instance.namespace}/{account}": username
        for instance in instances(of)
        for account, username in logins(target).items()
    }


def secret(of: tenant.Tenant, instance: tenant.Instance, account: str) -> str:
    """Path in Vault of an account of the product."""
    return f"{of.kv_mount}/data/{of.kv_prefix}{instance.namespace}/{account}"
