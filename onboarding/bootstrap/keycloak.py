"""What an environment needs of Keycloak once: the shared realm, and our own service accounts.

Each role of the tool is a client with a key pair (``private_key_jwt``), local to the realm it
works in and with the least rights there. Two stand in the realm master: ``onboard-applier``,
which can do nothing there but create a realm, and ``onboard-bootstrap``, the administrator that
takes the place of Keycloak's temporary one.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from onboarding import environment, errors, item, plan, progress, vault
from onboarding.bootstrap import vault_credentials, vault_pipelines
from onboarding.desired import realm as wanted
from onboarding.desired import realm_client, realm_mark
from onboarding.identity import assertion, carrying_out, keycloak, provider

OWNER = "environment"
DISPLAY_NAME = "คลาวด์กลางภาครัฐ (GDCC)"
MASTER_RIGHTS = {"onboard-applier": "create-realm", "onboard-bootstrap": "admin"}
_KEY = "keycloak-key.pem"
_RETIRED = "keycloak-client-to-remove"
_PREFIX = "onboard-"
_ADMINISTRATOR = realm_mark.ref("Client", keycloak.MASTER, "onboard-bootstrap")


def desired(target: environment.Environment) -> tuple[item.Item, ...]:
    """Everything of Keycloak that belongs to the environment itself."""
    made = [*wanted.items(target.keycloak.shared_realm, DISPLAY_NAME, OWNER, shared=True)]
    for client_id, role in MASTER_RIGHTS.items():
        made += realm_client.service_account(
            keycloak.MASTER, client_id, OWNER, realm_client.JWKS_OPERATOR, {"": [role]}
        )
    return tuple(_permanent(each) for each in made)


def _permanent(each: item.Item) -> item.Item:
    """Keycloak marks the administrator that it made itself; ours has to stand without the mark."""
    if each.ref != _ADMINISTRATOR:
        return each
    attributes = {**each.fields["attributes"], "is_temporary_admin": "false"}
    return dataclasses.replace(each, fields={**each.fields, "attributes": attributes})


def observe(target: environment.Environment) -> tuple[item.Item, ...]:
    """What is there of it; the key files tell whether a client holds the key that we have."""
    connected = _connect(target)
    known = all_keys(target)

    def key_of(ref: item.Ref, source: str) -> str | None:
        if source != realm_client.JWKS_OPERATOR:
            return None
        path = _key_file(target, ref.name)
        return known(ref.name, path) if path.is_file() else ""

    seen = [
        _as_ours(each, target)
        for each in connected.service_clients(keycloak.MASTER, _PREFIX, key_of)
    ]
    shared = connected.realm(target.keycloak.shared_realm)
    if shared is not None:
        seen += [shared, *connected.base(target.keycloak.shared_realm, key_of)]
    return tuple(seen)


def apply(
    target: environment.Environment, changes: Sequence[plan.Change], report: progress.Progress
) -> Iterator[plan.Outcome]:
    """Write the changes; makes the key of a client that has none yet."""
    known = all_keys(target)

    def key_of(ref: item.Ref, source: str) -> str | None:
        path = _key_file(target, ref.name)
        if not path.is_file():
            assertion.make_key(path)
        return known(ref.name, path)

    connected = _connect(target)
    return carrying_out.run(connected, changes, key_of, report, plan.unrecorded)


def issue_credentials(
    target: environment.Environment, role: environment.Role
) -> environment.KeycloakLogin:
    """The login of a role, tried once.

    The first run signs in with Keycloak's temporary administrator. It is removed by the first
    call that itself signs in as ``onboard-bootstrap``: by then the environment file names that
    login, so a kill at any point leaves a way in.
    """
    _retire(target)
    before = target.login(environment.Role.BOOTSTRAP).keycloak
    login = _login(target, role)
    replaces = role is environment.Role.BOOTSTRAP and before.method == "client-secret"
    if replaces and before.client_id != login.client_id:
        note = _note(target)
        note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        note.write_text(before.client_id + "\n", encoding="utf-8")
    door = keycloak.Keycloak(target.keycloak, login, role.value, target.timeouts.limits())
    if not door.exists(login.realm):
        raise errors.Unreachable(
            f"Keycloak has no realm {login.realm!r}", resolution="Run: onboard bootstrap"
        )
    return login


def _connect(target: environment.Environment) -> provider.Provider:
    """Under the bootstrap login of the environment file, or by key where that came first.

    A run that was killed after the temporary administrator took our key left the file behind.
    """
    connected = provider.connect(target, environment.Role.BOOTSTRAP)
    try:
        connected.exists(keycloak.MASTER)
    except keycloak.ClientUnknown:
        path = _key_file(target, _ADMINISTRATOR.name)
        if target.login(environment.Role.BOOTSTRAP).keycloak.method != "client-secret" or not (
            path.is_file()
        ):
            raise
        login = _login(target, environment.Role.BOOTSTRAP)
        limits = target.timeouts.limits()
        connected = provider.Provider(
            keycloak.Keycloak(target.keycloak, login, "bootstrap", limits)
        )
    return connected


def _as_ours(each: item.Item, target: environment.Environment) -> item.Item:
    """The client that the operator signs in with now is ours to turn into the permanent one."""
    login = target.login(environment.Role.BOOTSTRAP).keycloak
    if each.ref == _ADMINISTRATOR and login.client_id == each.ref.name and not each.owner:
        return dataclasses.replace(each, owner=OWNER)
    return each


def _login(target: environment.Environment, role: environment.Role) -> environment.KeycloakLogin:
    client_id = f"{_PREFIX}{role.value}"
    of_bootstrap = role is environment.Role.BOOTSTRAP
    return environment.KeycloakLogin(
        method="private-key-jwt",
        client_id=client_id,
        realm=keycloak.MASTER if of_bootstrap else target.keycloak.shared_realm,
        secret_file=_key_file(target, client_id),
    )


def _retire(target: environment.Environment) -> None:
    """Remove the temporary administrator once ours is what the environment file names."""
    note = _note(target)
    if target.login(environment.Role.BOOTSTRAP).keycloak.method == "client-secret":
        return
    if not note.is_file():
        return
    client_id = note.read_text(encoding="utf-8").strip()
    connected = provider.connect(target, environment.Role.BOOTSTRAP)
    connected.delete(realm_mark.ref("Client", keycloak.MASTER, client_id))
    note.unlink()


def all_keys(target: environment.Environment) -> Callable[[str, Path], str]:
    """By client and key file the operator's own key, and those by which Vault signs for pipelines.

    Vault is asked once, when the first of them is.
    """
    roles = target.pipelines.roles if target.pipelines else ()

    @functools.cache
    def of_pipelines() -> Mapping[environment.Role, Sequence[str]]:
        with vault.connect(target, environment.Role.BOOTSTRAP) as door:
            return {role: tuple(vault_pipelines.public_keys(door, role)) for role in roles}

    def of_client(client_id: str, path: Path) -> str:
        role = environment.Role(client_id.removeprefix(_PREFIX))
        more = of_pipelines()[role] if role in roles else ()
        return assertion.joined([assertion.public_set(path), *map(assertion.public_set_of, more)])

    return of_client


def _note(target: environment.Environment) -> Path:
    return vault_credentials.folder(target, environment.Role.BOOTSTRAP) / _RETIRED


def _key_file(target: environment.Environment, client_id: str) -> Path:
    role = environment.Role(client_id.removeprefix(_PREFIX))
    return vault_credentials.folder(target, role) / _KEY
