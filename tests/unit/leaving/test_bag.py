"""The export as a bag: sealed, checked by a program of others, and every damage seen."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from onboarding import errors
from onboarding.leaving import bag

INFO = {"External-Identifier": "m-culture-1 now", "Source-Organization": "กระทรวงวัฒนธรรม"}


@pytest.fixture
def made(tmp_path: Path) -> bag.Sealed:
    return _make(tmp_path / "export")


def _make(place: Path, text: str = "ก\n") -> bag.Sealed:
    with bag.making(place, "m-culture-1 now") as folder:
        (folder / "data" / "letters").mkdir()
        (folder / "data" / "letters" / "1.txt").write_text(text, encoding="utf-8")
        (folder / "index.html").write_text("<p>", encoding="utf-8")
        bag.seal(folder, INFO)
    return bag.sealed(place)


def _stopped(place: Path) -> None:
    with bag.making(place, "m-culture-1 now") as folder:
        (folder / "data" / "half.txt").write_text("x", encoding="utf-8")
        raise KeyboardInterrupt


def test_a_bag_is_what_the_standard_says_and_coreutils_agree(made: bag.Sealed) -> None:
    told = (made.path / "bagit.txt").read_text(encoding="utf-8")
    assert told == "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
    assert "Payload-Oxum: 4.1\n" in (made.path / "bag-info.txt").read_text(encoding="utf-8")
    assert (made.files, made.octets) == (1, 4)
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        check = ["sha256sum", "--strict", "--check", manifest]
        ended = subprocess.run(check, cwd=made.path, capture_output=True, check=False)
        assert ended.returncode == 0
    assert bag.problems(made.path, made.digest) == ()


@pytest.mark.parametrize("name", ["data/letters/1.txt", "index.html", "bag-info.txt"])
def test_every_change_of_a_bag_is_seen(made: bag.Sealed, name: str) -> None:
    file = made.path / name
    file.write_bytes(file.read_bytes() + b" ")
    assert bag.problems(made.path, made.digest) == (f"{file}: its content was changed",)
    file.unlink()
    assert bag.problems(made.path, made.digest) == (f"{file}: it is gone",)


@pytest.mark.parametrize("name", ["data/more.txt", "more.txt"])
def test_what_was_added_is_seen(made: bag.Sealed, name: str) -> None:
    (made.path / name).write_text("x", encoding="utf-8")
    assert bag.problems(made.path, made.digest) == (f"{made.path / name}: it was added",)


def test_a_bag_that_was_sealed_anew_is_another_one(made: bag.Sealed) -> None:
    (made.path / "data" / "letters" / "1.txt").write_text("ข", encoding="utf-8")
    bag.seal(made.path, INFO)
    (found,) = bag.problems(made.path, made.digest)
    assert "another bag" in found


def test_a_bag_that_is_gone_is_no_bag(made: bag.Sealed, tmp_path: Path) -> None:
    assert bag.problems(tmp_path / "elsewhere", made.digest)
    with pytest.raises(errors.EngineFailed):
        bag.sealed(tmp_path / "elsewhere")


def test_an_attempt_that_was_killed_leaves_nothing_that_counts(tmp_path: Path) -> None:
    place = tmp_path / "export"
    with pytest.raises(KeyboardInterrupt):
        _stopped(place)
    assert not place.exists()
    assert bag.problems(place, "") != ()
    again = _make(place)
    assert [p.name for p in tmp_path.iterdir()] == ["export"]
    assert bag.problems(place, again.digest) == ()
    assert _make(place, "ข\n").digest != again.digest


def test_a_folder_of_somebody_else_is_not_touched(tmp_path: Path) -> None:
    place = tmp_path / "export"
    place.mkdir()
    (place / "mine.txt").write_text("x", encoding="utf-8")
    with pytest.raises(errors.Refused, match="is not this export"):
        _make(place)
    assert (place / "mine.txt").read_text(encoding="utf-8") == "x"
