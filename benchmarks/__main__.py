"""``python -m benchmarks [ROUNDS]``: one tenant's life, beside the stock tools, in one run.

Prints medians over the rounds of wall seconds, CPU seconds, processes and requests, and the
ratios to the peers: the Pulumi Automation API's ``Stack.up()`` of the same program, and
``kubectl apply --server-side`` of the same objects. Run ``onboard lab build`` before, so that
nothing is built while it measures.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from benchmarks import measure, tenants
from onboarding import environment
from tests.integration import outside

LAB = "bench"
ONBOARD = [sys.executable, "-m", "onboarding", "--quiet"]


PEERS = {"stock": "Stack.up() of the same program", "kubectl": "kubectl apply, same objects"}
PULUMI_LAYER = "Pulumi layer of apply"


class Bench:
    """Collects the costs of steps on the lab ``bench``."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.result = folder / "result.json"
        self.env = {**os.environ, "ONBOARD_ENVIRONMENT": LAB, "NO_COLOR": "1"}
        self.costs: dict[str, list[measure.Cost]] = defaultdict(list)
        self.requests: dict[str, list[int]] = defaultdict(list)
        self.counter: outside.Outside | None = None

    def onboard(self, *words: str, allowed: tuple[int, ...] = ()) -> measure.Cost:
        return self._must(measure.run([*ONBOARD, *words], self.env, self.result), allowed)

    def step(self, title: str, *words: str, allowed: tuple[int, ...] = ()) -> None:
        assert self.counter is not None
        before = self.counter.now()
        self.costs[title].append(self.onboard(*words, allowed=allowed))
        self.requests[title].append(sum(self.counter.requests_since(before).values()))

    def peer(self, peer: str, file: Path) -> None:
        argv = [sys.executable, "-m", "benchmarks.peers", peer, LAB, str(file), str(self.folder)]
        self._must(measure.run(argv, self.env, self.result))
        self.costs[PEERS[peer]].append(measure.Cost(**json.loads(self.result.read_text())))

    def pulumi_layer(self) -> None:
        seconds = json.loads(self.result.read_text())["seconds"]["pulumi_stack"]
        self.costs[PULUMI_LAYER].append(measure.Cost(seconds, 0, 0, 0))

    def _must(self, cost: measure.Cost, allowed: tuple[int, ...] = ()) -> measure.Cost:
        if cost.code not in (0, *allowed):
            sys.exit(f"a step ended with {cost.code}; see {self.folder}")
        return cost


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    folder = Path(tempfile.mkdtemp(prefix="onboard-bench-"))
    bench = Bench(folder)
    bench.onboard("lab", "reset", "--name", LAB, "--yes")
    bench.onboard("lab", "up", "--name", LAB)
    bench.counter = outside.Outside(environment.load(environment.locate(LAB)))
    for number in range(rounds):
        bench.onboard("lab", "down", "--name", LAB)
        bench.costs["warm lab start"].append(bench.onboard("lab", "up", "--name", LAB))
        file = str(tenants.manifest(f"bench-{number}", folder))
        bench.step("plan, new tenant", "plan", file)
        bench.step("apply, new tenant", "apply", file, "--yes", "--no-verify", "-o", "json")
        bench.pulumi_layer()
        bench.step("plan, no change", "plan", file)
        bench.step("apply, no change", "apply", file, "--yes", "--no-verify")
        bench.step("verify", "verify", file, allowed=(4,))
        for peer in PEERS:
            bench.peer(peer, tenants.manifest(f"{peer}-{number}", folder))
    bench.onboard("lab", "down", "--name", LAB)
    _table(bench)


def _table(bench: Bench) -> None:
    print(f"{'step':<34} {'wall s':>8} {'CPU s':>8} {'processes':>10} {'requests':>9}")
    for title, measured in bench.costs.items():
        cells = [
            f"{statistics.median(c.wall for c in measured):>8.2f}",
            f"{statistics.median(c.cpu for c in measured):>8.2f}",
            f"{statistics.median(c.processes for c in measured):>10.0f}",
            f"{statistics.median(bench.requests.get(title, [0])):>9.0f}",
        ]
        print(f"{title:<34}", *cells)
    for peer in PEERS.values():
        pairs = zip(bench.costs[PULUMI_LAYER], bench.costs[peer], strict=True)
        ratios = [ours.wall / theirs.wall for ours, theirs in pairs]
        print(f"{PULUMI_LAYER} : {peer} = {statistics.median(ratios):.2f} (wall, median of rounds)")


if __name__ == "__main__":
    main()
