"""The one door to ansible-runner: one playbook, one start, its events as they come.

A run lives in a folder of its own, on a memory file system where there is one, that only the
user may enter and that is gone afterwards, however the run ends. Variables come in a file, the
child's environment is made from nothing, and no secret is in either.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import queue
import shlex
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

from onboarding import errors

POLL_SECONDS = 0.3
STOP_SECONDS = 10.0
_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made in it is private to the user
_PREFIX = "onboard-run-"
_HELD = ".held"
_RUN = "run"
_ENDED = ("runner_on_ok", "runner_on_failed", "runner_on_unreachable")
_KEPT = ("AWX_ISOLATED_DATA_DIR", "RUNNER_OMIT_EVENTS", "RUNNER_ONLY_FAILED_EVENTS")


@dataclass(frozen=True, slots=True)
class TaskEnd:
    """How one task ended on the one host: ``result`` is what its module said."""

    role: str
    task: str
    failed: bool
    changed: bool
    seconds: float
    result: Mapping[str, Any]


@dataclass(slots=True)
class Ending:
    """How the run as a whole ended; filled in while the events are read.

    ``status``: successful, failed, timeout, canceled, or unstarted.
    """

    status: str = "unstarted"
    recap: dict[str, int] = field(default_factory=dict)
    output: str = ""


@contextmanager
def workspace() -> Iterator[Path]:
    """A folder with mode 0700 for one run, wiped at its end, else by the next run."""
    wipe_what_was_left()
    place = _place()
    # Locked before it has a name by which other runs look for it.
    new = Path(tempfile.mkdtemp(prefix="onboard-new-", dir=place))
    folder = new.with_name(new.name.replace("onboard-new-", _PREFIX))
    handle = os.open(new / _HELD, os.O_WRONLY | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        new.rename(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(handle)


def _place() -> Path:
    return _MEMORY if os.access(_MEMORY, os.W_OK | os.X_OK) else Path(tempfile.gettempdir())


def wipe_what_was_left() -> None:
    """Remove the folders of runs that were killed."""
    for left in _place().glob(f"{_PREFIX}*"):
        _wipe_if_left(left)


def _wipe_if_left(folder: Path) -> None:
    """Wipe the folder of a run that was killed, and end what of it still runs.

    The kernel gives a lock back with the process that held it.
    """
    try:
        handle = os.open(folder / _HELD, os.O_WRONLY)
    except OSError:
        # Of another user, or just being wiped.
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return
    else:
        end = time.monotonic() + STOP_SECONDS
        while _sweep(str(_artifacts(folder))) and time.monotonic() < end:
            time.sleep(POLL_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)


def _artifacts(folder: Path) -> Path:
    """Where ansible-runner keeps what a run says."""
    return folder / "artifacts" / _RUN


def private_file(path: Path, text: str) -> Path:
    """Write a new file that only the user may read."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        out.write(text)
    return path


def play(
    playbook: str,
    variables: Mapping[str, str | bool],
    folder: Path,
    ending: Ending,
    *,
    seconds: float,
    check: bool = False,
) -> Generator[TaskEnd, None, None]:
    """Run a playbook of ``onboarding/playbooks`` once and yield its tasks as they end.

    ``variables`` are our own paths and switches: text from an agency has no place in them,
    because Ansible evaluates variables as templates. Closing the iterator, or Ctrl-C, stops the
    run. Raises ``errors.EngineFailed`` where Ansible is not there at all.
    """
    events: queue.Queue[TaskEnd | None] = queue.Queue()
    stop = threading.Event()
    config = _config(playbook, variables, folder, seconds=seconds, check=check)

    def heard(event: Mapping[str, Any]) -> bool:
        if event.get("event") in _ENDED:
            events.put(_task_end(event))
        elif event.get("event") == "playbook_on_stats":
            ending.recap.update(_recap(event.get("event_data") or {}))
        return False

    def work() -> None:
        import ansible_runner

        made = ansible_runner.Runner(config, event_handler=heard, cancel_callback=stop.is_set)
        try:
            made.run()
            ending.status = str(made.status)
            ending.output = _output(Path(config.artifact_dir))
        except Exception as broken:  # noqa: BLE001 - a thread has nobody above it to tell
            ending.output = f"ansible-runner: {type(broken).__name__}: {broken}"
        finally:
            events.put(None)

    thread = threading.Thread(target=work, name="ansible", daemon=True)
    thread.start()
    try:
        # Ansible-runner ends the run in time; a thread that does not is left behind.
        last = time.monotonic() + seconds + STOP_SECONDS
        with contextlib.suppress(queue.Empty):
            while (event := events.get(timeout=max(0.0, last - time.monotonic()))) is not None:
                yield event
    finally:
        stop.set()
        end = time.monotonic() + STOP_SECONDS
        # The folder is wiped next: nobody may still write into it.
        while (_sweep(config.artifact_dir) or thread.is_alive()) and time.monotonic() < end:
            thread.join(POLL_SECONDS)


