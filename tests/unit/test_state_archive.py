"""An archive of records from elsewhere: nothing in it can name a place outside the store."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path

import pytest

from onboarding import errors
from onboarding.state import archive, document, files


def packed(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    """An archive whose table of contents fits its members."""
    sums = {m.name: hashlib.sha256(raw).hexdigest() for m, raw in members}
    table = json.dumps({"format": archive._FORMAT, "sha256": sums}).encode()
    with tarfile.open(path, "w") as tar:
        for member, raw in (*members, (tarfile.TarInfo(archive._CONTENTS), table)):
            member.size = len(raw)
            tar.addfile(member, io.BytesIO(raw))
    return path


@pytest.mark.parametrize(
    "name",
    [
        "../evil/journal.jsonl",
        "tenants/../journal.jsonl",
        "tenants/..",
        "tenants/a%2f..%2fevil/journal.jsonl",
        "/etc/evil/journal.jsonl",
        "tenants/Evil Agency/journal.jsonl",
    ],
)
def test_a_member_that_is_called_like_a_place_elsewhere_is_refused(
    tmp_path: Path, name: str
) -> None:
    file = packed(tmp_path / "state.tar", (tarfile.TarInfo(name), b"x\n"))
    with pytest.raises(errors.InvalidInput, match="no whole export"):
        archive.read(file)
    assert [p.name for p in tmp_path.iterdir()] == ["state.tar"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE])
def test_a_member_that_is_no_plain_file_is_refused(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("tenants/moph/journal.jsonl")
    member.type, member.linkname = kind, "/etc/passwd"
    file = packed(tmp_path / "state.tar", (member, b""))
    with pytest.raises(errors.InvalidInput, match="no plain file"):
        archive.read(file)


def test_a_document_that_its_journal_places_elsewhere_is_refused(tmp_path: Path) -> None:
    """A journal's chain is no signature: who makes an archive can make one that fits."""
    store = files.FileStore(tmp_path / "store")
    store.record("moph", document.KEPT, name="../../evil", sha256="0" * 64)
    lines = (tmp_path / "store/tenants/moph/journal.jsonl").read_bytes()
    file = packed(
        tmp_path / "state.tar",
        (tarfile.TarInfo("tenants/moph/journal.jsonl"), lines),
        (tarfile.TarInfo("tenants/moph/documents/evil.json"), b"{}"),
    )
    with pytest.raises(errors.InvalidInput, match="evil"):
        archive.read(file)
