"""One world for all tests of faults: a golden run, a neighbour, and a proxy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from onboarding import environment
from tests.faults import invariants


@pytest.fixture(scope="session")
def world(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[invariants.World]:
    made = invariants.World(lab, tmp_path_factory.mktemp("faults"))
    try:
        with made.between:
            made.prepare()
            yield made
    finally:
        made.wipe()
