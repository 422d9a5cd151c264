"""Stopping a run, by Ctrl-C and harder: clean, soon, told, and continued by the next apply."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import uuid
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import environment
from tests import running
from tests.running import ROOT, onboard

pytestmark = pytest.mark.lab

STOP_SECONDS = 60.0
"""Pulumi ends the writes it has begun; on a busy computer that takes a while."""

ENGINES = {
    "vault": "- Vault:",
    "keycloak": "- Keycloak:",
    "pulumi": "created Namespace ",
    "ansible": "- Ansible:",
}
"""What progress says when an engine is in the middle of its work."""


def agency(name: str, folder: Path) -> str:
    """A manifest like the one of the Administrative Courts, for an agency new to the lab."""
    name = f"{name}-{uuid.uuid4().hex[:5]}"
    code = str(90100 + zlib.crc32(name.encode()) % 900)
    text = (ROOT / "examples/admincourt.yaml").read_text(encoding="utf-8")
    path = folder / f"{name}.yaml"
    path.write_text(
        text.replace("id: admincourt", f"id: {name}")
        .replace("admincourt.go.th", f"{name}.go.th")
        .replace('"90002"', f'"{code}"'),
        encoding="utf-8",
    )
    return str(path)


class Started:
    """A command that runs; its stderr is read as it comes."""

    def __init__(self, *words: str) -> None:
        self.lines: list[str] = []
        self._child = subprocess.Popen(
            [sys.executable, "-m", "onboarding", *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "CI": "true", "ONBOARD_ENVIRONMENT": running.LAB},
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._child.stderr is not None
        for line in self._child.stderr:
            self.lines.append(line.rstrip("\n"))

    def wait_until(self, words: str, seconds: float = 300) -> None:
        deadline = time.monotonic() + seconds
        while not any(words in line for line in self.lines):
            assert self._child.poll() is None, "\n".join(self.lines)
            assert time.monotonic() < deadline, "\n".join(self.lines)
            time.sleep(0.02)

    def descendants(self) -> set[int]:
        parents: dict[int, int] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            parents[int(stat.parent.name)] = int(fields[1])
        found = {self._child.pid}
        while more := {child for child, parent in parents.items() if parent in found} - found:
            found |= more
        return found - {self._child.pid}

    def send(self, number: signal.Signals) -> None:
        self._child.send_signal(number)

    def ended(self, seconds: float = STOP_SECONDS) -> int:
        code = self._child.wait(seconds)
        self._reader.join(10)
        return code

    def __enter__(self) -> Started:
        return self

    def __exit__(self, *_: object) -> None:
        """Leave nothing behind where a test failed half-way."""
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        self._reader.join(10)
        assert self._child.stderr is not None
        self._child.stderr.close()

    @property
    def err(self) -> str:
        return "\n".join(self.lines)


def alive(processes: set[int]) -> set[int]:
    """Those that still run, after a moment to end."""
    deadline = time.monotonic() + 15
    while True:
        left = {p for p in processes if _runs(p)}
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def _runs(process: int) -> bool:
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def interrupted(
    manifest: str, at: str, *signals: signal.Signals, between: float = 0.5
) -> tuple[int, str, set[int]]:
    """Apply until ``at`` is told, then send the signals: exit code, stderr, orphans."""
    with Started("apply", manifest, "--yes", "--verbose") as run:
        run.wait_until(at)
        children = run.descendants()
        for n, number in enumerate(signals):
            if n:
                time.sleep(between)
                children |= run.descendants()
            run.send(number)
        code = run.ended()
        return code, run.err, alive(children)


def converges(manifest: str) -> None:
    applied = onboard("apply", manifest, "--yes", "--output", "json", "--no-verify")
    assert applied.code == 0, applied.err
    planned = onboard("plan", manifest, "--detailed-exitcode", "--output", "json")
    assert json.loads(planned.out)["changes"] == []
    assert planned.code == 0, planned.err


@pytest.fixture(scope="module")
def stepwise(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[str]:
    """One agency that is stopped in one engine after the other, and must be whole at the end."""
    assert lab.production is False
    manifest = agency("stopped", tmp_path_factory.mktemp("stopped"))
    yield manifest
    converges(manifest)


@pytest.mark.parametrize("engine", list(ENGINES))
def test_ctrl_c_stops_each_engine_cleanly(stepwise: str, engine: str) -> None:
    code, err, orphans = interrupted(stepwise, ENGINES[engine], signal.SIGINT)
    assert code == 130, err
    assert "Traceback" not in err
    assert "interrupted, the run is stopped" in err
    assert "changes were recorded as done" in err
    assert "Run the same command again" in err
    assert orphans == set()


def test_ctrl_c_twice_ends_pulumi_at_once_and_the_next_run_repairs(
    lab: environment.Environment, tmp_path: Path
) -> None:
    manifest = agency("stopped-twice", tmp_path)
    code, err, orphans = interrupted(
        manifest, ENGINES["pulumi"], signal.SIGINT, signal.SIGINT, between=0.1
    )
    assert code == 130, err
    assert "Traceback" not in err
    assert orphans == set()
    converges(manifest)


def test_terminated_is_stopped_like_ctrl_c(lab: environment.Environment, tmp_path: Path) -> None:
    manifest = agency("terminated", tmp_path)
    code, err, orphans = interrupted(manifest, ENGINES["pulumi"], signal.SIGTERM)
    assert code == 130, err
    assert "Run the same command again" in err
    assert orphans == set()
    converges(manifest)


def test_killed_in_the_middle_needs_no_human(lab: environment.Environment, tmp_path: Path) -> None:
    manifest = agency("killed", tmp_path)
    with Started("apply", manifest, "--yes", "--verbose") as run:
        run.wait_until(ENGINES["pulumi"])
        run.send(signal.SIGKILL)
        assert run.ended() == -signal.SIGKILL
    converges(manifest)


def test_ctrl_c_while_reading_says_nothing_was_written(lab: environment.Environment) -> None:
    with Started("plan", "examples/moph.yaml") as run:
        run.wait_until("- Read")
        run.send(signal.SIGINT)
        # A reading that ended before the signal came is as good.
        assert run.ended(30) in (0, 130)
        assert "Traceback" not in run.err


@pytest.mark.parametrize("words", ["| head -1", ">&-", "2>/dev/null >/dev/full", "| true"])
def test_a_reader_that_leaves_early_is_no_error_of_ours(
    lab: environment.Environment, words: str
) -> None:
    command = f"{sys.executable} -m onboarding plan examples/admincourt.yaml {words}"
    ended = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, "CI": "true", "ONBOARD_ENVIRONMENT": running.LAB},
    )
    assert "Traceback" not in ended.stderr
    assert "Exception ignored" not in ended.stderr
    assert "This is a bug" not in ended.stderr
