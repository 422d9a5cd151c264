"""The cache of engines: whole or not at all, one maker at a time, honest about a full disk."""

from __future__ import annotations

import dataclasses
import errno
import multiprocessing
import os
import shutil
import threading
from collections.abc import Callable
from multiprocessing.synchronize import Event as Flag
from pathlib import Path

import pytest

from onboarding import errors
from onboarding.lab.supply import cache, engine

ETCD = engine.Engine(
    name="etcd",
    version="3.7.3",
    command=None,
    package=None,
    release=None,
    build=None,
    artifact=None,
    weight=1,
    space=1,
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.delenv("GOCACHE", raising=False)
    monkeypatch.delenv("GOMODCACHE", raising=False)
    return tmp_path / "cache" / "onboard"


def make(content: bytes = b"etcd") -> Path:
    with cache.work_folder(ETCD) as folder:
        made = folder / "made"
        made.mkdir()
        (made / "etcd").write_bytes(content)
        return cache.install(ETCD, made, "built", 2.0, 3.0)


def hold(cache_home: str, taken: Flag, release: Flag) -> None:
    os.environ["XDG_CACHE_HOME"] = cache_home
    with cache.locked(ETCD, threading.Event(), lambda _: None):
        taken.set()
        release.wait(30)


def work_left(own_cache: Path) -> list[Path]:
    return list((own_cache / "engines" / ".work").iterdir())


def test_an_engine_appears_whole_with_how_it_was_made(own_cache: Path) -> None:
    assert cache.held(ETCD) is None
    assert cache.supplied(ETCD) is None
    path = make()
    assert path == own_cache / "engines" / f"etcd-3.7.3-{ETCD.digest()}" / "etcd"
    assert cache.held(ETCD) == path
    how = cache.supplied(ETCD)
    assert how is not None
    assert (how.source, how.seconds, how.cpu_seconds) == ("built", 2.0, 3.0)
    assert work_left(own_cache) == []


def test_another_recipe_has_another_place() -> None:
    make()
    assert cache.held(dataclasses.replace(ETCD, version="3.7.4")) is None


def test_what_a_killed_process_left_is_removed_by_the_next(own_cache: Path) -> None:
    stale = own_cache / "engines" / ".work" / f"{ETCD.folder()}.dead"
    stale.mkdir(parents=True)
    (stale / "half").write_bytes(b"x")
    make()
    assert not stale.exists()


def test_what_is_left_of_a_recipe_that_has_changed_goes_and_work_in_hand_stays(
    own_cache: Path,
) -> None:
    was = dataclasses.replace(ETCD, version="3.7.2")
    with cache.locked(was, threading.Event(), lambda _: None):
        left = own_cache / "engines" / ".work" / f"{was.folder()}.dead"
        left.mkdir(parents=True)
        make()
        assert left.exists()
    make()
    assert not left.exists()


def test_a_failure_leaves_nothing(own_cache: Path) -> None:
    def fail() -> None:
        with cache.work_folder(ETCD) as folder:
            (folder / "half").write_bytes(b"x")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert work_left(own_cache) == []
    assert cache.held(ETCD) is None


def test_a_full_disk_is_an_error_with_a_remedy_and_leaves_nothing(own_cache: Path) -> None:
    def fill() -> None:
        # /dev/full refuses every byte with the very error of a full disk.
        with cache.work_folder(ETCD) as folder:
            (folder / "out").symlink_to("/dev/full")
            (folder / "out").write_bytes(b"x")

    with pytest.raises(errors.EngineFailed, match="disk is full") as caught:
        fill()
    assert "XDG_CACHE_HOME" in caught.value.resolution
    assert work_left(own_cache) == []


def test_other_failures_of_the_disk_are_not_called_full() -> None:
    with pytest.raises(PermissionError), cache.work_folder(ETCD):
        raise PermissionError(errno.EACCES, "denied")


def test_too_little_space_is_refused_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    few = shutil.disk_usage("/")._replace(free=100 * 1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: few)
    cache.require_space(100, Path("/"))
    cache.require_space_to_build(100)
    with pytest.raises(errors.EngineFailed, match="not enough space") as caught:
        cache.require_space_to_build(12_000)
    assert "100 MiB free" in str(caught.value)
    assert "11900 MiB more" in str(caught.value)


def test_what_is_compiled_already_counts_as_done(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = own_cache / "go" / "build" / "object"
    compiled.parent.mkdir(parents=True)
    compiled.write_bytes(os.urandom(3 * 1024 * 1024))
    few = shutil.disk_usage("/")._replace(free=1024 * 1024)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: few)
    cache.require_space_to_build(4)
    with pytest.raises(errors.EngineFailed):
        cache.require_space_to_build(6)


def test_trim_frees_what_only_a_rebuild_needs(own_cache: Path) -> None:
    path = make()
    compiled = own_cache / "go" / "mod" / "module"
    compiled.parent.mkdir(parents=True)
    compiled.write_bytes(os.urandom(100_000))
    assert cache.trim() >= 100_000
    assert not compiled.exists()
    assert cache.held(ETCD) == path


def test_trim_waits_for_no_one_and_disturbs_no_build(own_cache: Path) -> None:
    compiled = own_cache / "go" / "build" / "object"
    compiled.parent.mkdir(parents=True)
    compiled.touch()
    with cache.locked(ETCD, threading.Event(), lambda _: None):
        with pytest.raises(errors.UsageError, match=f"process {os.getpid()}"):
            cache.trim()
        assert compiled.exists()
    cache.trim()
    assert not compiled.exists()


def test_go_caches_that_the_user_has_set_are_used_and_never_trimmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "mine"
    own.mkdir()
    monkeypatch.setenv("GOCACHE", str(own))
    assert cache.go_folders()["GOCACHE"] == str(own)
    cache.trim()
    assert own.exists()


def other_process(tmp_path: Path, use: Callable[[int, Flag], None]) -> None:
    context = multiprocessing.get_context("spawn")
    taken, release = context.Event(), context.Event()
    holder = context.Process(target=hold, args=(str(tmp_path / "cache"), taken, release))
    holder.start()
    try:
        assert taken.wait(30)
        assert holder.pid is not None
        use(holder.pid, release)
    finally:
        release.set()
        holder.join(30)
        holder.close()


def test_a_second_process_waits_and_says_for_whom(tmp_path: Path) -> None:
    told: list[str] = []

    def wait(pid: int, release: Flag) -> None:
        def waiting(text: str) -> None:
            told.append(text)
            release.set()

        with cache.locked(ETCD, threading.Event(), waiting):
            assert told == [f"waiting for process {pid}, which supplies etcd"]

    other_process(tmp_path, wait)


def test_waiting_ends_when_the_run_is_stopped(tmp_path: Path) -> None:
    def wait(_pid: int, _release: Flag) -> None:
        stop = threading.Event()
        lock = cache.locked(ETCD, stop, lambda _: stop.set())
        with pytest.raises(errors.Interrupted), lock:
            pytest.fail("two holders")

    other_process(tmp_path, wait)
