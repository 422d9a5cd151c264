"""Pulumi's home in the lab: the Kubernetes plugin, a local backend, the passphrase in a file."""

from __future__ import annotations

import secrets
from pathlib import Path

from onboarding.lab import component
from onboarding.lab import home as homes

_PLUGIN = "pulumi-resource-kubernetes"
_VERSION = "4.25.0"
"""Equal to the Python package pulumi-kubernetes; the plugin is looked up by exactly this."""


def backend(home: homes.Home) -> Path:
    return home.pulumi / "backend"


def passphrase_file(home: homes.Home) -> Path:
    return home.credentials / "pulumi-passphrase"


def install(lab: component.Lab) -> None:
    """Idempotent; the plugin is a link to the supplied engine."""
    backend(lab.home).mkdir(mode=0o700, parents=True, exist_ok=True)
    if not passphrase_file(lab.home).is_file():
        homes.write(passphrase_file(lab.home), secrets.token_urlsafe(32))
    folder = lab.home.pulumi / "plugins" / f"resource-kubernetes-v{_VERSION}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    link, target = folder / _PLUGIN, lab.engines[_PLUGIN]
    if not (link.is_symlink() and link.readlink() == target):
        link.unlink(missing_ok=True)
        link.symlink_to(target)
