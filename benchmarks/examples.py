"""``python -m benchmarks.examples [NAME …]``: every example side by side on a fresh lab.

Prints a table in Markdown: what each example becomes, how long it takes to apply it, to apply it
again and to verify it, and how its controls ended; then applies all of them once more and ends
with an error if any engine saw a write. ``--expect`` puts how the controls ended into
``tests/examples/expected.yaml`` as well; read the difference before committing it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from onboarding import desired, environment, item
from tests.examples import expected
from tests.integration import outside

_VAULT_ROLES = ("PkiRole", "KubernetesAuthRole")
_COLUMNS = (
    "example", "namespaces", "objects", "clients", "Vault roles", "apply s", "again s", "verify s",
    "passed", "not applicable", "open",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.examples")
    parser.add_argument("names", nargs="*", default=expected.NAMES, metavar="NAME")
    parser.add_argument("--lab", default="bench", help="it is wiped first")
    parser.add_argument("--expect", action="store_true")
    asked = parser.parse_args()
    os.environ["ONBOARD_ENVIRONMENT"] = asked.lab
    _onboard("lab", "reset", "--name", asked.lab, "--yes")
    _onboard("lab", "up", "--name", asked.lab)
    target = environment.load(environment.locate(asked.lab))
    rows, live = [], {}
    for name in asked.names:
        row, live[name] = _measured(target, name)
        print(*row, file=sys.stderr, flush=True)
        rows.append(row)
    writes = _again(target, asked.names)
    _onboard("lab", "down", "--name", asked.lab)
    _print(rows)
    if asked.expect:
        expected.write(live)
    if writes:
        sys.exit("applying all again wrote:\n" + "\n".join(writes))
    print(f"\nApplied again: {len(rows)} examples, 0 writes.")


def _onboard(*words: str, allowed: Sequence[int] = (0,)) -> tuple[float, str]:
    """Seconds and stdout of one command."""
    began = time.monotonic()
    ended = subprocess.run(
        [sys.executable, "-m", "onboarding", "--quiet", *words],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ended.returncode not in allowed:
        sys.exit(f"onboard {' '.join(words)}: exit code {ended.returncode}\n{ended.stderr}")
    return time.monotonic() - began, ended.stdout


def _measured(target: environment.Environment, name: str) -> tuple[list[str], dict[str, Any]]:
    """The row of one example, and how its controls ended."""
    apply = ("apply", *_example(name), "--yes", "--no-verify")
    seconds = [_onboard(*apply)[0], _onboard(*apply)[0]]
    verifying, report = _onboard("verify", *_example(name), "-o", "json", allowed=(0, 4))
    findings = json.loads(report)["findings"]
    ended = expected.live(findings)
    controls = {f["id"] for f in findings}
    row = [
        name,
        *map(str, _counts(target, name)),
        *(f"{s:.1f}" for s in (*seconds, verifying)),
        str(len(controls) - len(ended["open"]) - len(ended["notApplicable"])),
        str(len(ended["notApplicable"])),
        ", ".join(ended["open"]) or "none",
    ]
    return row, ended


def _example(name: str) -> tuple[str, ...]:
    return str(expected.file(name)), "--with", str(expected.FOLDER)


def _counts(target: environment.Environment, name: str) -> tuple[int, ...]:
    """Namespaces, objects of the cluster, clients of Keycloak, roles of Vault."""
    items = desired.everything(expected.resolved(name, target), target)
    kinds = Counter(i.ref.kind for i in items)
    objects = sum(i.ref.engine is item.EngineName.CLUSTER for i in items)
    roles = sum(kinds[kind] for kind in _VAULT_ROLES)
    return kinds["Namespace"], objects, kinds["Client"], roles


def _again(target: environment.Environment, names: Sequence[str]) -> list[str]:
    """Apply all of them once more; what the engines saw written."""
    counter = outside.Outside(target)
    before = counter.now()
    for name in names:
        _onboard("apply", *_example(name), "--yes", "--no-verify")
    return counter.writes_since(before)


def _print(rows: list[list[str]]) -> None:
    print("|", " | ".join(_COLUMNS), "|")
    print("|---|" + "---:|" * (len(_COLUMNS) - 2) + "---|")
    for row in rows:
        print("|", " | ".join(row), "|")


if __name__ == "__main__":
    main()
