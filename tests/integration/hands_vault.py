"""Hands in Vault, under a token that may do everything."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from onboarding import item
from onboarding.desired import vault_policies
from onboarding.pki import oidc_key
from tests.integration.breaking import Refused, World
from tests.integration.hands import Json

_PLACES = {
    "Mount": "sys/mounts/{name}",
    "PkiRole": "{scope}/roles/{name}",
    "Policy": "sys/policies/acl/{name}",
    "KubernetesAuthRole": "auth/{scope}/role/{name}",
    "KeyPair": "{scope}/metadata/{name}",
    "Issuer": "{scope}/issuer/default",
}
"""Any other kind is a setting of its mount."""


class Vault:
    """Vault under a token that may do everything."""

    def __init__(self, world: World, token: str) -> None:
        self._world = world
        self._token = token

    def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        return self._world.vault(method, path, body, self._token)

    def _place(self, ref: item.Ref) -> str:
        place = _PLACES.get(ref.kind, "{scope}/config/{name}")
        return place.format(scope=ref.scope, name=ref.name)

    def view(self, ref: item.Ref) -> Json | None:
        try:
            found: Json = self._ask("GET", self._place(ref))["data"]
        except Refused as missing:
            # Of a mount that is not there OpenBao says so with a status of its own.
            if str(missing).startswith("404") or "No secret engine mount" in str(missing):
                return None
            raise
        if ref.kind == "Policy":
            return {"document": found["policy"], "rules": vault_policies.rules_in(found["policy"])}
        if ref.kind == "KeyPair":
            notes = found.get("custom_metadata") or {}
            stored = int(found.get("current_version") or 0) > 0
            key = json.loads(notes.get("public_jwk") or "null")
            return {"purpose": notes.get("purpose"), "public_jwk": key, "stored": stored}
        if ref.kind == "Issuer":
            return {
                "leafNotAfterBehavior": found["leaf_not_after_behavior"],
                "certificate": found["certificate"],
            }
        return found

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        special: dict[str, Callable[[item.Ref, Json, Json], None]] = {
            "Mount": self._mount,
            "Policy": self._policy,
            "KeyPair": self._key_pair,
            "Issuer": self._issuer,
        }
        if ref.kind in special:
            special[ref.kind](ref, before, after)
        else:
            self._ask("POST", self._place(ref), after)

    def _mount(self, ref: item.Ref, before: Json, after: Json) -> None:
        if after.get("type") != before["type"]:
            self._ask("POST", self._place(ref), after)
        if "config" not in after or "description" not in after:
            raise Refused("it cannot be taken off a mount")
        gone = before["config"].keys() - after["config"].keys()
        config = {**after["config"], **{key: [] for key in gone}}
        self._ask(
            "POST", f"{self._place(ref)}/tune", {**config, "description": after["description"]}
        )

    def _policy(self, ref: item.Ref, before: Json, after: Json) -> None:
        if "document" not in after or "rules" not in after:
            raise Refused("a policy is its text")
        text = after["document"]
        if after["rules"] != before["rules"]:
            head = text.split("\n\n", 1)[0]
            text = f"{head}\n\n" + "\n".join(_block(p, c) for p, c in after["rules"].items())
        self._ask("POST", self._place(ref), {"policy": text})

    def _key_pair(self, ref: item.Ref, before: Json, after: Json) -> None:
        notes = dict((self._ask("GET", self._place(ref))["data"]["custom_metadata"]) or {})
        if before["stored"] and not after.get("stored"):
            self._ask("DELETE", self._place(ref))
        if before["public_jwk"] != after.get("public_jwk"):
            notes["public_jwk"] = oidc_key.generate().public_jwk if after.get("public_jwk") else ""
        notes["purpose"] = after.get("purpose") or ""
        kept = {k: v for k, v in notes.items() if v}
        self._ask("POST", self._place(ref), {"custom_metadata": kept})

    def _issuer(self, ref: item.Ref, before: Json, after: Json) -> None:
        if before.get("certificate") != after.get("certificate"):
            made = self._ask(
                "POST",
                f"{ref.scope}/root/generate/internal",
                {"common_name": "by hand"},
            )
            self._ask("POST", f"{ref.scope}/config/issuers", {"default": made["data"]["issuer_id"]})
            return
        if "leafNotAfterBehavior" not in after:
            raise Refused("an issuer always has one")
        behaviour = {"leaf_not_after_behavior": after["leafNotAfterBehavior"]}
        found = self._ask("GET", self._place(ref))["data"]
        self._ask(
            "POST",
            f"{ref.scope}/issuer/{found['issuer_id']}",
            {"issuer_name": found["issuer_name"], "usage": found["usage"], **behaviour},
        )

    def delete(self, ref: item.Ref) -> None:
        if ref.kind == "Issuer":
            raise Refused("records rest on it; see the mount")
        self._ask("DELETE", self._place(ref))

    def create(self, ref: item.Ref, like: Json) -> None:
        if ref.kind == "Policy":
            self._ask("POST", self._place(ref), {"policy": like["document"]})
        elif ref.kind == "KeyPair":
            notes = {
                "purpose": like["purpose"],
                "public_jwk": oidc_key.generate().public_jwk,
                "owner": f"gdcc.go.th/agency={self._world.of.id} managed-by=onboard",
            }
            self._ask("POST", self._place(ref), {"custom_metadata": notes})
        elif ref.kind in ("Mount", "PkiRole", "KubernetesAuthRole"):
            self._ask("POST", self._place(ref), like)
        else:
            raise Refused("a mount has one of it")


def _block(path: str, capabilities: Any) -> str:
    if not isinstance(capabilities, list):
        raise Refused("no capabilities")
    return f'path "{path}" {{\n  capabilities = {json.dumps(capabilities)}\n}}\n'
