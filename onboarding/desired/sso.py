"""What Keycloak must hold for an agency: an organization or a realm, groups, clients. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import environment, item, names, tenant
from onboarding.desired import (
    link_realm,
    office,
    public_access,
    realm,
    realm_broker,
    realm_client,
    realm_flow,
    realm_mark,
)
from onboarding.products import contract

SIGNERS = "signers"
OIDC_SECRET = "oidc-secret"  # noqa: S105 - a name
SARABAN_ROLES = ("central", "division", "section", "screener", "department")
"""The five roles of official correspondence (งานสารบรรณ)."""


def desired(of: tenant.Tenant, target: environment.Environment) -> tuple[item.Item, ...]:
    """All items of the agency: cluster groups always stand in the shared realm, which is the
    one issuer that the API server trusts; the rest stands where the agency's people do."""
    shared = target.keycloak.shared_realm
    made: list[item.Item] = [organization(of, shared)]
    if of.own_realm:
        name_th = of.manifest.agency.name_th
        made += realm.items(of.realm, name_th, of.id, shared=False)
        made += groups(of, shared, tenant.CLUSTER_ROLES)
        made += groups(of, of.realm, tuple(office_roles(of)))
    else:
        made += groups(of, shared, (*tenant.CLUSTER_ROLES, *office_roles(of)))
    made += clients(of, target)
    made += realm_broker.items(of, target)
    made += link_realm.items(of)
    made += public_access.items(of)
    return tuple(made)


def organization(of: tenant.Tenant, shared: str) -> item.Item:
    fields = {
        "name": of.organization,
        "description": of.manifest.agency.name_th,
        "enabled": True,
        "domains": [{"name": name} for name in sorted(set(of.domains))],
        "attributes": realm_mark.list_marks(of.id),
    }
    ref = realm_mark.ref("Organization", shared, of.organization)
    return item.Item(ref, fields, of.id, holds_data=True)


def office_roles(of: tenant.Tenant) -> Iterator[str]:
    """Roles in the e-Office: signers, the Saraban roles, and one group per unit with registers;
    the public's group, where there is one, is for none of it."""
    yield SIGNERS
    yield from SARABAN_ROLES
    yield from (f"unit:{unit.id}" for unit in of.units())
    if of.manifest.populations:
        yield public_access.ROLE


def groups(of: tenant.Tenant, realm_name: str, roles: tuple[str, ...]) -> Iterator[item.Item]:
    """One parent named as the agency, and a child per role."""
    marks = realm_mark.list_marks(of.id)
    parent = {"parent": "", "attributes": marks}
    yield item.Item(realm_mark.ref("Group", realm_name, of.id), parent, of.id, holds_data=True)
    for role in roles:
        attributes = dict(marks)
        if role == SIGNERS:
            attributes[realm_flow.SECOND_FACTOR] = [realm_flow.WEBAUTHN]
        fields = {"parent": of.id, "attributes": attributes}
        ref = realm_mark.ref("Group", realm_name, f"{of.id}:{role}")
        yield item.Item(ref, fields, of.id, holds_data=True)


def clients(of: tenant.Tenant, target: environment.Environment) -> Iterator[item.Item]:
    """One OIDC client per instance that people sign in to, named as its namespace.

    None for a system that the environment has no image of: nothing would answer its redirect.
    """
    required = realm_mark.policy()["acrRequired"]
    for instance in of.signed_in_to:
        if not target.images.of(instance.kind):
            continue
        fields = realm_client.system_client(
            instance.host,
            of.id,
            instance.system,
            instance.environment,
            required,
            strong=instance.strong_sign_in,
            way=way(instance, target),
        )
        yield item.Item(realm_mark.ref("Client", of.realm, instance.namespace), fields, of.id)


def way(instance: tenant.Instance, target: environment.Environment) -> contract.SignIn:
    """How people sign in to what runs in an instance."""
    product = office.product(target)
    if product is None or instance.kind != names.E_OFFICE:
        return realm_client.USUAL
    return product.sign_in


def kept_secrets(target: environment.Environment) -> tuple[str, ...]:
    """Names, below an instance's prefix in Vault, of what Keycloak made and Vault keeps."""
    product = office.product(target)
    return () if product is None or product.sign_in.proves_by_key else (OIDC_SECRET,)


def client_secret_path(of: tenant.Tenant, instance: tenant.Instance) -> str:
    """Where the secret of an instance's client is, below the key-value mount."""
    return f"{of.kv_prefix}{instance.namespace}/{OIDC_SECRET}"
