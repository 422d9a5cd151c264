"""Write changes of one agency to Vault: create or update, each safe to repeat."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from onboarding import environment, errors, item, plan, progress, tenant, vault
from onboarding.desired import vault_mark
from onboarding.engines.vault_pki import authority, leaving
from onboarding.pki import oidc_key

_ORDER = (
    "Certificate",
    "Mount",
    "IssuingUrls",
    "CrlConfig",
    "AutoTidy",
    "Issuer",
    "PkiRole",
    "Policy",
    "KubernetesAuthRole",
    "KeyPair",
    "Account",
    "Secret",
)
"""Addresses of revocation lists must stand before the first certificate is made."""
_ENTRIES = frozenset({"KeyPair", "Account"})
"""Kinds that are entries of the key-value store, with their owner in the notes beside them."""


class Writer:
    """Changes of one agency, over one connection under the applier."""

    def __init__(
        self, door: vault.Vault, of: tenant.Tenant, target: environment.Environment
    ) -> None:
        self._door = door
        self._of = of
        self._target = target

    def carry_out(
        self,
        changes: Sequence[plan.Change],
        report: progress.Progress,
        begin: plan.Begin,
    ) -> Iterator[plan.Outcome]:
        """An outcome for each change as it ends; stops after the first failure."""
        ordered = sorted(changes, key=self._rank)
        strangers = self._strangers(ordered)
        for change in ordered:
            began = time.monotonic()
            try:
                if change.ref in strangers:
                    raise _not_ours(change.ref, strangers[change.ref])
                report.note(f"{change.action.value} {change.ref}")
                begin(change)
                self._write(change)
            except errors.OnboardError as problem:
                seconds = time.monotonic() - began
                yield plan.Outcome(change, plan.Status.FAILED, seconds, problem)
                return
            yield plan.Outcome(change, plan.Status.APPLIED, time.monotonic() - began)

    def _rank(self, change: plan.Change) -> tuple[int, int, item.Ref]:
        place = _ORDER.index(change.ref.kind)
        if change.action is plan.Action.DELETE:
            # What is taken away goes last and in the opposite order.
            return 1, -place, change.ref
        return 0, place, change.ref

    def _strangers(self, changes: Sequence[plan.Change]) -> dict[item.Ref, str]:
        """Objects under our names that are not this agency's, as they are right now."""
        kinds = {c.ref.kind for c in changes}
        found: dict[item.Ref, str] = {}
        mounts = self._door.read("sys/mounts") or {}
        about = mounts.get(f"{self._of.pki_mount}/")
        inside = vault_mark.owner(about.get("description")) if about else self._of.id
        policies = (
            self._door.details("sys/policies/detailed/acl")
            if kinds & {"Policy", "KubernetesAuthRole"}
            else {}
        )
        prefix = f"{self._of.kv_mount}/detailed-metadata/{self._of.kv_prefix}"
        entries = self._door.scan(prefix) if kinds & _ENTRIES else {}
        for change in changes:
            ref = change.ref
            owner = self._of.id
            if ref.scope == self._of.pki_mount or ref.kind == "Mount":
                owner = inside
            elif ref.kind == "Policy" and ref.name in policies:
                owner = vault_mark.owner(policies[ref.name].get("policy"))
            elif ref.kind == "KubernetesAuthRole":
                owner = self._role_owner(ref, policies)
            elif ref.kind in _ENTRIES:
                entry = entries.get(ref.name.removeprefix(self._of.kv_prefix))
                if entry is not None:
                    owner = vault_mark.owner((entry.get("custom_metadata") or {}).get("owner"))
            if owner != self._of.id:
                found[ref] = owner
        return found

    def _role_owner(self, ref: item.Ref, policies: Mapping[str, Any]) -> str:
        role = self._door.read(f"auth/{ref.scope}/role/{ref.name}")
        if role is None:
            return self._of.id
        given = role.get("token_policies") or ("",)
        who = {vault_mark.owner(policies.get(p, {}).get("policy")) for p in given}
        return who.pop() if len(who) == 1 else ""

    def _write(self, change: plan.Change) -> None:
        if change.desired is None:
            self._delete(change.ref)
            return
        kinds: Mapping[str, Callable[[item.Ref, Mapping[str, Any]], None]] = {
            "Certificate": self._revoke,
            "Mount": self._mount,
            "IssuingUrls": self._setting,
            "CrlConfig": self._setting,
            "AutoTidy": self._setting,
            "Issuer": self._issuer,
            "PkiRole": self._pki_role,
            "Policy": self._policy,
            "KubernetesAuthRole": self._auth_role,
            "KeyPair": self._key_pair,
            "Account": self._account,
        }
        kinds[change.ref.kind](change.ref, change.desired.fields)

    def _mount(self, ref: item.Ref, fields: Mapping[str, Any]) -> None:
        mount(self._door, ref.name, fields)

    def _setting(self, ref: item.Ref, fields: Mapping[str, Any]) -> None:
        self._door.write(f"{ref.scope}/config/{ref.name}", fields)

    def _revoke(self, ref: item.Ref, fields: Mapping[str, Any]) -> None:
        self._door.write(f"{ref.scope}/revoke", {"serial_number": ref.name})

    def _issuer(self, ref: item.Ref, fields: Mapping[str, Any]) -> None:
        if self._of.phase is tenant.Phase.GONE:
            leaving.close_authority(self._door, self._of, fields["usage"])
            return
        authority.establish(self._door, ref.scope, fields)

    def _pki_role(self, ref: item.Ref, fields: Mapping[str, Any]) -> None:
        self._door.write(f"{ref.scope}/roles/{ref.name}", fields)

    def _policy(self, ref: item.Ref, fields: Mapping[str, Any]) -> None:
        self._door.write(f"sys/policies/acl/{ref.name}", {"policy": fields["document"]})

    def _auth_role(self, ref: item.Ref, fields: Mapping[str, Any]) -> None:
        self._door.write(f"auth/{ref.scope}/role/{ref.name}", fields)

    def _key_pair(self, ref: item.Ref, fields: Mapping[str, Any]) -> None:
        """Mark first, secret second, public half last: a kill in between shows as a difference.

        Without its public half no client ever knew the key, so what a run left half-way goes.
        """
        pair = oidc_key.generate()
        notes = (self._door.read(f"{ref.scope}/metadata/{ref.name}") or {}).get("custom_metadata")
        if notes and "public_jwk" not in notes:
            self._door.remove(f"{ref.scope}/metadata/{ref.name}")
        notes = {"owner": vault_mark.of(self._of.id), "purpose": str(fields["purpose"])}
        entry = {"custom_metadata": notes, "max_versions": 2}
        self._door.write(f"{ref.scope}/metadata/{ref.name}", entry)
        secret = {"private_key": pair.private_pem, "public_jwk": pair.public_jwk}
        self._door.write(f"{ref.scope}/data/{ref.name}", {"data": secret})
        notes = {**notes, "public_jwk": pair.public_jwk}
        self._door.write(f"{ref.scope}/metadata/{ref.name}", {**entry, "custom_metadata": notes})

    def _account(self, ref: item.Ref, fields: Mapping[str, Any]) -> None:
        """Mark first, password second, name last; a password that is there is never another."""
        path = f"{ref.scope}/metadata/{ref.name}"
        notes = {"owner": vault_mark.of(self._of.id), "purpose": str(fields["purpose"])}
        about = self._door.read(path) or {}
        if not about.get("current_version"):
            self._door.write(path, {"custom_metadata": notes, "max_versions": 2})
            secret = {"username": fields["username"], "password": secrets.token_urlsafe(32)}
            first = {"data": secret, "options": {"cas": 0}}
            self._door.write(f"{ref.scope}/data/{ref.name}", first)
        notes["username"] = str(fields["username"])
        self._door.write(path, {"custom_metadata": notes, "max_versions": 2})

    def _delete(self, ref: item.Ref) -> None:
        if ref.kind == "Secret" and self._of.phase is tenant.Phase.GONE:
            leaving.remove_secret(self._door, self._target, self._of, ref.name)
            return
        if ref.kind not in _DELETED_AT:
            raise errors.Refused(
                f"{ref}: the certificate authority of an agency is not removed by apply",
                details=["its chain and last revocation list must stay as long as its records"],
                resolution="Leaving has its own order of steps; keep the manifest until then.",
            )
        self._door.remove(_DELETED_AT[ref.kind].format(scope=ref.scope, name=ref.name))


_DELETED_AT = {
    "PkiRole": "{scope}/roles/{name}",
    "Policy": "sys/policies/acl/{name}",
    "KubernetesAuthRole": "auth/{scope}/role/{name}",
    "KeyPair": "{scope}/metadata/{name}",
    "Account": "{scope}/metadata/{name}",
}


def mount(door: vault.Vault, path: str, fields: Mapping[str, Any]) -> None:
    """Mount a secrets engine, or bring the settings of one that is there into line."""
    if f"{path}/" in (door.read("sys/mounts") or {}):
        tuned = {"description": fields["description"], **fields.get("config", {})}
        door.write(f"sys/mounts/{path}/tune", tuned)
    else:
        door.write(f"sys/mounts/{path}", fields)


def _not_ours(ref: item.Ref, owner: str) -> errors.Refused:
    return errors.Refused(
        f"{ref} stands in our place and is not ours",
        details=[
            f"it belongs to agency {owner!r}" if owner else "it carries no owner mark of ours"
        ],
        resolution="Remove or rename it, or give the agency another metadata.id.",
    )
