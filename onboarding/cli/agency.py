"""Which agencies are meant: by a manifest, by an id that the store knows, or all."""

from __future__ import annotations

from pathlib import Path

from onboarding import errors, manifest
from onboarding.state import interface


def several(store: interface.StateStore, which: str | None) -> tuple[str, ...]:
    """The ids that are meant; all where nothing is named. Raises errors.UsageError."""
    return store.tenants() if which is None else (one(store, which),)


def one(store: interface.StateStore, which: str) -> str:
    """The id of the manifest in a file, or of an agency in the store. Raises errors.UsageError."""
    if Path(which).is_file():
        return manifest.load(Path(which)).id
    known = store.tenants()
    if which in known:
        return which
    raise errors.UsageError(
        f"{which}: no such file, and no agency of this id is known here",
        details=[f"agencies: {', '.join(known) or 'none'}"],
        resolution="Name a manifest, or an agency of this environment (onboard status).",
    )
