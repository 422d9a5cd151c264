"""What Vault remembers of a journal tells a store that is behind, deleted or another one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from onboarding import errors, item, progress
from onboarding.engines import witness
from onboarding.state import chain, files
from tests.unit import test_reconcile as plain


class Remembering(plain.Recorded):
    """An engine that remembers heads, as Vault does; or one that may not."""

    def __init__(self) -> None:
        super().__init__(item.EngineName.VAULT)
        self.heads: dict[str, chain.Head] = {}
        self.denied = False

    def remembered(self, tenant_id: str) -> chain.Head:
        return self.heads.get(tenant_id, chain.Head())

    def remember(self, tenant_id: str, head: chain.Head) -> None:
        if self.denied:
            raise errors.Denied("no")
        self.heads[tenant_id] = head

    def all_remembered(self) -> tuple[str, ...]:
        return tuple(self.heads)


@pytest.fixture
def engine() -> Remembering:
    return Remembering()


@pytest.fixture
def kept(tmp_path: Path, engine: Remembering) -> Path:
    """A store of one agency whose head is remembered."""
    store = files.FileStore(tmp_path / "store")
    store.record("moph", "apply-begun")
    shutil.copytree(tmp_path / "store", tmp_path / "earlier")
    store.record("moph", "apply-ended")
    witness.keep([engine], store, "moph", progress.Silent())
    assert engine.heads["moph"].seq == 2
    witness.check([engine], store, "moph")
    store.record("moph", "verified")
    witness.check([engine], store, "moph")
    return tmp_path


@pytest.mark.parametrize("now", ["earlier", "deleted"])
def test_a_store_that_is_behind_is_told(kept: Path, engine: Remembering, now: str) -> None:
    store = files.FileStore(kept / now)
    with pytest.raises(errors.EngineFailed, match="record 2 is missing") as told:
        witness.check([engine], store, "moph")
    assert "onboard state repair moph" in told.value.resolution
    assert told.value.exit_code == 1


def test_another_history_of_the_same_length_is_told(kept: Path, engine: Remembering) -> None:
    store = files.FileStore(kept / "earlier")
    store.record("moph", "apply-failed")
    with pytest.raises(errors.EngineFailed, match="record 2 was another one"):
        witness.check([engine], store, "moph")


def test_an_agency_without_a_witness_passes(kept: Path, engine: Remembering) -> None:
    witness.check([engine], files.FileStore(kept / "deleted"), "mof")
    witness.check([plain.Recorded(item.EngineName.SSO)], files.FileStore(kept), "moph")


def test_a_head_that_cannot_be_kept_does_not_fail_the_run(kept: Path, engine: Remembering) -> None:
    engine.denied = True
    witness.keep([engine], files.FileStore(kept / "store"), "moph", progress.Silent())
    assert engine.heads["moph"].seq == 2
