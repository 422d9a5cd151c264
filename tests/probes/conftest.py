"""``verify --probe`` as a user runs it: engines in memory; an exchange and an address answer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from onboarding import environment
from tests.contract.servers import tls
from tests.exchange import endpoint
from tests.probes import served
from tests.unit.cli.conftest import engines, fresh_volume, restore_signals, target

__all__ = ["engines", "fresh_volume", "restore_signals", "target"]

Naming = Callable[..., None]


@pytest.fixture
def naming(target: Path) -> Naming:
    """Writes into the environment file what is to be probed."""

    def made(at: endpoint.Exchange | None, address: served.Address | None) -> None:
        named: dict[str, object] = {}
        if at is not None:
            named["letter_exchange"] = environment.LetterExchange.model_validate(
                {"address": at.address, "caFile": str(at.ca), "wait": "5s"}
            )
        if address is not None:
            named["probes"] = environment.Probes(gateway=address.gateway, ca_file=address.ca)
        environment.save(target, environment.load(target).model_copy(update=named))

    return made


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    return tls.private(tmp_path / "ecms-secret", endpoint.ACCOUNT[1] + "\n")
