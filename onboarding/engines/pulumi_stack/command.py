"""The ``pulumi`` command: one stack a tenant, one folder a stack, our program served to it.

The stock Automation API starts seven or eight processes for an update. Here it is one ``up``,
and one ``stack init`` before the very first.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onboarding import environment, errors, patience
from onboarding.engines.pulumi_stack import backend as backends
from onboarding.engines.pulumi_stack import events, locks, serving

PROJECT = "gdcc-onboarding"
_POLL = 0.05

_PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PLAIN = 0o600

Event = Mapping[str, Any]
Program = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack of one tenant: its name, its own folder, and where raw output goes."""

    target: environment.Environment
    name: str
    kubeconfig: Path

    @property
    def folder(self) -> Path:
        return self.target.pulumi.home / "work" / self.target.name / self.name

    @property
    def log(self) -> Path:
        return self.target.pulumi.home / "logs" / self.target.name / f"{self.name}.log"


def prepare(stack: Stack) -> None:
    """Make the stack's folder: Pulumi's commands in one folder would spoil each other's files."""
    for folder in (stack.folder, stack.log.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    project = {"name": PROJECT, "runtime": "python", "description": "Agencies on GDCC"}
    file = stack.folder / "Pulumi.yaml"
    if not file.exists():
        # In one step: half a file would be in the way of every later run.
        part = stack.folder / "Pulumi.yaml.part"
        part.write_text(json.dumps(project), encoding="utf-8")
        part.replace(file)
    backend = locks.folder_of(stack.target.pulumi.backend)
    if backend is not None:
        backend.mkdir(parents=True, exist_ok=True, mode=0o700)


def known(stack: Stack) -> bool:
    """Whether the backend holds the stack."""
    name = backends.checkpoint_name(PROJECT, stack.name)
    return name in backends.stored(stack.target.pulumi).find(name)


def mend_files(stack: Stack) -> bool:
    """Clear away what a crash left of a stack's files; True where its state was among it.

    Pulumi writes a file and the attributes beside it one after the other and flushes neither, so
    either may be cut off; it refuses a stack with attributes that it cannot read, and can do
    without them. A state that is lost is made anew: objects are known by name and owner, and
    writing them again adopts them.
    """
    backend = locks.folder_of(stack.target.pulumi.backend)
    if backend is None:
        return False
    file = backend / ".pulumi" / "stacks" / PROJECT / f"{stack.name}.json"
    for part in file.parent.glob(f"{file.name}*.tmp"):
        part.unlink(missing_ok=True)
    attributes = file.with_name(f"{file.name}.attrs")
    if _damaged(attributes):
        attributes.unlink()
    if not _damaged(file):
        return False
    file.replace(file.with_name(f"{file.name}.damaged"))
    return True


def _damaged(file: Path) -> bool:
    try:
        json.loads(file.read_bytes())
    except FileNotFoundError:
        return False
    except ValueError:
        return True
    return False


def init(stack: Stack) -> None:
    """Create the stack; one that is there already is as good."""
    code, said = _run(stack, ["stack", "init", stack.name, "--no-select"])
    if code and "already exists" not in said:
        raise errors.EngineFailed(
            f"Pulumi could not create the stack {stack.name!r}",
            details=[*said.strip().splitlines()[-3:], f"full output: {stack.log}"],
            resolution="Check pulumi.backend and pulumi.passphraseFile in the environment file.",
        )


def unprotect(stack: Stack) -> None:
    """Let the next update delete what holds data, for which a second person has agreed."""
    code, said = _run(stack, ["state", "unprotect", "--all", "--yes", f"--stack={stack.name}"])
    if code:
        raise errors.EngineFailed(
            f"Pulumi could not take the protection off the stack {stack.name!r}",
            details=[*said.strip().splitlines()[-3:], f"full output: {stack.log}"],
            resolution="Run the same command again.",
        )


def forget_pending(stack: Stack) -> None:
    """Drop operations that a killed update left as pending; what they made is written anew.

    Pulumi itself keeps a pending creation until a person decides. Here the objects are known by
    name and owner, and an import of the state takes every pending operation out of it.
    """
    file = stack.folder / "state.json"
    file.unlink(missing_ok=True)
    file.touch(_PLAIN)
    try:
        code, said = _run(stack, ["stack", "export", f"--stack={stack.name}", f"--file={file}"])
        if not code:
            stored = json.loads(file.read_bytes())
            if not (stored.get("deployment") or {}).get("pending_operations"):
                return
            code, said = _run(stack, ["stack", "import", f"--stack={stack.name}", f"--file={file}"])
    finally:
        file.unlink(missing_ok=True)
    if code:
        raise errors.EngineFailed(
            f"Pulumi could not forget what was pending in the stack {stack.name!r}",
            details=[*said.strip().splitlines()[-3:], f"full output: {stack.log}"],
            resolution="Run the same command again.",
        )


def remove(stack: Stack) -> None:
    """Forget a stack whose objects are gone: what it still holds are its provider and itself."""
    options = ["--yes", "--skip-preview", "--suppress-outputs", f"--stack={stack.name}"]
    code, said = _run(stack, ["destroy", *options])
    if not code:
        code, said = _run(stack, ["stack", "rm", "--yes", stack.name])
    if code and "no stack named" not in said:
        raise errors.EngineFailed(
            f"Pulumi could not remove the empty stack {stack.name!r}",
            details=[*said.strip().splitlines()[-3:], f"full output: {stack.log}"],
            resolution="Run the same command again.",
        )


def up(stack: Stack, program: Callable[[], None], *, refresh: bool) -> Generator[Event, None, int]:
    """Run one update and yield Pulumi's events as they come; returns its exit code.

    An empty event now and then says that none came for a while.

    On Ctrl-C the update is asked once to stop, ends what it has begun, and the events that
    tell of it are still yielded before KeyboardInterrupt goes on. Asked twice, or out of time,
    it is killed: its state then names what was under way, which the next update settles.
    """
    return _run_program(stack, program, ["up", "--yes", "--skip-preview"], refresh=refresh)


def preview(
    stack: Stack, program: Callable[[], None], *, refresh: bool
) -> Generator[Event, None, int]:
    """As ``up``, but what would be done is only told. Nothing is written, no lock is taken."""
    return _run_program(stack, program, ["preview"], refresh=refresh)


def _run_program(
    stack: Stack, program: Callable[[], None], verb: list[str], *, refresh: bool
) -> Generator[Event, None, int]:
    log = stack.folder / "events.jsonl"
    log.unlink(missing_ok=True)
    with serving.served(program) as port:
        arguments = [
            *verb,
            "--suppress-outputs",
            "--suppress-progress",
            f"--client=127.0.0.1:{port}",
            "--exec-kind=auto.inline",
            f"--event-log={log}",
            f"--stack={stack.name}",
            f"--refresh={str(refresh).lower()}",
        ]
        with _started(stack, arguments) as child:
            return (yield from _followed(child, log, stack.target.timeouts))


@dataclass(slots=True)
class _Watch:
    """Over a child: asks it once to stop when its time is up, and kills one that does not."""

    child: subprocess.Popen[bytes]
    timeouts: environment.Timeouts
    until: float
    asked: bool = False

    def look(self) -> None:
        if time.monotonic() > self.until:
            self.stop()

    def stop(self) -> None:
        (_kill if self.asked else _ask_to_stop)(self.child)
        self.asked = True
        self.until = time.monotonic() + self.timeouts.stop


def _followed(
    child: subprocess.Popen[bytes], log: Path, timeouts: environment.Timeouts
) -> Generator[Event, None, int]:
    stopped: KeyboardInterrupt | None = None
    watch = _Watch(child, timeouts, time.monotonic() + timeouts.pulumi)
    with contextlib.closing(events.Stream(log)) as stream:
        while True:
            try:
                ended = child.poll() is not None
                yield from stream.new()
                if ended:
                    break
                watch.look()
                time.sleep(_POLL)
            except KeyboardInterrupt as interrupted:
                watch.stop()
                if stopped:
                    raise
                stopped = interrupted
    log.unlink(missing_ok=True)
    if stopped:
        raise stopped
    if watch.asked:
        raise _too_long(timeouts.pulumi, "timeouts.pulumi")
    return child.returncode


def _ask_to_stop(child: subprocess.Popen[bytes]) -> None:
    # To Pulumi alone, and once: its provider must live on to end what it has begun, and a
    # second signal would make Pulumi forget which writes those were.
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(signal.SIGINT)


def _kill(child: subprocess.Popen[bytes]) -> None:
    """End it at once. One that is stopped (SIGSTOP) can be ended in no other way."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def _sweep(session: int) -> None:
    """End what is left of a child's session: providers, whose process groups are their own.

    They outlive a Pulumi that was killed, by us or for want of memory.
    """
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(fields[3]) == session:
                os.kill(int(stat.parent.name), signal.SIGKILL)


def _too_long(seconds: float, setting: str) -> errors.EngineFailed:
    return errors.EngineFailed(
        f"Pulumi did not end within {patience.span(seconds)} and was stopped",
        resolution=f"Run the same command again: it goes on from here. {setting} in the "
        "environment file gives it longer.",
    )


@contextlib.contextmanager
def _started(stack: Stack, arguments: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """A child in a session of its own, so that Ctrl-C on the terminal reaches only us."""
    with _log(stack, arguments) as log:
        try:
            child = subprocess.Popen(
                [stack.target.pulumi.command, "--non-interactive", "--color=never", *arguments],
                cwd=stack.folder,
                env=_environment(stack),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as broken:
            raise errors.EngineFailed(
                f"the command {stack.target.pulumi.command!r} cannot be started: {broken.strerror}",
                resolution="Install Pulumi or correct pulumi.command; a lab: onboard lab up",
            ) from broken
        try:
            yield child
        finally:
            try:
                _end(child, stack.target.timeouts.stop)
            finally:
                _sweep(child.pid)


def _end(child: subprocess.Popen[bytes], seconds: float) -> None:
    if child.poll() is not None:
        return
    _ask_to_stop(child)
    try:
        child.wait(seconds)
    except (subprocess.TimeoutExpired, KeyboardInterrupt) as over:
        _kill(child)
        if isinstance(over, KeyboardInterrupt):
            raise


def _run(stack: Stack, arguments: list[str]) -> tuple[int, str]:
    stack.log.touch(_PLAIN)
    before = stack.log.stat().st_size
    longest = stack.target.timeouts.wait
    with _started(stack, arguments) as child:
        try:
            code = child.wait(longest)
        except subprocess.TimeoutExpired:
            _kill(child)
            raise _too_long(longest, "timeouts.wait") from None
    return code, stack.log.read_bytes()[before:].decode(errors="replace")


@contextlib.contextmanager
def _log(stack: Stack, arguments: list[str]) -> Iterator[Any]:
    descriptor = os.open(stack.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _PLAIN)
    with os.fdopen(descriptor, "ab") as log:
        log.write(f"\n$ pulumi {' '.join(arguments)}\n".encode())
        log.flush()
        yield log


def _environment(stack: Stack) -> dict[str, str]:
    """The child's whole environment: where things are, and no secret."""
    pulumi = stack.target.pulumi
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return {
        **kept,
        "KUBECONFIG": str(stack.kubeconfig),
        "PULUMI_HOME": str(pulumi.home),
        **backends.variables(pulumi),
        "PULUMI_BACKEND_URL": backends.url(pulumi),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(pulumi.passphrase_file),
        "PULUMI_CREDENTIAL_STORE": "plaintext",
        # Opens the options by which the Automation API serves an inline program.
        "PULUMI_DEBUG_COMMANDS": "true",
        "PULUMI_AUTOMATION_API": "true",
        "PULUMI_AUTOMATION_API_SKIP_VERSION_CHECK": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        "PULUMI_DISABLE_REGISTRY_RESOLVE": "true",
        # The state can be rebuilt from the live objects, so a copy per write buys nothing.
        "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
        "PULUMI_PARALLEL": "32",
        "PULUMI_PARALLEL_DIFF": "true",
        "PULUMI_K8S_CLIENT_QPS": "500",
        "PULUMI_K8S_CLIENT_BURST": "1000",
        # Whose an object is was checked right before; what a hand changed must come back.
        "PULUMI_K8S_ENABLE_PATCH_FORCE": "true",
        # Changed in place: a ConfigMap made anew would be away for a moment, and no plan said so.
        "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE": "true",
        # Before 4.29 the provider takes up what stands there by itself; from then on it asks.
        "PULUMI_K8S_UPSERT_EXISTING_OBJECTS": "true",
    }
