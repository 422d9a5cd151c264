"""Every crash point of a leaving: each of its four commands killed, then gone on with to the end.

``python -m tests.faults.departing --environment LAB [--shard I/N] [--only PATTERN] [--every N]
[--chain N]``

As ``crash``, with several commands: freeze, revoke, export, destroy. After a kill a user asks
``onboard offboard FILE --status`` for the next step and repeats that step's command, until the
tombstone stands. The end must be that of a leaving that nobody interrupted. Each step begins where
the one before is proven, so one agency may be killed in each, up to ``--chain`` times.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from cryptography import x509

from onboarding import environment, vault
from onboarding.leaving import records, steps
from onboarding.pki import certificates
from onboarding.state import opening
from tests import running
from tests.faults import crash, estate

SCENARIO = replace(crash.SCENARIOS["apply"], name="leave", first=True)
STEPS = tuple(s.value for s in steps.Step)
_AT_MOST = 2 * len(STEPS)
_KEPT = ("vault pki-", "vault mount pki-", "applied ", "files of the store", "leaving ")
"""What the end of a leaving may hold: the chain, the list, and the records of both."""


@dataclass(frozen=True, slots=True)
class Golden:
    """What each step wrote, and what was left at the end of the last."""

    steps: Mapping[str, crash.Golden]
    estate: dict[str, Any]


class Leavers(crash.Bench):
    """Agencies that leave, one after another."""

    def golden_leaving(self, number: int) -> Golden:
        file = self.begun(number)
        agency, code = self.agency(number)
        made = {}
        for step in STEPS:
            words = self._words(step, file)
            began = time.monotonic()
            done, writes = self.watched(agency, *words)
            seconds = time.monotonic() - began
            assert done.code == 0, done.out + done.err
            made[step] = crash.Golden(writes, {}, [], done.code, seconds)
        left = self._left(agency, code)
        too_much = [p for p, thing in left.items() if thing and not p.startswith(_KEPT)]
        assert not too_much, too_much
        self.wipe(number)
        return Golden(made, left)

    def leave(self, number: int, golden: Golden, *at: crash.Point) -> crash.Told:
        """Kill a leaving at each point in turn, go on, compare; what is wrong is told."""
        agency, code = self.agency(number)
        told = crash.Told(at, agency)
        began = time.monotonic()
        file = self.begun(number)
        for point in at:
            step, wrong = self._go_on(file, until=point.step)
            told.wrong += wrong
            if told.wrong:
                break
            if step != point.step:
                # A kill before was so near to the end of its step that the step is done.
                told.miss(point)
                break
            if not self.killed(self._words(point.step, file), point, agency, told):
                break
        known = opening.of(self.target).journal(agency)
        resuming = time.monotonic()
        if told.points and not told.wrong:
            told.wrong += self._go_on(file)[1]
        told.resumed = time.monotonic() - resuming
        if told.points and not told.wrong:
            told.wrong += estate.differences(golden.estate, self._left(agency, code))
            told.wrong += self._after(file, agency)
        if opening.of(self.target).journal(agency)[: len(known)] != known:
            told.wrong.append("the journal lost a record")
        told.seconds = time.monotonic() - began
        if not told.wrong or not self.keep:
            self.wipe(number)
        return told

    def _go_on(self, file: Path, until: str = "") -> tuple[str, list[str]]:
        """Carry out what ``--status`` says is next, until a step is next or nothing is.

        What is next then ("" where nothing is), and what went wrong.
        """
        for _ in range(_AT_MOST):
            step = self._next(file)
            if not step or (until and STEPS.index(step) >= STEPS.index(until)):
                return step, []
            done = self.plain(*self._words(step, file))
            if done.code:
                said = f"{done.out[-1500:]}{done.err[-1500:]}"
                return step, [f"{step} ended with {done.code}: {said}"]
        return step, [f"not at the end after {_AT_MOST} commands: {self._status(file)}"]

    def _next(self, file: Path) -> str:
        """The step that is next; "" where nothing is."""
        status = self._status(file)
        return "" if status["tombstone"] else str(status["next"] or STEPS[0])

    def _status(self, file: Path) -> dict[str, Any]:
        told = self.plain("offboard", str(file), "--status", "--output", "json")
        assert told.code == 0, told.out + told.err
        return dict(json.loads(told.out))

    def _words(self, step: str, file: Path) -> tuple[str, ...]:
        """The command of a step; before the last one the second person has agreed."""
        words = ("offboard", str(file), "--yes")
        match step:
            case steps.Step.EXPORT:
                return (*words, "--bundle", str(file.with_suffix(".bag")))
            case steps.Step.DESTROY:
                day = str(self._status(file)["leaving"]["retainUntil"])
                reviewed = file.with_suffix(".plan")
                if not reviewed.exists():
                    asked = ("--as-of", day, "--out", str(reviewed))
                    _good(self.plain("offboard", str(file), *asked))
                    _good(self.plain("approve", str(reviewed), "--yes"))
                return (*words, "--as-of", day, "--plan", str(reviewed))
        return words

    def _after(self, file: Path, agency: str) -> list[str]:
        """What is wrong if the command is given once more: it must refuse, and write nothing."""
        again, writes = self.watched(agency, "offboard", str(file), "--yes")
        requests = [w for w in writes if not w.startswith(crash.DISK)]
        if requests or "has left" not in again.err:
            return [f"once more ended with {again.code} and wrote {requests}: {again.err[-500:]}"]
        return []

    def _left(self, agency: str, code: str) -> dict[str, Any]:
        found = estate.of(self.target, agency, code)
        # Beside a tombstone neither the leaving nor a second lease says anything any more, and a
        # rejoining takes them away.
        found["files of the store"] = sorted(
            set(found["files of the store"]) - {f"{records.LEAVING}.json"}
        )
        with vault.connect(self.target, environment.Role.APPLIER) as door:
            found["leaving list"] = _list(door, f"pki-{agency}-sign")
        found["leaving tombstone"] = self._tombstone(agency)
        return found

    def _tombstone(self, agency: str) -> dict[str, Any]:
        store = opening.of(self.target)
        tombstone = store.kept(agency, records.TOMBSTONE)
        assert tombstone is not None
        of = steps.from_json(tombstone["leaving"])
        facts = {e.step.value: e.facts for e in of.evidence}
        destruction = of.destruction
        assert destruction is not None
        return {
            "documents": sorted(
                re.sub(r"-[0-9a-f]{64}$", "", n)
                for n in store.kept_names(agency)
                if n != records.LEAVING
            ),
            "evidence": [e.step.value for e in of.evidence],
            "altered": steps.altered(of, store.journal(agency)),
            "buried": store.journal(agency)[-1].event,
            "objects frozen": facts["freeze"]["objects"],
            "sign-in off": len(facts["freeze"]["signInOff"]),
            "revoked": len(facts["revoke"]["revoked"]),
            "letters": [one["letters"] for one in facts["export"]["letters"]],
            "destroyed": len(destruction.refs),
            "approvals": len(destruction.approval["approvals"]),
            "before": destruction.approval["before"],
            "after": facts["destroy"]["after"],
            "on the list": facts["destroy"]["list"]["revoked"],
        }


def _list(door: vault.Vault, mount: str) -> dict[str, Any]:
    """The last revocation list: whether it holds what is revoked, and holds for good."""
    of = x509.load_pem_x509_crl(door.text(f"{mount}/crl/pem").encode())
    answers = door.read_all(f"{mount}/cert/{s}" for s in door.names(f"{mount}/certs"))
    revoked = {s.rpartition("/")[2] for s, a in answers.items() if (a or {}).get("revocation_time")}
    assert of.next_update_utc is not None
    return {
        "revoked": len(of),
        "whole": {certificates.serial(one.serial_number) for one in of} == revoked,
        "years": (of.next_update_utc - of.last_update_utc).days // 365,
    }


def _good(done: running.Done) -> None:
    assert done.code == 0, done.out + done.err


def points(golden: Golden) -> list[crash.Point]:
    """All crash points, step by step."""
    return [
        replace(point, step=step) for step, of in golden.steps.items() for point in crash.points(of)
    ]


def rows(chosen: Sequence[crash.Point], longest: int) -> list[tuple[crash.Point, ...]]:
    """Up to so many points of each step for one agency, until none is left."""
    by_step = [crash.chains([p for p in chosen if p.step == step], longest) for step in STEPS]
    return [
        tuple(itertools.chain.from_iterable(row))
        for row in itertools.zip_longest(*by_step, fillvalue=())
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", required=True)
    parser.add_argument("--shard", default="1/1")
    parser.add_argument("--only", default="", help="points whose name fits this pattern")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--chain", type=int, default=1, help="points of a step for one agency")
    parser.add_argument("--points", default="", help="their numbers, with commas between")
    parser.add_argument("--list", action="store_true", help="name the points, and no more")
    parser.add_argument("--keep", action="store_true", help="keep agencies of failed points")
    asked = parser.parse_args()
    target = environment.load(environment.locate(asked.environment))
    with tempfile.TemporaryDirectory() as folder:
        bench = Leavers(target, SCENARIO, Path(folder))
        bench.keep = asked.keep
        with bench.between:
            golden = bench.golden_leaving(0)
            every = points(golden)
            chosen = [p for p in crash.shard(every, asked.shard) if re.search(asked.only, str(p))]
            chosen = chosen[:: asked.every]
            if asked.points:
                wanted = {int(n) for n in asked.points.split(",")}
                chosen = [p for n, p in enumerate(every, 1) if n in wanted]
            for step, of in golden.steps.items():
                crash.say(f"{step}: {crash.amount(of)}, uninterrupted {of.seconds:.1f} s")
            crash.say(f"{len(every)} points, {len(chosen)} here")
            if asked.list:
                crash.say("\n".join(f"{every.index(p) + 1:>4} {p}" for p in chosen))
                return 0
            met = crash.all_met(
                rows(chosen, asked.chain), lambda n, row: bench.leave(n, golden, *row)
            )
            return crash.tell(met)


if __name__ == "__main__":
    sys.exit(main())
