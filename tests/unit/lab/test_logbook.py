"""Reading logs: the last lines, then what is added."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding import errors
from onboarding.lab import home as homes
from onboarding.lab import logbook


@pytest.fixture
def home(tmp_path: Path) -> homes.Home:
    made = homes.Home("trial", tmp_path / "trial")
    homes.create(made)
    return made


def test_last_lines_of_one_component(home: homes.Home) -> None:
    (home.logs / "etcd.log").write_text("one\ntwo\nthree\n")
    read = list(logbook.read(home, "etcd", last=2, follow=False))
    assert read == [("etcd", "two"), ("etcd", "three")]


def test_all_components_are_told_apart(home: homes.Home) -> None:
    (home.logs / "etcd.log").write_text("a\n")
    (home.logs / "openbao.log").write_text("b\n")
    assert set(logbook.read(home, None, last=5, follow=False)) == {("etcd", "a"), ("openbao", "b")}


def test_follow_gives_whole_new_lines_and_reads_a_new_log_from_its_start(
    home: homes.Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = home.logs / "etcd.log"
    log.write_text("old line that is long\n")
    additions = iter(["old line that is long\nnew\nhalf", "anew\n"])
    monkeypatch.setattr("time.sleep", lambda _: log.write_text(next(additions)))
    lines = logbook.read(home, "etcd", last=1, follow=True)
    assert [next(lines)[1] for _ in range(3)] == ["old line that is long", "new", "anew"]


def test_no_log_is_a_usage_error(home: homes.Home) -> None:
    with pytest.raises(errors.UsageError, match="no log"):
        list(logbook.read(home, "etcd", last=1, follow=False))
