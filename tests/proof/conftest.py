"""What all proofs share: an e-Office of their own, a browser that finds it, and pictures of what
people see."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from onboarding import environment
from tests.contract.conftest import openbao
from tests.proof import browser, pictures
from tests.proof import place as places

__all__ = ["openbao"]


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> pictures.Album:
    return pictures.Album(tmp_path_factory.mktemp("pictures"))


@pytest.fixture(scope="module")
def place(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[places.Place]:
    with places.opened(lab, tmp_path_factory.mktemp("place")) as made:
        yield made


@pytest.fixture(scope="module")
def chromium(place: places.Place) -> Iterator[Any]:
    with browser.started(place.identity, hosts={place.host: place.server.port}) as made:
        yield made
