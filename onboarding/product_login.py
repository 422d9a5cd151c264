"""The account that administers an e-Office product: no role of the tool may read it by itself."""

from __future__ import annotations

from onboarding import environment, product_api, tenant, vault
from onboarding.desired import office, vault_policies


def administrator(
    of: tenant.Tenant, target: environment.Environment, instance: tenant.Instance
) -> product_api.Account:
    """Read with a token of the moment, for this instance alone.

    Raises ``errors.Denied`` where Vault has none.
    """
    path = office.secret(of, instance, office.WRITER)
    policies = [vault_policies.workload_name(of, instance)]
    with vault.connect(target, environment.Role.APPLIER) as door:
        token = door.tenant_token(policies)
        with vault.connect_with(target, token, instance.namespace) as own:
            return product_api.account(own.read(path), path)
