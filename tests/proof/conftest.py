"""What all proofs share: pictures of what people see."""

from __future__ import annotations

import pytest

from tests.contract.conftest import openbao
from tests.proof import pictures

__all__ = ["openbao"]


@pytest.fixture(scope="session")
def album(tmp_path_factory: pytest.TempPathFactory) -> pictures.Album:
    return pictures.Album(tmp_path_factory.mktemp("pictures"))
