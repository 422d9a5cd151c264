"""Environments for tests that reach no system."""

from __future__ import annotations

from pathlib import Path

from onboarding import environment

DIGEST = "sha256:" + "ab" * 32


def pinned(identity: str = "id", *, production: bool = False) -> environment.Environment:
    """An environment whose three systems are pinned to ``identity``."""
    ca = Path("/nowhere/ca.crt")
    return environment.Environment(
        name="unit",
        production=production,
        cluster=environment.Cluster(
            server="https://cluster.invalid",
            ca_file=ca,
            identity=identity,
            storage_class="gdcc-encrypted",
            encrypted_storage_classes=("gdcc-encrypted",),
        ),
        vault=environment.Vault(
            address="https://vault.invalid",
            ca_file=ca,
            identity=identity,
            public_url="https://vault.invalid",
        ),
        keycloak=environment.Keycloak(address="https://sso.invalid", ca_file=ca, identity=identity),
        pulumi=environment.Pulumi(
            backend="file:///nowhere", home=Path("/nowhere"), passphrase_file=Path("/nowhere/p")
        ),
        state=environment.State(store="file:///nowhere"),
        images=environment.Images(
            e_office=f"registry.invalid/e-office@{DIGEST}", allowed_registries=("registry.invalid",)
        ),
    )
