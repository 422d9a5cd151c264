"""Hands with which the tests break a lab: other tools than our own, under other identities.

The cluster by ``kubectl`` as its administrator, Vault by plain requests under the applier or the
bootstrap role, Keycloak by its admin API as the bootstrap client.
"""

from __future__ import annotations

import base64
import functools
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from onboarding import environment, errors, tenant
from onboarding.identity import keycloak

Json = dict[str, Any]
SETTINGS = "e-office-settings"


class Refused(Exception):
    """A system declined to be broken; its own words."""


@dataclass(frozen=True)
class World:
    """One agency in one lab, where things are broken."""

    target: environment.Environment
    of: tenant.Tenant

    @property
    def namespace(self) -> str:
        return self.of.instances[0].namespace

    @property
    def spare(self) -> str:
        """The last namespace: a trial, where a stray object disturbs least."""
        return self.of.instances[-1].namespace

    @property
    def group(self) -> str:
        return self.of.group_subject("operator")

    # The cluster

    def kubectl(self, *words: str, stdin: Json | None = None) -> str:
        """Raises ``Refused`` with what kubectl says where it fails."""
        login = self.target.login(environment.Role.BOOTSTRAP)
        done = subprocess.run(
            [Path(sys.executable).with_name("kubectl"), f"--kubeconfig={login.kubeconfig}", *words],
            input=json.dumps(stdin) if stdin else None,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode:
            raise Refused(done.stderr.strip())
        return done.stdout

    def get(self, kind: str, name: str, namespace: str = "") -> Json:
        where = ["-n", namespace] if namespace else []
        found: Json = json.loads(self.kubectl("get", kind, name, *where, "-o", "json"))
        return found

    @contextmanager
    def patched(self, kind: str, name: str, namespace: str, patch: Json) -> Iterator[None]:
        """A merge patch, undone by another one with the values that stood there before."""
        before = _overlap(self.get(kind, name, namespace), patch)
        where = ["-n", namespace] if namespace else []
        words = ["patch", kind, name, *where, "--type=merge", "-p"]
        self.kubectl(*words, json.dumps(patch))
        try:
            yield
        finally:
            self.kubectl(*words, json.dumps(before))

    @contextmanager
    def stray(self, *objects: Json) -> Iterator[None]:
        """Objects that somebody made beside ours."""
        made: list[Json] = []
        try:
            for one in objects:
                self.kubectl("create", "-f", "-", stdin=one)
                made.append(one)
            yield
        finally:
            for one in reversed(made):
                self.kubectl("delete", "--wait=true", "-f", "-", stdin=one)

    @contextmanager
    def missing(self, kind: str, name: str, namespace: str) -> Iterator[None]:
        """An object of ours that somebody removed; put back as it was."""
        before = self.get(kind, name, namespace)
        for key in ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"):
            before["metadata"].pop(key, None)
        before.pop("status", None)
        self.kubectl("delete", kind, name, "-n", namespace)
        try:
            yield
        finally:
            self.kubectl("create", "-f", "-", stdin=before)

    @contextmanager
    def settings(self, change: Any) -> Iterator[None]:
        """The e-Office settings of the first instance with something changed by ``change``."""
        found = self.get("configmap", SETTINGS, self.namespace)
        key = "settings.yaml"
        body = yaml.safe_load(found["data"][key])
        change(body)
        text = yaml.safe_dump(body, allow_unicode=True, sort_keys=False)
        with self.patched("configmap", SETTINGS, self.namespace, {"data": {key: text}}):
            yield

    # Vault

    def vault(self, method: str, path: str, body: Json | None = None, token: str = "") -> Json:
        """Raises ``Refused`` with Vault's errors."""
        answer = requests.request(
            method,
            f"{self.target.vault.address}/v1/{path}",
            headers={"X-Vault-Token": token or self.applier_token},
            json=body,
            verify=str(self.target.vault.ca_file),
            timeout=30,
        )
        if answer.status_code >= 400:
            raise Refused(f"{answer.status_code} {answer.text.strip()}")
        found: Json = answer.json() if answer.content else {}
        return found

    @functools.cached_property
    def applier_token(self) -> str:
        login = self.target.login(environment.Role.APPLIER).vault
        secret = login.secret_file.read_text(encoding="utf-8").strip()
        body = {"role_id": login.role_id, "secret_id": secret}
        return str(self.vault("POST", "auth/approle/login", body, "none")["auth"]["client_token"])

    @contextmanager
    def elevated(self) -> Iterator[str]:
        """A token that may do everything: bootstrap writes its own policy, so it can do this.

        The policy is set right and the token revoked afterwards.
        """
        login = self.target.login(environment.Role.BOOTSTRAP).vault
        secret = login.secret_file.read_text(encoding="utf-8").strip()
        body = {"role_id": login.role_id, "secret_id": secret}
        token = str(self.vault("POST", "auth/approle/login", body, "none")["auth"]["client_token"])
        place = "sys/policies/acl/onboard-bootstrap"
        before = self.vault("GET", place, token=token)["data"]["policy"]
        rights = ["create", "read", "update", "delete", "list", "sudo"]
        rule = f'\npath "*" {{\n  capabilities = {json.dumps(rights)}\n}}\n'
        self.vault("POST", place, {"policy": before + rule}, token)
        try:
            yield token
        finally:
            self.vault("POST", place, {"policy": before}, token)
            self.vault("POST", "auth/token/revoke-self", {}, token)

    def make_root_token(self, token: str) -> str:
        """A root token by the recovery key of the lab, as its operator would in an emergency."""
        folder = environment.labs_folder() / self.target.name / "credentials"
        key = (folder / "vault-recovery-key").read_text(encoding="utf-8").strip()
        place = "sys/generate-root-token"
        begun = self.vault("POST", f"{place}/attempt", {}, token)
        begun = begun.get("data") or begun
        made = self.vault("POST", f"{place}/update", {"key": key, "nonce": begun["nonce"]}, token)
        coded = str((made.get("data") or made)["encoded_token"])
        masked = base64.b64decode(coded + "=" * (-len(coded) % 4))
        return bytes(a ^ b for a, b in zip(masked, begun["otp"].encode(), strict=True)).decode()

    @contextmanager
    def vault_changed(self, path: str, change: Json, token: str = "") -> Iterator[None]:
        """What stands at a path with some fields changed, and all of it written back."""
        before = self.vault("GET", path, token=token)["data"]
        self.vault("POST", path, {**before, **change}, token=token)
        try:
            yield
        finally:
            self.vault("POST", path, before, token=token)

    @contextmanager
    def mount_tuned(self, change: Json) -> Iterator[None]:
        path = f"sys/mounts/{self.of.pki_mount}/tune"
        before = self.vault("GET", f"sys/mounts/{self.of.pki_mount}")["data"]["config"]
        self.vault("POST", path, change)
        try:
            yield
        finally:
            self.vault("POST", path, {key: before[key] for key in change})

    @contextmanager
    def policy_with(self, path: str, *capabilities: str) -> Iterator[None]:
        """The policy of issuing with one more rule."""
        place = f"sys/policies/acl/ga-{self.of.id}-issuing"
        before = self.vault("GET", place)["data"]["policy"]
        rights = ", ".join(f'"{c}"' for c in capabilities)
        rule = f'\npath "{path}" {{\n  capabilities = [{rights}]\n}}\n'
        self.vault("POST", place, {"policy": before + rule})
        try:
            yield
        finally:
            self.vault("POST", place, {"policy": before})

    # Keycloak

    @functools.cached_property
    def sso(self) -> keycloak.Keycloak:
        return keycloak.connect(self.target, environment.Role.BOOTSTRAP)

    @property
    def realm(self) -> str:
        return self.of.realm

    @contextmanager
    def realm_with(self, change: Json) -> Iterator[None]:
        """The realm with some fields changed; attributes are merged."""
        before = self.sso.get(self.realm, "")
        after = {**before, **change}
        if "attributes" in change:
            after["attributes"] = {**before["attributes"], **change["attributes"]}
        self.sso.put(self.realm, "", after)
        try:
            yield
        finally:
            self.sso.put(self.realm, "", before)

    def client(self) -> Json:
        """The client of the first instance."""
        found: list[Json] = self.sso.get(self.realm, "/clients", clientId=self.namespace)
        return found[0]

    @contextmanager
    def client_with(self, change: Json) -> Iterator[None]:
        """The client of the first instance with some fields changed; attributes are merged."""
        before = self.client()
        after = {**before, **change}
        if "attributes" in change:
            after["attributes"] = {**before["attributes"], **change["attributes"]}
        place = f"/clients/{before['id']}"
        self.sso.put(self.realm, place, after)
        try:
            yield
        finally:
            self.sso.put(self.realm, place, before)

    @contextmanager
    def without_client_rules(self) -> Iterator[None]:
        """The realm's own rules for clients switched off, which set bad settings right."""
        place = "/client-policies/policies"
        before = self.sso.get(self.realm, place)
        self.sso.put(self.realm, place, {"policies": []})
        try:
            yield
        finally:
            self.sso.put(self.realm, place, {"policies": before["policies"]})


def _overlap(have: Any, patch: Any) -> Any:
    """The values of ``have`` at the places that ``patch`` names; None (delete) where absent."""
    if isinstance(patch, Mapping):
        return {
            key: _overlap(have.get(key) if isinstance(have, Mapping) else None, inner)
            for key, inner in patch.items()
        }
    return have


Break = Callable[[World], AbstractContextManager[None]]


def refused(attempt: Callable[[], object]) -> None:
    """The guard must decline; a break that goes through is a failure of the guard."""
    try:
        attempt()
    except (Refused, errors.OnboardError):
        return
    raise AssertionError("the guard let it through")
