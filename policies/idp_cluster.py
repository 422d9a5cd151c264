"""IDP: nobody but us puts the agency's groups into a token that the API server takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib import parse

from onboarding import item, policy
from onboarding.desired import realm_client, realm_mark
from onboarding.policies import judge

SSO = item.EngineName.SSO
_AUDIENCE = "included.client.audience"


def group_claims(view: policy.View) -> Iterator[policy.Result]:
    """The groups' names are sole in the shared realm, and one client only speaks to the cluster.

    The API server sees names of groups without their path, and trusts every token of the realm
    with the right audience, whichever client it was made for.
    """
    shared = view.environment.keycloak.shared_realm
    planned = realm_client.cluster_client(shared, "", realm_mark.policy())
    strays = [i for i in view.items(SSO, "StrayGroup") if i.ref.scope == shared]
    for stray in strays:
        yield judge.fails(str(stray.ref), "named like a group of the agency", "its own group only")
    if not strays:
        yield judge.passes(f"groups {view.tenant.id}:…", "in one place only")
    clients = [i for i in view.shared(SSO, "Client") if i.ref.scope == shared]
    ours = next((c for c in clients if c.ref.name == planned.ref.name), None)
    if ours is None:
        yield judge.fails(str(planned.ref), None, "present")
    else:
        good = "only the planned claims"
        yield judge.problems(str(ours.ref), list(_extra_claims(ours, planned)), good)
    scopes = [i for i in view.shared(SSO, "ClientScope") if i.ref.scope == shared]
    for other in (*(c for c in clients if c is not ours), *scopes):
        if planned.ref.name in _audiences(other.fields):
            got = f"makes tokens for {planned.ref.name}"
            yield judge.fails(str(other.ref), got, f"only client {planned.ref.name} does")


def _extra_claims(have: item.Item, planned: item.Item) -> Iterator[str]:
    wanted = planned.fields["protocolMappers"]
    for name, mapper in (have.fields.get("protocolMappers") or {}).items():
        if name not in wanted:
            yield f"mapper {name} ({mapper.get('protocolMapper')})"
        elif not _contains(mapper, wanted[name]):
            yield f"mapper {name} is changed"
    for kind in ("defaultClientScopes", "optionalClientScopes"):
        more = set(have.fields.get(kind) or ()) - set(planned.fields[kind])
        if more:
            yield f"{kind} {', '.join(sorted(more))}"


def _contains(have: Mapping[str, Any], wanted: Mapping[str, Any]) -> bool:
    return have.get("protocolMapper") == wanted["protocolMapper"] and all(
        (have.get("config") or {}).get(key) == value for key, value in wanted["config"].items()
    )


def _audiences(fields: Mapping[str, Any]) -> set[str]:
    """Every audience that a client's or scope's mappers put into tokens, by whatever key."""
    mappers = (fields.get("protocolMappers") or {}).values()
    return {
        str(value)
        for mapper in mappers
        for key, value in (mapper.get("config") or {}).items()
        if key == _AUDIENCE or "audience" in key or key == "claim.value"
    }


def strangers_at_our_hosts(view: policy.View) -> Iterator[policy.Result]:
    """A client that nobody planned and that gets its answers sent to the agency's hosts."""
    hosts = {i.host for i in view.tenant.instances if i.host}
    planned = {i.ref for i in view.desired}
    for client in (*view.items(SSO, "Client"), *view.shared(SSO, "Client")):
        if client.ref in planned or client.fields.get("enabled") is False:
            continue
        addresses = [
            *(client.fields.get("redirectUris") or ()),
            *(client.fields.get("webOrigins") or ()),
        ]
        reached = [a for a in addresses if _reaches(str(a), hosts)]
        if reached:
            got = f"in no plan, and redirects to {', '.join(reached)}"
            yield judge.fails(str(client.ref), got, "only planned clients at the agency's hosts")


def _reaches(address: str, hosts: set[str]) -> bool:
    host = parse.urlsplit(address).hostname or ""
    return host in hosts or address == "*" or "*" in host
