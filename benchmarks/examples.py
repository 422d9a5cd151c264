"""``python -m benchmarks.examples``: time and requests of the three examples on a fresh lab.

Requests are counted by the API server and by OpenBao (their audit logs), those of Pulumi and
Ansible included; Keycloak's are left out, for its log holds writes only.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import __main__ as whole
from benchmarks import tenants
from onboarding import environment
from tests.integration import outside

EXAMPLES = ("moph", "admincourt", "plk-lao")


def main() -> None:
    bench = whole.Bench(Path(tempfile.mkdtemp(prefix="onboard-bench-")))
    bench.onboard("lab", "reset", "--name", whole.LAB, "--yes")
    bench.onboard("lab", "up", "--name", whole.LAB)
    counter = outside.Outside(environment.load(environment.locate(whole.LAB)))
    print(f"{'example':<12} {'command':<10} {'wall s':>7} {'CPU s':>7} {'cluster':>8} {'vault':>6}")
    for example in EXAMPLES:
        file = str(tenants.ROOT / "examples" / f"{example}.yaml")
        for title, *words in (
            ("plan", "plan", file),
            ("apply", "apply", file, "--yes", "--no-verify"),
            ("no-op", "apply", file, "--yes", "--no-verify"),
            ("verify", "verify", file),
        ):
            before = counter.now()
            cost = bench.onboard(*words, allowed=(4,))
            asked = counter.requests_since(before)
            print(
                f"{example:<12} {title:<10} {cost.wall:>7.2f} {cost.cpu:>7.2f}"
                f" {asked['cluster']:>8} {asked['vault']:>6}"
            )
    bench.onboard("lab", "down", "--name", whole.LAB)


if __name__ == "__main__":
    main()
