"""Where the peers of links are looked for: files given, folders given, manifests applied last."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from onboarding import errors
from onboarding.cli import peers
from tests.running import ROOT

BDI = ROOT / "examples" / "bdi.yaml"


def test_a_folder_holds_the_peer_among_other_files(tmp_path: Path) -> None:
    shutil.copy(BDI, tmp_path / "bdi.yaml")
    (tmp_path / "broken.yaml").write_text("agency: [", encoding="utf-8")
    found = peers.declared({"bdi"}, (tmp_path,), {})
    assert found["bdi"].manifest.id == "bdi"
    assert found["bdi"].place(0).startswith(f"{tmp_path}/bdi.yaml:")


def test_a_file_given_outweighs_what_was_applied() -> None:
    applied = {"bdi": BDI.read_text(encoding="utf-8")}
    assert peers.declared({"bdi"}, (BDI,), applied)["bdi"].file == str(BDI)
    assert peers.declared({"bdi"}, (), applied)["bdi"].file == "last manifest of bdi"


def test_who_is_no_peer_is_left_out() -> None:
    assert peers.declared({"bdi"}, (ROOT / "examples" / "etda.yaml",), {"etda": "x"}) == {}


def test_a_peer_whose_file_is_broken_is_told_of(tmp_path: Path) -> None:
    (tmp_path / "bdi.yaml").write_text("metadata: {id: bdi}\n", encoding="utf-8")
    with pytest.raises(errors.InvalidInput):
        peers.declared({"bdi"}, (tmp_path,), {})


def test_two_manifests_of_one_peer_are_refused(tmp_path: Path) -> None:
    for name in ("old.yaml", "new.yaml"):
        shutil.copy(BDI, tmp_path / name)
    with pytest.raises(errors.UsageError, match="two manifests of bdi"):
        peers.declared({"bdi"}, (tmp_path,), {})
