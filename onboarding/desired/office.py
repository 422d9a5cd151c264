"""What a running e-Office product must hold; nothing where none is configured."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import environment, item, tenant
from onboarding.products import contract, table

READER = "e-office-reader"
WRITER = "e-office-writer"
"""Under an instance's own prefix in the key-value store: ``username`` and ``password`` of an
account of the product that only reads its configuration, and of one that writes it."""


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


def secret(of: tenant.Tenant, instance: tenant.Instance, account: str) -> str:
    """Path in Vault of an account of the product."""
    return f"{of.kv_mount}/data/{of.kv_prefix}{instance.namespace}/{account}"
