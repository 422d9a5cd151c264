"""``python -m benchmarks.examples [NAME …]``: every example side by side on a fresh lab.

Prints a table in Markdown: what each example becomes, how long it takes to apply it, to apply it
again and to verify it, and how its controls ended. ``--expect`` puts that last part into
``tests/examples/expected.yaml`` as well; read the difference before committing it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks import __main__ as whole
from onboarding import desired, environment, item
from tests.examples import expected
from tests.integration import outside

_VAULT_ROLES = ("PkiRole", "KubernetesAuthRole")
_COLUMNS = (
    "example", "namespaces", "objects", "clients", "Vault roles", "apply s", "again s", "verify s",
    "passed", "not applicable", "open",
)  # fmt: skip


def main() -> None:
    words = sys.argv[1:]
    names = [word for word in words if word != "--expect"] or expected.NAMES
    bench = whole.Bench(Path(tempfile.mkdtemp(prefix="onboard-bench-")))
    bench.onboard("lab", "reset", "--name", whole.LAB, "--yes")
    bench.onboard("lab", "up", "--name", whole.LAB)
    target = environment.load(environment.locate(whole.LAB))
    rows, live = [], {}
    for name in names:
        row, findings = _measured(bench, target, name)
        live[name] = expected.live(findings)
        print(*row, file=sys.stderr, flush=True)
        rows.append(row)
    _again(bench, target, names)
    bench.onboard("lab", "down", "--name", whole.LAB)
    _print(rows)
    if "--expect" in words:
        expected.write(live)


def _measured(
    bench: whole.Bench, target: environment.Environment, name: str
) -> tuple[list[str], list[dict[str, Any]]]:
    """The row of one example, and the findings of its verification."""
    apply = ("apply", *_example(name), "--yes", "--no-verify")
    seconds = [bench.onboard(*apply).wall, bench.onboard(*apply).wall]
    seconds.append(bench.onboard("verify", *_example(name), "-o", "json", allowed=(4,)).wall)
    findings: list[dict[str, Any]] = json.loads(bench.result.read_text())["findings"]
    ended = expected.live(findings)
    controls = {f["id"] for f in findings}
    row = [
        name,
        *map(str, _counts(target, name)),
        *(f"{s:.1f}" for s in seconds),
        str(len(controls) - len(ended["open"]) - len(ended["notApplicable"])),
        str(len(ended["notApplicable"])),
        ", ".join(ended["open"]) or "none",
    ]
    return row, findings


def _example(name: str) -> tuple[str, ...]:
    return str(expected.file(name)), "--with", str(expected.FOLDER)


def _counts(target: environment.Environment, name: str) -> tuple[int, ...]:
    """Namespaces, objects of the cluster, clients of Keycloak, roles of Vault."""
    items = desired.everything(expected.resolved(name, target), target)
    kinds = Counter(i.ref.kind for i in items)
    objects = sum(i.ref.engine is item.EngineName.CLUSTER for i in items)
    roles = sum(kinds[kind] for kind in _VAULT_ROLES)
    return kinds["Namespace"], objects, kinds["Client"], roles


def _again(bench: whole.Bench, target: environment.Environment, names: Sequence[str]) -> None:
    """Apply all of them once more: no engine may see a write."""
    counter = outside.Outside(target)
    before = counter.now()
    for name in names:
        bench.onboard("apply", *_example(name), "--yes", "--no-verify")
    writes = counter.writes_since(before)
    if writes:
        sys.exit("a second apply wrote:\n" + "\n".join(writes))
    print(f"applied again: {len(names)} examples, 0 writes", file=sys.stderr)


def _print(rows: list[list[str]]) -> None:
    print("|", " | ".join(_COLUMNS), "|")
    print("|---|" + "---:|" * (len(_COLUMNS) - 2) + "---|")
    for row in rows:
        print("|", " | ".join(row), "|")


if __name__ == "__main__":
    main()
