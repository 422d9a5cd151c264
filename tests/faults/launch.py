"""``python -m tests.faults.launch SPEC WORDS…``: the command line, watched and led elsewhere.

SPEC is JSON: ``ports`` leads this process's connections to another port of this computer;
``files`` names a file that gets a line for every durable write of this process (when, and its
key), ``die`` (``[key, "before" | "after"]``) kills everything this run has started at one of them,
and ``refuse`` (``[number, errno]``) lets every one from a number on fail. A file put in its place
(rename, or link where it must be new) and an appended record (write, then fsync) are such writes;
their keys say what they are without the names and numbers of one run. Nothing of this is in the
product.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.faults import processes


def _lead(ports: dict[int, int]) -> None:
    connect = socket.socket.connect

    def led(self: socket.socket, address: Any) -> None:
        if self.family == socket.AF_INET and address[1] in ports:
            address = (address[0], ports[address[1]])
        connect(self, address)

    setattr(socket.socket, "connect", led)  # noqa: B010 - the type checker minds the other way


class _Files:
    """Counts what goes to disk, and dies where told."""

    def __init__(
        self, log: str, die: tuple[str, str] | None, refuse: tuple[int, int] | None
    ) -> None:
        self._log = log
        self._die = die
        self._refuse = refuse
        self._number = 0
        self._seen: Counter[str] = Counter()

    def watch(self, name: str, place: Callable[..., str]) -> None:
        real = getattr(os, name)

        def watched(*arguments: Any, **options: Any) -> Any:
            if threading.current_thread() is threading.main_thread():
                self._number += 1
            else:  # The lease is renewed when it is time, not when the run gets there.
                return self._unless_refused(real, *arguments, **options)
            key = self._key(name, Path(place(*arguments)))
            with Path(self._log).open("a", encoding="utf-8") as log:
                log.write(f"{time.time():.6f} {key}\n")
            if self._die == (key, "before"):
                self._end()
            done = self._unless_refused(real, *arguments, **options)
            if self._die == (key, "after"):
                self._end()
            return done

        setattr(os, name, watched)

    def _key(self, name: str, place: Path) -> str:
        what = _record(place) if place.name == "journal.jsonl" else _file(place.name)
        self._seen[f"{name} {what}"] += 1
        return f"disk {name} {what} #{self._seen[f'{name} {what}']}"

    def _unless_refused(self, real: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        if self._refuse and self._number >= self._refuse[0]:
            raise OSError(self._refuse[1], os.strerror(self._refuse[1]))
        return real(*arguments, **options)

    def _end(self) -> None:
        for process in processes.tree(os.getpid()) - {os.getpid()}:
            processes.kill_tree(process)
        os.kill(os.getpid(), signal.SIGKILL)


def _file_of(handle: int, *_: Any) -> str:
    return str(Path(f"/proc/self/fd/{handle}").readlink())


def _file(name: str) -> str:
    """The name of a file, or of a thing, without what is random in it, or counts."""
    if name.startswith((".new-", "tmp")):
        return "(new file)"
    half_made = re.fullmatch(r"\.(.+)\.[a-z0-9_]{8}", name)
    named = re.sub(r"(-[0-9a-f]{64})?(@\d+-\d+)?", "", half_made[1] if half_made else name)
    named = re.sub(r"\b[0-9a-f]{40}\b", "(key)", named)
    named = re.sub(r"^lease\.\d+", "lease", named)
    return re.sub(r"\b[0-9a-f]{2}([:-][0-9a-f]{2}){7,}\b", "(serial)", named)


def _record(journal: Path) -> str:
    """The record that a journal ends with: its event, and what it is about."""
    checksum, _, last = journal.read_text(encoding="utf-8").splitlines()[-1].partition(" ")
    if len(checksum) != 64:
        return _file(journal.name)  # a copy for the agency, which is none
    record = json.loads(last)
    of = record.get("details", {})
    about = of.get("ref") or of.get("engine") or of.get("name") or of.get("step") or ""
    return " ".join(filter(None, ("record", record["event"], _file(str(about)))))


def main() -> None:
    spec = json.loads(sys.argv[1])
    sys.argv = ["onboard", *sys.argv[2:]]
    _lead({int(port): to for port, to in spec["ports"].items()})
    if "files" in spec:
        die = spec.get("die")
        refuse = spec.get("refuse")
        files = _Files(
            spec["files"],
            (str(die[0]), str(die[1])) if die else None,
            (int(refuse[0]), int(refuse[1])) if refuse else None,
        )
        files.watch("fsync", _file_of)
        for name in ("replace", "link"):
            files.watch(name, lambda _, to: str(to))
    from onboarding.cli import main as command_line

    command_line.main()


if __name__ == "__main__":
    main()
