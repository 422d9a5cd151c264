"""A lab's folder, its lock, its files and its state."""

from __future__ import annotations

import json
import threading
import time
from pathlib import Path

import pytest

from onboarding import errors
from onboarding.lab import home as homes
from onboarding.lab import process, runtime, state


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> homes.Home:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return homes.locate("trial")


@pytest.mark.parametrize("name", ["", "A", "a/b", "..", "-a", "a-", "a" * 33, "ก"])
def test_names_that_are_no_label_are_refused(name: str) -> None:
    with pytest.raises(errors.UsageError, match="cannot be the name"):
        homes.locate(name)


def test_home_lies_in_the_users_data_folder(home: homes.Home, tmp_path: Path) -> None:
    assert home.root == tmp_path / "onboard" / "labs" / "trial"
    assert not home.exists()


def test_folders_are_private(home: homes.Home) -> None:
    homes.create(home)
    for folder in (home.root, home.pki, home.credentials, home.logs):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_write_is_whole_private_and_tells_change(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    assert homes.write(path, "one")
    assert not homes.write(path, "one")
    assert homes.write(path, b"two")
    assert path.read_bytes() == b"two"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_write_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "file").mkdir()
    with pytest.raises(errors.OnboardError, match="cannot write"):
        homes.write(tmp_path / "file", "content")
    assert [p.name for p in tmp_path.iterdir()] == ["file"]


def test_second_holder_of_the_lock_waits(home: homes.Home) -> None:
    order: list[str] = []

    def second() -> None:
        with homes.lock(home):
            order.append("second")

    with homes.lock(home):
        thread = threading.Thread(target=second)
        thread.start()
        time.sleep(0.2)
        order.append("first")
    thread.join(timeout=5)
    assert order == ["first", "second"]


def test_state_survives_saving(home: homes.Home) -> None:
    known = state.State({"a": 20001}, {"etcd": "/x"}, {}, wanted=True).with_process(
        "etcd", state.Started(process.Mark(7, 8, "boot"), "digest", "2026-01-01T00:00:00+00:00")
    )
    state.save(home, known)
    assert state.load(home) == known
    assert state.load(home).without_process("etcd").started == {}


def test_no_state_file_is_an_empty_state(home: homes.Home) -> None:
    assert state.load(home) == state.State()


@pytest.mark.parametrize(
    "content",
    ["{", "[]", json.dumps({"format": 99}), json.dumps({"format": 1, "ports": {}})],
)
def test_damaged_state_file_is_our_error(home: homes.Home, content: str) -> None:
    homes.write(home.state_file, content)
    with pytest.raises(errors.OnboardError) as caught:
        state.load(home)
    assert "lab reset" in caught.value.resolution


def test_gone_processes_are_forgotten(home: homes.Home) -> None:
    dead = state.Started(process.Mark(2**22 - 1, 1, process.boot_id()), "d", "")
    rebooted = state.Started(process.Mark(1, 1, "before the reboot"), "d", "")
    known = state.State().with_process("etcd", dead).with_process("kwok", rebooted)
    assert runtime.adopt(home, known).started == {}


def test_a_lab_that_never_was_is_a_usage_error(home: homes.Home) -> None:
    with pytest.raises(errors.UsageError, match="there is no lab"):
        runtime.current(home)
