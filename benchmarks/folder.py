"""``python -m benchmarks.folder [ROUNDS]``: 8,000 manifests, about 1,000,000 users.

Generates the folder (seeded: the same bytes every time), then measures, in turn and each as a
process of its own: parsing the same files with PyYAML's C loader, and ``onboard validate``,
``capacity`` and ``programme`` over the folder. Prints the medians of seconds by the clock and of
CPU, their ratios to the C loader in the same round, and the peak memory for 2,000 and 8,000 files.
"""

from __future__ import annotations

import os
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks import tenants

SEED = 2569
FILES, FEWER = 8_000, 2_000
FLOOR = "PyYAML's C loader alone"
_PARSE = """
import sys, yaml
from pathlib import Path
for path in sorted(Path(sys.argv[1]).rglob("*.yaml")):
    yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader)
"""
_LINK = """
links:
  - id: exchange-{pair}
    kind: data-exchange
    peer: {peer}
    direction: {direction}
    dataset: register
    basis: agreement of both agencies
    class: internal
    expires: 2027-06-30
"""


class Cost(NamedTuple):
    """Seconds by the clock and of CPU, and the most memory the process ever had, in MiB."""

    wall: float
    cpu: float
    peak: float


def generate(folder: Path, count: int) -> None:
    """``count`` manifests made from the examples, 500 to a folder.

    One in 40 pools 57 bodies, one in 2,700 is federated, all others are small and dedicated. One
    in three has a parent, one in ten exchanges data with its neighbour.
    """
    made = random.Random(SEED)  # noqa: S311 - the same folder every time, nothing secret
    examples = {
        name: (tenants.ROOT / "examples" / f"{name}.yaml").read_text(encoding="utf-8")
        for name in ("admincourt", "plk-lao", "moph")
    }
    for number in range(count):
        users = made.randint(10, 142)
        if number % 2_700 == 1:
            text = _federated(examples["moph"], number)
        elif number % 40 == 0:
            text = _pooled(examples["plk-lao"], number)
        else:
            text = _dedicated(examples["admincourt"], number, users)
        below = folder / f"{number // 500:02}"
        below.mkdir(exist_ok=True)
        (below / f"{_id(number)}.yaml").write_text(text, encoding="utf-8")


def _id(number: int) -> str:
    return f"agency-{number:05}"


def _replaced(text: str, number: int, *pairs: tuple[str, str]) -> str:
    """``text`` with each pair replaced, which must be in it, and a code of its own."""
    code = f"{10_000 + number}"
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return re.sub(
        r'ministryCode: "[0-9]+", departmentCode: "[0-9]+"',
        f'ministryCode: "{code[:2]}", departmentCode: "{code}"',
        text,
    )


def _dedicated(text: str, number: int, users: int) -> str:
    text = _replaced(
        text,
        number,
        ("admincourt", _id(number)),
        ("nameTh: สำนักงานศาลปกครอง", f"nameTh: สำนักงาน {number}"),
        ("{initial: 2500, target: 3000}", f"{{initial: {users}, target: {users * 2}}}"),
    )
    if number % 3 == 0 and number % 100 != 3:
        parent = _id(number // 100 * 100 + 3)
        text = text.replace("  letterCode:", f"  parent: {parent}\n  letterCode:")
    if number % 20 in (11, 12):
        first = number % 20 == 11
        text += _LINK.format(
            pair=number if first else number - 1,
            peer=_id(number + 1 if first else number - 1),
            direction="out" if first else "in",
        )
    return text


def _pooled(text: str, number: int) -> str:
    return _replaced(
        text,
        number,
        ("plk-lao", _id(number)),
        ("plk-0", f"body-{number}-0"),
        ("องค์กรปกครองส่วนท้องถิ่น จังหวัดพิษณุโลก", f"องค์กรปกครองส่วนท้องถิ่น {number}"),
        ("เทศบาลนครพิษณุโลก", f"เทศบาลนคร {number}"),
    )


def _federated(text: str, number: int) -> str:
    return _replaced(
        text,
        number,
        ("moph", _id(number)),
        ("กระทรวงสาธารณสุข", f"กระทรวง {number}"),
        ("400000", "100000"),
        ("users: 100000}", "users: 25000}"),
    )


def _run(argv: Sequence[str]) -> Cost:
    """Run a command to its end, which must be good."""
    with tempfile.TemporaryFile() as out:
        began = time.monotonic()
        child = subprocess.Popen(argv, stdout=out, stderr=out)
        _, status, usage = os.wait4(child.pid, 0)
        wall = time.monotonic() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            out.seek(0)
            sys.exit(
                f"{' '.join(argv)} ended with {child.returncode}\n{out.read()[-2000:].decode()}"
            )
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    onboard = [sys.executable, "-m", "onboarding", "--quiet"]
    with tempfile.TemporaryDirectory(prefix="onboard-folder-") as scratch:
        many, few = Path(scratch, "many"), Path(scratch, "few")
        for folder, count in ((many, FILES), (few, FEWER)):
            folder.mkdir()
            generate(folder, count)
        steps = {
            FLOOR: [sys.executable, "-c", _PARSE],
            **{
                f"onboard {name}": [*onboard, name]
                for name in ("validate", "capacity", "programme")
            },
        }
        costs: dict[str, list[Cost]] = {step: [] for step in steps}
        for _ in range(rounds):
            for step, argv in steps.items():
                costs[step].append(_run([*argv, str(many)]))
        fewer = {step: _run([*argv, str(few)]) for step, argv in steps.items()}
    _table(costs, fewer)


def _table(costs: Mapping[str, list[Cost]], fewer: Mapping[str, Cost]) -> None:
    head = ("wall s", "ratio", "CPU s", "ratio", f"MiB at {FEWER:,}", f"at {FILES:,}")
    print(f"{'':<24}", *(f"{word:>{max(8, len(word))}}" for word in head))
    for step, measured in costs.items():
        pairs = list(zip(measured, costs[FLOOR], strict=True))
        cells = (
            f"{statistics.median(cost.wall for cost in measured):>8.2f}",
            f"{statistics.median(ours.wall / floor.wall for ours, floor in pairs):>8.2f}",
            f"{statistics.median(cost.cpu for cost in measured):>8.2f}",
            f"{statistics.median(ours.cpu / floor.cpu for ours, floor in pairs):>8.2f}",
            f"{fewer[step].peak:>{len(head[4])}.0f}",
            f"{max(cost.peak for cost in measured):>8.0f}",
        )
        print(f"{step:<24}", *cells)


if __name__ == "__main__":
    main()
