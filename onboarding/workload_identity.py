"""Signing in a job of CI by the token of its platform (workload identity), and out again.

What a job gets lasts an hour at most and lies in 0600 files of one folder: a token of Vault, a
kubeconfig, and an environment file that names them. The key for Keycloak stays in Vault.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from onboarding import environment, errors, kube, vault
from onboarding.bootstrap import cluster, vault_pipelines

ENVIRONMENT_FILE = "onboard.yaml"
_TOKEN = "vault-token"  # noqa: S105 - the name of a file
_KUBECONFIG = "kubeconfig"
_ROLES = frozenset(role.value for role in environment.Role)
_LONGEST_PROOF = 64 * 1024


def sign_in(
    target: environment.Environment,
    roles: Sequence[environment.Role],
    proof: Path,
    folder: Path,
) -> Path:
    """Exchange the platform's token in the file ``proof``; returns the job's environment file.

    ``folder`` must not exist or be empty. Raises ``errors.Denied`` where Vault does not accept
    the token for a role, and ``errors.UsageError`` where the environment has no such pipelines.
    """
    for role in roles:
        if target.pipelines is None or role not in target.pipelines.roles:
            raise errors.UsageError(
                f"environment {target.name!r} lets no pipeline act as the {role.value}",
                resolution="Add the role to pipelines.roles of the environment file, then run: "
                f"onboard bootstrap --environment {target.name}",
            )
    said = _read(proof)
    _make(folder)
    held = target.model_copy(update={"credentials": {}})
    try:
        for role in roles:
            held = _with_role(held, role, said, folder.absolute() / role.value)
            environment.save(folder / ENVIRONMENT_FILE, held)
    except BaseException:
        sign_out(folder)
        raise
    return folder / ENVIRONMENT_FILE


def _with_role(
    target: environment.Environment, role: environment.Role, said: str, place: Path
) -> environment.Environment:
    """The environment with the login of one role more, tried once."""
    place.mkdir(mode=0o700)
    _write(place / _TOKEN, _exchanged(target, role, said))
    logins = {**target.credentials, role: _credentials(target, role, place)}
    held = target.model_copy(update={"credentials": logins})
    with vault.connect(held, role) as door:
        if role is environment.Role.APPLIER:
            held = _with_passphrase(door, held, place)
        given = door.write(
            f"{vault_pipelines.CLUSTER}/creds/{cluster.account_of(role)}",
            {"kubernetes_namespace": vault_pipelines.NAMESPACE},
        )
    _write(place / _KUBECONFIG, _kubeconfig(target, role, given))
    kube.connect(held, role).kube_system_uid()
    return held


def sign_out(folder: Path) -> None:
    """Give the tokens back to Vault and remove the folder; one that is not there is no error.

    The tokens of the cluster cannot be given back: they end by themselves within the hour.
    Raises ``errors.UsageError`` for a folder that ``sign_in`` did not make.
    """
    place = folder / ENVIRONMENT_FILE
    if place.is_file():
        target = environment.load(place)
        for role in target.credentials:
            # One that Vault does not know any more is as good as given back.
            with contextlib.suppress(errors.Denied):
                vault.connect(target, role).write("auth/token/revoke-self")
    elif folder.is_dir() and not all(inside.name in _ROLES for inside in folder.iterdir()):
        raise errors.UsageError(
            f"{folder} was not made by onboard sign-in", resolution="Nothing was removed."
        )
    shutil.rmtree(folder, ignore_errors=True)


def _read(proof: Path) -> str:
    try:
        said = proof.read_bytes()[:_LONGEST_PROOF].decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as unreadable:
        raise errors.UsageError(
            f"the platform's token cannot be read: {proof}", details=[str(unreadable)]
        ) from unreadable
    if said.count(".") != 2:
        raise errors.UsageError(
            f"{proof} holds no JSON web token",
            resolution="Write the token that the CI platform gives for the audience into it.",
        )
    return said


def _make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        raise errors.UsageError(
            f"{folder} is not empty",
            resolution="Name a folder that does not exist yet, or sign out of it first.",
        )
    folder.chmod(0o700)


def _exchanged(target: environment.Environment, role: environment.Role, said: str) -> str:
    # Nobody is signed in yet: this login is never used.
    nobody = environment.VaultLogin(method="token", secret_file=Path(os.devnull))
    door = vault.connect_as(target, nobody, f"pipeline as {role.value}")
    try:
        return door.sign_in_with(vault_pipelines.WAY, {"role": role.value, "jwt": said})
    except errors.Denied as denied:
        raise errors.Denied(
            f"Vault does not let this job act as the {role.value}",
            details=denied.details,
            resolution="Compare the token's claims with pipelines.roles of the environment file. "
            "A token lasts minutes: ask the platform for a new one in the same job.",
        ) from denied


def _credentials(
    target: environment.Environment, role: environment.Role, place: Path
) -> environment.Credentials:
    return environment.Credentials(
        kubeconfig=place / _KUBECONFIG,
        vault=environment.VaultLogin(method="token", secret_file=place / _TOKEN),
        keycloak=environment.KeycloakLogin(
            method="vault-signed-jwt",
            client_id=cluster.account_of(role),
            realm=target.keycloak.shared_realm,
            secret_file=place / _TOKEN,
        ),
    )


def _with_passphrase(
    door: vault.Vault, target: environment.Environment, place: Path
) -> environment.Environment:
    """The environment with the passphrase of Pulumi's state in a file of this job."""
    kept = door.read(vault_pipelines.SECRETS) or {}
    file = place / vault_pipelines.PASSPHRASE
    _write(file, str(kept["data"][vault_pipelines.PASSPHRASE]))
    pulumi = target.pulumi.model_copy(update={"passphrase_file": file})
    return target.model_copy(update={"pulumi": pulumi})


def _kubeconfig(
    target: environment.Environment, role: environment.Role, given: Mapping[str, Any]
) -> str:
    import jwt

    token = str(given["service_account_token"])
    claims = jwt.decode(token, options={"verify_signature": False})
    ends = datetime.fromtimestamp(claims["exp"], UTC)
    return cluster.kubeconfig(target, cluster.account_of(role), token, ends)


def _write(path: Path, text: str) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text + "\n")
