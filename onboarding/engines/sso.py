"""The engine of single sign-on: an agency's organization or realm, its groups and clients.

Everything stands in the shared realm, but for an agency with a realm of its own: its people,
clients and e-Office groups are there, and only organization and cluster groups are shared,
because the API server trusts one issuer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence

from onboarding import environment, errors, item, plan, progress, tenant, vault
from onboarding.desired import link_realm, link_vault, realm_broker, realm_client, realm_mark
from onboarding.desired import sso as desired
from onboarding.desired import vault as vault_desired
from onboarding.identity import (
    assertion,
    carrying_out,
    interface,
    kept_secret,
    keycloak,
    provider,
)

_READ = frozenset(
    {"Realm", "Organization", "Group", "Client", "ClientScope", "ServiceAccount"}
    | {realm_broker.KIND}
)
_READ_OF_OWN_REALM = frozenset({"AuthenticationFlow", "BuiltInClient"})
_JUDGED_ONLY = frozenset({"RealmKeys", "GroupMembers", "StrayGroup"})
_EVIDENCE = _READ_OF_OWN_REALM | _JUDGED_ONLY
_TOOL = "onboard-"


class Sso:
    """``interface.Engine`` for Keycloak.

    ``keys_in_vault`` gives the public JWK sets of an agency's clients by client id; without it
    they are read from the metadata of the agency's key pairs in Vault.
    """

    def __init__(
        self,
        target: environment.Environment,
        role: environment.Role,
        *,
        keys_in_vault: Callable[[tenant.Tenant], Mapping[str, str]] | None = None,
    ) -> None:
        self._target = target
        self._role = role
        self._shared = target.keycloak.shared_realm
        self._provider: provider.Provider | None = None
        self._keys_in_vault = keys_in_vault or self._vault_keys
        self._keys_of: dict[str, Mapping[str, str]] = {}
        self._notes_of: dict[str, dict[str, dict[str, str]]] = {}
        self._scopes_of: dict[str, tuple[item.Item, ...]] = {}

    @property
    def name(self) -> item.EngineName:
        return item.EngineName.SSO

    def identity(self) -> str:
        """Internal id of the shared realm."""
        return self._connected().realm_id(self._shared)

    def requests(self) -> dict[str, int]:
        """Requests sent to Keycloak so far, by kind: login, read, write."""
        return dict(self._connected().requests())

    def observe(
        self, tenants: Sequence[tenant.Tenant], *, evidence: bool = False
    ) -> item.Observation:
        self._keys_of.clear()
        self._notes_of.clear()
        self._scopes_of.clear()
        # A plan without what it may not read would create over what is there.
        unread: interface.Unread = {} if evidence else None
        shared = self._shared_realm()
        items: dict[str, tuple[item.Item, ...]] = {}
        common: list[item.Item] = [shared]
        lives_here = [shared]
        nobody = interface.Names("", frozenset(), "", "")
        brokers = self._connected().brokers(self._shared, nobody, unread)
        if evidence:
            base = self._connected().base(self._shared, self._key_of(None))
            # What belongs to agencies is for them to see, each its own.
            common += [i for i in base if i.owner in ("", shared.owner)]
            common += self._judged_only(self._shared)
            common += self._client_scopes(self._shared)
            common += [broker for broker in brokers if not broker.owner]
            lives_here += [i for i in common if i.ref.kind in ("AuthenticationFlow", "RealmKeys")]
        for of in tenants:
            seen = list(self._agency(of, unread, evidence=evidence))
            # One under an alias that is not the agency's is found by its mark alone.
            known = {i.ref for i in seen}
            seen += [b for b in brokers if b.owner == of.id and b.ref not in known]
            items[of.id] = (*seen,) if of.own_realm else (*lives_here, *seen)
        items[""] = tuple(common)
        read = _READ | (_READ_OF_OWN_REALM if any(t.own_realm for t in tenants) else frozenset())
        read |= _EVIDENCE if evidence else frozenset()
        return item.Observation(items, read - (unread or {}).keys(), unread or {})

    def apply(
        self,
        of: tenant.Tenant,
        changes: Sequence[plan.Change],
        report: progress.Progress,
        *,
        begin: plan.Begin = plan.unrecorded,
        unfinished: Mapping[str, str] = plan.NOTHING,
    ) -> Iterator[plan.Outcome]:
        self._keys_of.clear()
        self._notes_of.clear()
        key_of = self._key_of(of)
        for done in carrying_out.run(self._connected(), changes, key_of, report, begin):
            outcome = self._with_secret(of, done)
            yield outcome
            if outcome.status is plan.Status.FAILED:
                return
        for begun in unfinished:
            kind, _, place = begun.partition(" ")
            if kind == "AuthenticationFlow":
                realm, _, alias = place.partition("/")
                self._connected().finish_flow(realm, alias)

    def _with_secret(self, of: tenant.Tenant, done: plan.Outcome) -> plan.Outcome:
        """A client is written when its instance can read the secret, too."""
        wanted = done.change.desired
        if (
            done.status is not plan.Status.APPLIED
            or wanted is None
            or realm_client.KEPT_SECRET not in wanted.fields
        ):
            return done
        client = wanted.ref.name
        (instance,) = (i for i in of.signed_in_to if i.namespace == client)
        path = desired.client_secret_path(of, instance)
        try:
            secret = self._connected().secret(wanted.ref)
            with vault.connect(self._target, self._role) as door:
                kept_secret.keep(door, of.kv_mount, path, of.id, client, secret)
        except errors.OnboardError as problem:
            return plan.Outcome(done.change, plan.Status.FAILED, done.seconds, problem)
        return done

    def _connected(self) -> provider.Provider:
        if self._provider is None:
            self._provider = provider.connect(self._target, self._role)
        return self._provider

    def _shared_realm(self) -> item.Item:
        try:
            found = self._connected().realm(self._shared)
        except keycloak.RealmMissing:
            found = None
        if found is None:
            raise errors.Unreachable(
                f"Keycloak has no realm {self._shared!r}, in which agencies live",
                resolution=f"Run: onboard bootstrap --environment {self._target.name}",
            )
        return found

    def _agency(
        self, of: tenant.Tenant, unread: interface.Unread, *, evidence: bool
    ) -> Iterator[item.Item]:
        names = _names(of)
        key_of = self._key_of(of)
        yield from self._connected().agency(self._shared, names, key_of, unread)
        exists: bool | None = True
        if of.own_realm:
            exists = self._own_realm_exists(of)
            if exists:
                yield from self._own_realm(of, names, key_of, unread, evidence=evidence)
            elif exists is None:
                yield item.Item(realm_mark.ref("Realm", "", of.realm), {}, "", holds_data=True)
        if exists:
            yield from self._scopes_of_links(of)
        if evidence and exists:
            signers = f"{of.id}:{desired.SIGNERS}"
            members = self._connected().members(of.realm, signers, of.id)
            if members is not None:
                yield members

    def _own_realm_exists(self, of: tenant.Tenant) -> bool | None:
        """None: a realm of this name is there, and is not ours, for it does not know us."""
        try:
            return self._connected().exists(of.realm)
        except keycloak.ClientUnknown:
            return None

    def _own_realm(
        self,
        of: tenant.Tenant,
        names: interface.Names,
        key_of: interface.KeyOf,
        unread: interface.Unread,
        *,
        evidence: bool,
    ) -> Iterator[item.Item]:
        found = self._connected().realm(of.realm)
        if found is None:
            return
        yield found
        yield from self._connected().base(of.realm, key_of)
        yield from self._connected().groups(of.realm, names)
        yield from self._connected().brokers(of.realm, names, unread)
        if evidence:
            yield from self._judged_only(of.realm)
            links = {scope.ref for scope in self._scopes_of_links(of)}
            yield from (s for s in self._client_scopes(of.realm) if s.ref not in links)

    def _judged_only(self, realm: str) -> Iterator[item.Item]:
        """What nobody plans, and controls ask about."""
        yield self._connected().keys(realm)

    def _client_scopes(self, realm: str) -> tuple[item.Item, ...]:
        """All client scopes of a realm, by one request for all agencies in it."""
        if realm not in self._scopes_of:
            self._scopes_of[realm] = self._connected().client_scopes(realm)
        return self._scopes_of[realm]

    def _scopes_of_links(self, of: tenant.Tenant) -> Iterator[item.Item]:
        """The agency's own, and what stands in the place of one."""
        expected = {name for link in of.links for name in link_realm.scopes(link)}
        for found in self._client_scopes(of.realm):
            if found.owner == of.id or found.ref.name in expected:
                yield found

    def _key_of(self, of: tenant.Tenant | None) -> interface.KeyOf:
        def key_of(ref: item.Ref, source: str) -> str | None:
            if source == realm_client.JWKS_SHARED:
                return self._kept(source, self._tool_keys).get(ref.name, "")
            if source == realm_client.JWKS_VAULT and of is not None:
                keys = self._kept(f"vault {of.id}", lambda: self._keys_in_vault(of))
                return keys.get(ref.name, "")
            if source == realm_client.SECRET_VAULT and of is not None:
                return self._secret_digest(of, ref.name)
            return None

        return key_of

    def _kept(self, name: str, ask: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
        if name not in self._keys_of:
            self._keys_of[name] = ask()
        return self._keys_of[name]

    def _tool_keys(self) -> dict[str, str]:
        return self._connected().public_keys(self._shared, _TOOL)

    def _vault_keys(self, of: tenant.Tenant) -> dict[str, str]:
        """Public JWK sets by client id, from the metadata of the agency's key pairs."""
        found = self._notes_in_vault(of)
        paths = {i.namespace: vault_desired.key_pair_path(of, i) for i in of.signed_in_to}
        paths |= {link.client: link_vault.key_pair_path(of, link) for link in of.links}
        keys = {}
        for client, path in paths.items():
            notes = found.get(path, {})
            if notes.get("public_jwk"):
                keys[client] = assertion.as_set(json.loads(notes["public_jwk"]))
        return keys

    def _secret_digest(self, of: tenant.Tenant, client: str) -> str:
        paths = {i.namespace: desired.client_secret_path(of, i) for i in of.signed_in_to}
        return self._notes_in_vault(of).get(paths.get(client, ""), {}).get(kept_secret.DIGEST, "")

    def _notes_in_vault(self, of: tenant.Tenant) -> dict[str, dict[str, str]]:
        """What is noted of each of the agency's secrets, by path; read once in a run."""
        if of.id not in self._notes_of:
            with vault.connect(self._target, self._role) as door:
                found = door.scan(f"{of.kv_mount}/detailed-metadata/{of.kv_prefix}")
            self._notes_of[of.id] = {
                f"{of.kv_prefix}{below}": about.get("custom_metadata") or {}
                for below, about in found.items()
            }
        return self._notes_of[of.id]


def _names(of: tenant.Tenant) -> interface.Names:
    return interface.Names(
        agency=of.id,
        clients=frozenset(
            {*(i.namespace for i in of.signed_in_to), *(link.client for link in of.links)}
        ),
        client_prefix=f"ga-{of.id}-",
        organization=of.organization,
        brokers=frozenset(broker.alias for broker in realm_broker.brokers(of)),
    )
