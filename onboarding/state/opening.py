"""Which state store an environment has."""

from __future__ import annotations

from onboarding import environment
from onboarding.state import files, interface


def of(target: environment.Environment) -> interface.StateStore:
    """The store that ``state.store`` names, ready for use; nothing is written by opening it."""
    return files.FileStore(target.store())
