"""The command line against a small exchange: an environment that names it, a manifest, a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from onboarding import environment
from tests.contract.servers import tls
from tests.exchange import endpoint
from tests.unit import targets
from tests.unit.cli.conftest import fresh_volume, restore_signals

__all__ = ["fresh_volume", "restore_signals"]

Naming = Callable[..., Path]


@pytest.fixture
def naming(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Naming:
    """Makes the environment file that ``$ONBOARD_ENVIRONMENT`` names, with an exchange or none."""

    def made(at: endpoint.Exchange | None, *, production: bool = False, address: str = "") -> Path:
        named = None
        if at is not None:
            named = environment.LetterExchange.model_validate(
                {"address": address or at.address, "caFile": str(at.ca), "wait": "5s"}
            )
        target = targets.pinned(production=production).model_copy(
            update={
                "state": environment.State(store=f"file://{tmp_path}/store"),
                "letter_exchange": named,
            }
        )
        path = tmp_path / "onboard.yaml"
        environment.save(path, target)
        monkeypatch.setenv("ONBOARD_ENVIRONMENT", str(path))
        return path

    return made


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return tls.private(tmp_path / "ecms-secret", endpoint.ACCOUNT[1] + "\n")