def _config(
    playbook: str, variables: Mapping[str, str | bool], folder: Path, *, seconds: float, check: bool
) -> Any:
    try:
        import ansible_runner
    except ImportError as absent:
        raise _not_installed() from absent
    playbooks = Path(str(resources.files("onboarding").joinpath("playbooks")))
    given = private_file(folder / "variables.yml", _literal(variables))
    made = ansible_runner.RunnerConfig(
        private_data_dir=str(folder),
        project_dir=str(playbooks),
        playbook=str(playbooks / playbook),
        inventory=str(playbooks / "inventory.yml"),
        cmdline=f"-e @{shlex.quote(str(given))}" + (" --check" if check else ""),
        ident=_RUN,
        quiet=True,
        timeout=math.ceil(seconds),
    )
    made.prepare()
    # The default waits five seconds before it notices that it should stop.
    made.pexpect_timeout = POLL_SECONDS
    made.env = _child_environment(made.env, folder, playbooks)
    if shutil.which(made.command[0], path=made.env["PATH"]) is None:
        raise _not_installed()
    return made


def _literal(variables: Mapping[str, str | bool]) -> str:
    """The variables as YAML; the tag keeps Ansible from seeing a template in any of them."""
    return "".join(
        f"{name}: {'!unsafe ' if isinstance(value, str) else ''}"
        f"{json.dumps(value, ensure_ascii=False)}\n"
        for name, value in variables.items()
    )


def _not_installed() -> errors.EngineFailed:
    return errors.EngineFailed(
        "Ansible is not installed beside onboard",
        details=[f"looked for ansible-playbook beside {sys.executable}"],
        resolution="Install onboard again: ansible-core and ansible-runner come with it.",
    )


def _child_environment(
    prepared: Mapping[str, str], folder: Path, playbooks: Path
) -> dict[str, str]:
    """The child's whole environment: nothing of ours is inherited, credentials least of all."""
    temporary = folder / "tmp"
    temporary.mkdir(mode=0o700)
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "HOME": str(folder),
        "TMPDIR": str(temporary),
        "LANG": "C.UTF-8",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(playbooks / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "ansible"),
        "ANSIBLE_LOCAL_TEMP": str(temporary),
        "ANSIBLE_REMOTE_TEMP": str(temporary),
        # Only the collections installed beside onboard, none of the user or the computer.
        "ANSIBLE_COLLECTIONS_PATH": str(folder / "ansible"),
        "ANSIBLE_STDOUT_CALLBACK": "awx_display",
        "ANSIBLE_CALLBACK_PLUGINS": prepared["ANSIBLE_CALLBACK_PLUGINS"].split(":")[-1],
        **{key: prepared[key] for key in _KEPT},
    }


def _task_end(event: Mapping[str, Any]) -> TaskEnd:
    data = event.get("event_data") or {}
    result = data.get("res") or {}
    failed = event["event"] != "runner_on_ok" and not data.get("ignore_errors")
    return TaskEnd(
        role=str(data.get("role") or ""),
        task=str(data.get("task") or "").removeprefix(f"{data.get('role')} : "),
        failed=failed,
        changed=bool(result.get("changed")),
        seconds=float(data.get("duration") or 0.0),
        result=result,
    )


def _recap(data: Mapping[str, Any]) -> dict[str, int]:
    parts = ("ok", "changed", "failures", "dark", "skipped")
    return {part: sum((data.get(part) or {}).values()) for part in parts}


def _output(artifacts: Path) -> str:
    try:
        return (artifacts / "stdout").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _sweep(artifact_dir: str) -> int:
    """End what a stopped run left behind, and count it.

    Ansible's workers are in sessions of their own, so no signal to a group reaches them. They are
    known by the run's folder in their environment, which no other process has.
    """
    mark = f"AWX_ISOLATED_DATA_DIR={artifact_dir}".encode()
    found = 0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found += 1
                os.kill(int(entry.name), signal.SIGKILL)
        except OSError:
            continue
    return found
