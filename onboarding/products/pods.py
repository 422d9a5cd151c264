"""What the pods of an e-Office product need: data of its contract, none of it a secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DATABASE = "e-office-database"
KEY = "e-office-key"
"""Secrets of an instance whose pods are made here, beside the accounts of its product: the
database's only user, and what the product signs sessions with."""

SECRETS = "/secrets"
"""Folder in each container where the files with secrets are, in memory."""
TRUST = "/etc/trust/ca.crt"
"""Who vouches for Vault and Keycloak, in each container."""
DATABASE_NAME = "eoffice"
DATABASE_PORT = 5432


@dataclass(frozen=True, slots=True)
class Pods:
    """How a product runs in pods.

    ``settle`` is the command that fills an empty database, or brings one of a version before up to
    this one, before the product serves. It may be killed and repeated; it keeps a dump of what it
    upgrades, brings that back where an upgrade did not end, refuses the database of a later
    version, and begins nothing anew beside letters. ``environment``: variables,
    with ``$host`` and ``$database`` (a host name) put in. ``files``: what stands in files below
    ``SECRETS``: texts with ``$database`` and ``$key``, the passwords of those two secrets.
    ``least_milli`` and ``least_mi``: thousandths of a core and MiB below which one pod is of no
    use. ``beside``: whether several pods may serve one instance; if not, one ends before the next
    begins. ``longest_seconds``: what one request may take, for which a pod that ends waits.
    """

    settle: tuple[str, ...]
    environment: Mapping[str, str]
    files: Mapping[str, str]
    least_milli: int
    least_mi: int
    beside: bool
    longest_seconds: int
