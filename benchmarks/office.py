"""``python -m benchmarks.office [ROUNDS]``: from ``onboard apply`` to the first sign-in.

On a lab of its own with a real node, which stands with the images of an e-Office loaded. In each
round a fresh agency is applied, a test person made and signed in, as a browser does it. Then its
namespace is taken away and the same is done without the tool, which is the floor: ``kubectl apply``
of the same objects until the pods are ready, the same configuration written over the product's API,
the same person, the same sign-in. Beside it the memory of its pods, as their control groups say,
and the floor of that: the same pods before anybody configures them.

Needs root on Linux. Run ``onboard lab build`` and ``onboard lab image build`` before.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from benchmarks import office_use, tenants
from onboarding.lab import home as homes
from onboarding.lab import images, runtime

T = TypeVar("T")
LAB = "bench-office"
_ONBOARD = [sys.executable, "-m", "onboarding", "--quiet"]
PODS = "pods are ready"
SETTINGS = "the e-Office is configured"
REST = "the rest of apply: plan, Vault, Keycloak, certificate"
PERSON = "a person is made"
SIGN_IN = "the first sign-in"
PARTS = (PODS, SETTINGS, REST, PERSON, SIGN_IN)


class Bench:
    """Seconds of each part with the tool and without it, MiB of each pod, over the rounds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env = {**os.environ, "ONBOARD_ENVIRONMENT": LAB, "NO_COLOR": "1"}
        self.ours: dict[str, list[float]] = defaultdict(list)
        self.floor: dict[str, list[float]] = defaultdict(list)
        self.used: dict[str, list[office_use.Memory]] = defaultdict(list)
        self.started: dict[str, list[office_use.Memory]] = defaultdict(list)
        self.cpu: list[float] = []

    def onboard(self, *words: str) -> str:
        """What a command printed; its messages go where ours do."""
        argv = [*_ONBOARD, *words]
        ended = subprocess.run(argv, env=self.env, stdout=subprocess.PIPE, text=True, check=False)
        if ended.returncode:
            sys.exit(f"onboard {' '.join(words)} ended with {ended.returncode}")
        return ended.stdout

    def person(self, file: Path) -> str:
        made = self.onboard("lab", "person", str(file), "--name", LAB, "--output", "json")
        return str(json.loads(made)["passwordFile"])

    def round(self, file: Path) -> None:
        office = office_use.Office(runtime.current(homes.locate(LAB)), file)
        began, used = time.monotonic(), os.times()
        told = self.onboard("apply", str(file), "--yes", "--no-verify", "--output", "json")
        wall, now = time.monotonic() - began, os.times()
        self.cpu.append(sum(now[2:4]) - sum(used[2:4]))
        seconds = json.loads(told)["seconds"]
        self.ours[PODS].append(seconds["pulumi_stack"])
        self.ours[SETTINGS].append(seconds["ansible_playbooks"])
        self.ours[REST].append(wall - self.ours[PODS][-1] - self.ours[SETTINGS][-1])
        self._signed_in(self.ours, office)
        _remember(self.used, office)

        office.take_away()
        _timed(self.floor, PODS, lambda: office.by_kubectl(self.folder))
        _remember(self.started, office)
        _timed(self.floor, SETTINGS, office.configure)
        self.floor[REST].append(0.0)
        self._signed_in(self.floor, office)
        office.take_away()

    def _signed_in(self, into: dict[str, list[float]], office: office_use.Office) -> None:
        password = _timed(into, PERSON, lambda: self.person(office.file))
        _timed(into, SIGN_IN, lambda: office.sign_in(Path(password)))


def _remember(into: dict[str, list[office_use.Memory]], office: office_use.Office) -> None:
    for pod, taken in office.memory().items():
        into[pod].append(taken)


def _timed(into: dict[str, list[float]], part: str, step: Callable[[], T]) -> T:
    began = time.monotonic()
    came = step()
    into[part].append(time.monotonic() - began)
    return came


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    _refuse()
    lab = ("--name", LAB)
    with tempfile.TemporaryDirectory(prefix="onboard-bench-") as scratch:
        bench = Bench(Path(scratch))
        bench.onboard("lab", "reset", *lab, "--yes")
        try:
            bench.onboard("lab", "up", *lab, "--nodes", "real")
            bench.onboard("lab", "image", "load", *lab)
            # The environment file names an e-Office once its images are on the node.
            bench.onboard("lab", "up", *lab)
            for number in range(rounds):
                bench.round(tenants.manifest(f"office-{number}", bench.folder, "mot"))
        finally:
            bench.onboard("lab", "reset", *lab, "--yes")
    _print(bench)


def _refuse() -> None:
    """Ends where it cannot be measured, with the reason."""
    if sys.platform != "linux" or os.geteuid() != 0:
        sys.exit("not measured: benchmarks.office has a real node, which needs root on Linux")
    missing = [one.name for one in images.status() if not one.archive]
    if missing:
        sys.exit(f"not measured: no image of {', '.join(missing)}. Run: onboard lab image build")


def _print(bench: Bench) -> None:
    print("| from apply to the first sign-in | s | floor s | ratio |\n|---|---:|---:|---:|")
    for part in PARTS:
        print(_row(part, bench.ours[part], bench.floor[part]), "|")
    print(_row("all of it", _sums(bench.ours), _sums(bench.floor)), "|")
    print(f"\nCPU of `apply` itself: {statistics.median(bench.cpu):.1f} s.\n")
    print("| memory of a pod | MiB | just started | ratio | highest |\n|---|---:|---:|---:|---:|")
    for pod, taken in bench.used.items():
        used, started = ([one.used for one in of] for of in (taken, bench.started[pod]))
        highest = statistics.median(one.highest for one in taken)
        print(_row(pod, used, started, digits=0), f"| {highest:.0f} |")


def _sums(parts: dict[str, list[float]]) -> list[float]:
    """Of each round."""
    return [sum(seconds) for seconds in zip(*(parts[part] for part in PARTS), strict=True)]


def _row(what: str, ours: list[float], floor: list[float], digits: int = 1) -> str:
    """Medians over the rounds, and that of the ratios in each round."""
    cells = f"{statistics.median(ours):.{digits}f} | {statistics.median(floor):.{digits}f}"
    ratios = [one / other for one, other in zip(ours, floor, strict=True) if other]
    ratio = f"{statistics.median(ratios):.2f}" if ratios else "–"
    return f"| {what} | {cells} | {ratio}"


if __name__ == "__main__":
    main()
