"""Credentials of the tool's roles in Vault, and the end of the root token."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from onboarding import environment, errors, vault, whole_file
from onboarding.bootstrap import vault_approvers, vault_policies
from onboarding.desired import pki_profile

_SECRET_ID = "vault-secret-id"  # noqa: S105 - the name of a file
_RETIRED = "vault-token-to-revoke"


def folder(target: environment.Environment, role: environment.Role) -> Path:
    """Where credential files of a role are: beside the operator's own kubeconfig."""
    beside = target.login(environment.Role.BOOTSTRAP).kubeconfig.parent
    base = beside if beside.name == "credentials" else beside / "credentials"
    return base / role.value


def issue(target: environment.Environment, role: environment.Role) -> environment.VaultLogin:
    """The AppRole login of a role; a credential that still has a third of its life is kept.

    The first run signs in with a root token. It is revoked, and its file removed, by the first
    call that itself signs in as the bootstrap AppRole: by then the environment file names that
    login, so a kill at any point leaves a way in.
    """
    with vault.connect(target, environment.Role.BOOTSTRAP) as door:
        _retire(target)
        name = vault_policies.name(role)
        present = target.credentials.get(role)
        if present and present.vault.method == "approle" and _lasts(door, name, present.vault):
            return present.vault
        if role is environment.Role.BOOTSTRAP and present and present.vault.method == "token":
            _write(folder(target, role) / _RETIRED, str(present.vault.secret_file))
        login = _new(door, name, folder(target, role) / _SECRET_ID)
    # Better an error now than a locked door later.
    with vault.connect_as(target, login, role.value) as door:
        door.read("sys/mounts")
    return login


def issue_to_approvers(target: environment.Environment) -> tuple[environment.Approver, ...]:
    """The approvers, each whose login is of this computer with a credential that lasts."""
    done = []
    with vault.connect(target, environment.Role.BOOTSTRAP) as door:
        for of in target.approvers:
            login = of.vault
            if of.method == "transit" and login is not None and login.method == "approle":
                name = vault_approvers.name(of)
                if not _lasts(door, name, login):
                    login = _new(door, name, login.secret_file)
            done.append(of.model_copy(update={"vault": login}))
    return tuple(done)


def _new(door: vault.Vault, name: str, secret_file: Path) -> environment.VaultLogin:
    """A new secret id, in its file before anybody is told of it."""
    role_id = (door.read(f"auth/approle/role/{name}/role-id") or {})["role_id"]
    made = door.write(f"auth/approle/role/{name}/secret-id", {})
    _write(secret_file, str(made["secret_id"]))
    return environment.VaultLogin(method="approle", role_id=str(role_id), secret_file=secret_file)


def _lasts(door: vault.Vault, name: str, login: environment.VaultLogin) -> bool:
    try:
        secret = login.secret_file.read_text(encoding="utf-8").strip()
    except OSError:
        return False
    role_id = (door.read(f"auth/approle/role/{name}/role-id") or {}).get("role_id")
    if role_id != login.role_id:
        return False
    known = door.look_up(f"auth/approle/role/{name}/secret-id/lookup", {"secret_id": secret})
    if not known:
        return False
    ends = _moment(known.get("expiration_time"))
    whole = timedelta(days=pki_profile.section("tokens")["secretIdDays"])
    return ends is not None and ends - datetime.now(UTC) > whole / 3


def _moment(text: Any) -> datetime | None:
    # Python reads at most six decimals of a second, Vault writes nine.
    head = str(text or "").partition(".")[0].rstrip("Z")
    try:
        return datetime.fromisoformat(head).replace(tzinfo=UTC)
    except ValueError:
        return None


def _retire(target: environment.Environment) -> None:
    """Revoke the token that bootstrap began with, once the AppRole is what the file names."""
    note = folder(target, environment.Role.BOOTSTRAP) / _RETIRED
    login = target.login(environment.Role.BOOTSTRAP).vault
    if login.method != "approle" or not note.is_file():
        return
    token_file = Path(note.read_text(encoding="utf-8").strip())
    if token_file.is_file():
        old = environment.VaultLogin(method="token", secret_file=token_file)
        # Where someone revoked it before, its file goes all the same.
        with contextlib.suppress(errors.Denied):
            vault.connect_as(target, old, "bootstrap token").write("auth/token/revoke-self")
        token_file.unlink()
    note.unlink()


def _write(path: Path, content: str) -> None:
    """A 0600 file in a 0700 folder, in one step, so that a reader never sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    whole_file.put(path, content + "\n")
