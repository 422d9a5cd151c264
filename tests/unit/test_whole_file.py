"""A file that is put in place is whole, private until it is there, or not there at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from onboarding import whole_file


@pytest.mark.parametrize("content", ["ก\r\n", "ก\r\n".encode()])
@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_it_has_the_content_and_the_mode(tmp_path: Path, content: str | bytes, mode: int) -> None:
    place = tmp_path / "a"
    for _ in range(2):
        whole_file.put(place, content, mode)
    assert place.read_bytes() == "ก\r\n".encode()
    assert stat.S_IMODE(place.stat().st_mode) == mode
    assert list(tmp_path.iterdir()) == [place]


def test_a_new_one_replaces_nothing(tmp_path: Path) -> None:
    place = tmp_path / "a"
    whole_file.put(place, "first", new=True)
    with pytest.raises(FileExistsError):
        whole_file.put(place, "second", new=True)
    assert (place.read_text("utf-8"), list(tmp_path.iterdir())) == ("first", [place])


def test_on_a_full_disk_the_former_one_stays_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = tmp_path / "a"
    whole_file.put(place, "first")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        whole_file.put(place, "second")
    assert (place.read_text("utf-8"), list(tmp_path.iterdir())) == ("first", [place])
