"""One command of an image's making: logged, told about while it runs, and ended with a deadline."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from onboarding import errors, progress
from onboarding.lab.supply import cache, process

_ENDS_WITH_US = (
    # A hard kill of this process ends unshare, and with it, by the kernel, all that it started:
    # whatever sessions, mounts and children of their own they have made.
    *("setpriv", "--pdeathsig", "KILL", "--"),
    *("unshare", "--pid", "--mount-proc", "--fork", "--kill-child=KILL", "--"),
)
_TELL_SECONDS = 15.0
_LIMIT_SECONDS = 3600.0
_TAIL_LINES = 12
_FULL = ("no space left on device", "disk quota exceeded")


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where one image is made: a folder that is thrown away, the log, and who is told."""

    name: str
    folder: Path
    log: Path
    report: progress.Progress
    epoch: int

    def run(
        self,
        what: str,
        arguments: Sequence[str],
        *,
        folder: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Run a command as the step ``what``; all its output goes into the log. It ends with us.

        Raises ``errors.EngineFailed`` with its last lines, or that it took over an hour.
        """
        begun, told = time.monotonic(), [time.monotonic()]
        start = self.log.stat().st_size if self.log.exists() else 0

        def watch() -> None:
            now = time.monotonic()
            if now - begun > _LIMIT_SECONDS:
                raise self._failed(f"{what} takes over {_LIMIT_SECONDS / 60:.0f} min", start)
            if now - told[0] > _TELL_SECONDS:
                told[0] = now
                self.report.note(f"{what}: {now - begun:.0f} s")

        self.report.note(what)
        ended = process.run(
            # Only root has namespaces to give; nobody else makes an image.
            [*(_ENDS_WITH_US if os.geteuid() == 0 else ()), *arguments],
            log=self.log,
            stop=threading.Event(),
            environment={
                **(os.environ if environment is None else environment),
                "SOURCE_DATE_EPOCH": str(self.epoch),
            },
            folder=folder,
            watch=watch,
        )
        if ended.status != 0:
            raise self._failed(f"{what} failed with status {ended.status}", start)

    def _failed(self, why: str, start: int) -> errors.EngineFailed:
        told = process.output(self.log, start)
        if any(sign in told.lower() for sign in _FULL):
            return cache.full(self.name)
        return errors.EngineFailed(
            f"{self.name}: {why}",
            details=[*told.splitlines()[-_TAIL_LINES:], f"full log: {self.log}"],
            resolution="Mend what the last lines say and run the same command again.",
        )
