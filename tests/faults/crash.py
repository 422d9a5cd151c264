"""Every crash point of a run: kill there, go on with the plain command, compare the end.

``python -m tests.faults.crash --environment LAB [--scenario apply|update] [--shard I/N]
[--chain N]``

A golden run counts what is written: the requests to the three systems (Pulumi's and Ansible's
included, numbered by the proxy) and the durable writes of the run's own process (journal records
and files put in place, by ``launch``). A crash point is the state after one of them. "Before" a
write is the state after the one that precedes it, and so a point already, but for requests that
are under way side by side (Pulumi's): those are killed before as well as after.

At each point a run is killed with everything it started; then ``onboard apply FILE --yes`` goes
on. At the end all systems must hold what they hold after the golden run (I1, I2, I4; ``estate``),
the controls must judge the same, nothing that was recorded may be gone (I3), and a third run must
write nothing. With ``--chain N`` one agency meets up to N points that lie far apart, one after the
other: the run that goes on is the next to be killed. A point that such a run no longer passes is
met by an agency of its own.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import shutil
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from onboarding import environment, errors, kube, labels
from onboarding.identity import keycloak
from onboarding.state import opening
from tests import running
from tests.faults import estate, proxy

_VILLAGE = Path(__file__).parent / "village.yaml"
_MINISTRY = running.ROOT / "examples" / "moph.yaml"
_SIDE_BY_SIDE = "cluster "
DISK = "disk "
_POD = re.compile(r"-[0-9a-f]{8,10}-[a-z0-9]{5}$")
"""What a Deployment adds to its own name in that of a pod."""
_OTHERS = re.compile(r"\bga-c[0-9a-z]{5}x\d{4}-\S+, ")
"""Namespaces of agencies of other points, which were wiped and take their time to go."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """A manifest whose ``code`` (of its department) and id are replaced, and what is done with it.

    ``first``: applied whole before; ``changed``: what the run at stake changes in it; ``kinds``:
    one point for each kind of write, not for each write.
    """

    name: str
    manifest: Path = _VILLAGE
    id: str = "village"
    code: str = "15900"
    kinds: bool = False
    first: bool = False
    changed: tuple[tuple[str, str], ...] = ()
    words: tuple[str, ...] = ("apply", "FILE", "--yes")


SCENARIOS = {
    s.name: s
    for s in (
        Scenario("apply"),
        Scenario("ministry", manifest=_MINISTRY, id="moph", code="21002", kinds=True),
        Scenario(
            "update",
            first=True,
            changed=(
                ("users: 19}\n", "users: 10}\n    - {id: village-2, nameTh: บ้านใหม่, users: 9}\n"),
                ("onboarded: 1, total: 1", "onboarded: 2, total: 2"),
                (
                    "retentionYears: 10\n      workCalendar",
                    "retentionYears: 12\n      workCalendar",
                ),
                ("[village.example.go.th]", "[office.village.example.go.th]"),
                ("saraban@village", "saraban@office.village"),
            ),
            words=(
                *("apply", "FILE", "--yes", "--allow-delete"),
                *("--allow-opening", "--allow-looser-identity"),
            ),
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Point:
    """Where to kill: before or after a write, which is a request or on disk, by its key.

    ``alone``: the key holds a count, which means the same only in a run that begins at nothing,
    so nothing was killed before.
    ``step``: of several commands the one that is killed.
    """

    when: str
    write: str
    alone: bool = False
    step: str = ""

    def __str__(self) -> str:
        where = f"{self.when} {self.write}"
        return f"{self.step}: {where}" if self.step else where


@dataclass(frozen=True, slots=True)
class Golden:
    """What an uninterrupted run wrote, left behind and was judged to be."""

    writes: tuple[str, ...]
    estate: dict[str, Any]
    findings: list[str]
    code: int
    seconds: float

    @property
    def requests(self) -> list[str]:
        return [w for w in self.writes if not w.startswith(DISK)]


@dataclass(slots=True)
class Told:
    """How one point ended."""

    points: tuple[Point, ...]
    agency: str
    wrong: list[str] = field(default_factory=list)
    missed: list[Point] = field(default_factory=list)
    resumed: float = 0.0
    seconds: float = 0.0

    def miss(self, point: Point) -> None:
        """Neither this point nor those that were to follow it were met."""
        met = self.points.index(point)
        self.missed = list(self.points[met:])
        self.points = self.points[:met]


class Bench:
    """Agencies of one scenario on one lab, one after another."""

    def __init__(self, target: environment.Environment, scenario: Scenario, folder: Path) -> None:
        self.target = target
        self.scenario = scenario
        self.folder = folder
        self.keep = False
        self.prefix = f"c{format(int(time.time()) % 36**3, '05d')}"
        self.between = proxy.Proxy(target, folder)
        # No two agencies of an environment may have one department code.
        known = " ".join(opening.of(target).manifests().values())
        codes = (f"{scenario.code[:2]}{n}" for n in range(100, 1000))
        free = [code for code in codes if f'"{code}"' not in known]
        # Other parts may be running on the same lab.
        start = time.time_ns() % len(free)
        self._codes = free[start:] + free[:start]

    def agency(self, number: int) -> tuple[str, str]:
        """Id and department code of the agency of a point; all ids are of one length."""
        return f"{self.prefix}x{number:04d}", self._codes[number % len(self._codes)]

    def manifest(self, number: int, *, changed: bool) -> Path:
        agency, code = self.agency(number)
        of = self.scenario
        text = of.manifest.read_text(encoding="utf-8")
        # Names of certificates hold the agency's.
        text = re.sub(r"(?m)^(  nameEn: .*)$", rf"\1 {of.id}", text, count=1)
        for before, after in of.changed if changed else ():
            assert before in text, before
            text = text.replace(before, after)
        text = re.sub(rf"\b{of.id}\b", agency, text)
        path = self.folder / f"{agency}.yaml"
        path.write_text(text.replace(f'"{of.code}"', f'"{code}"'), encoding="utf-8")
        return path

    def words(self, file: Path) -> list[str]:
        return [str(file) if w == "FILE" else w for w in self.scenario.words]

    def golden(self, number: int) -> Golden:
        """An uninterrupted run of an agency of its own, through the proxy."""
        file = self.begun(number)
        agency, code = self.agency(number)
        began = time.monotonic()
        done, writes = self.watched(agency, *self.words(file), "--output", "json")
        seconds = time.monotonic() - began
        assert done.code in (0, errors.ExitCode.FINDINGS), done.out + done.err
        left = estate.of(self.target, agency, code)
        judged = _findings(done.out, agency, code)
        assert not [one for one in judged if re.match(r"PKI-\d+ fail ", one)], judged
        golden = Golden(writes, left, judged, done.code, seconds)
        self.wipe(number)
        return golden

    def watched(self, agency: str, *words: str) -> tuple[running.Done, tuple[str, ...]]:
        """A command through the proxy to its end: what it wrote to systems and disk, in order."""
        log = self.folder / "files.log"
        log.unlink(missing_ok=True)
        done = self.between.onboard(*words, spec={"files": str(log)})
        asked = [(a.at, self._key(a, agency)) for a in self.between.writes]
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        for line in lines:
            at, _, key = line.partition(" ")
            asked.append((float(at), key.replace(agency, "{agency}")))
        return done, tuple(key for _, key in sorted(asked))

    def begun(self, number: int) -> Path:
        """The manifest of a number, with what the scenario has before it already applied."""
        if self.scenario.first:
            file = self.manifest(number, changed=False)
            done = self.plain("apply", str(file), "--yes", "--no-verify", "--output", "json")
            assert done.code == 0, done.out + done.err
        return self.manifest(number, changed=True)

    def plain(self, *words: str) -> running.Done:
        """As a user runs it, with no proxy between."""
        return running.onboard(*words, "--environment", self.target.name)

    def _key(self, asked: proxy.Asked, agency: str) -> str:
        return asked.key.replace(agency, "{agency}")

    def crash(self, number: int, golden: Golden, *at: Point) -> Told:
        """Kill a run at each point in turn, go on, compare; what is wrong is told, not raised."""
        agency, code = self.agency(number)
        told = Told(at, agency)
        began = time.monotonic()
        file = self.begun(number)
        for point in at:
            if not self.killed(self.words(file), point, agency, told):
                break
        if told.wrong or not told.points:
            self.wipe(number)
            return told
        known = opening.of(self.target).journal(agency)
        resuming = time.monotonic()
        again = self.plain(*self.words(file), "--output", "json")
        told.resumed = time.monotonic() - resuming
        if again.code != golden.code:
            if not self.keep:
                self.wipe(number)
            told.wrong.append(
                f"resume ended with {again.code}: {again.out[-1500:]}{again.err[-500:]}"
            )
            return told
        told.wrong += estate.differences(golden.estate, estate.of(self.target, agency, code))
        judged = set(_findings(again.out, agency, code)) ^ set(golden.findings)
        told.wrong += [f"judged otherwise: {one}" for one in sorted(judged)]
        if opening.of(self.target).journal(agency)[: len(known)] != known:
            told.wrong.append("the journal lost a record")
        third = self.between.onboard(*self.words(file), "--no-verify", "--output", "json")
        written = [self._key(a, agency) for a in self.between.writes]
        if third.code or written:
            told.wrong.append(f"a third run ended with {third.code} and wrote {written}")
        told.seconds = time.monotonic() - began
        if not told.wrong or not self.keep:
            self.wipe(number)
        return told

    def killed(self, words: Sequence[str], point: Point, agency: str, told: Told) -> bool:
        """Run a command and kill it at a point; False where it did not come by, which is told."""

        def at(asked: proxy.Asked) -> proxy.Fault | None:
            if asked.number and self._key(asked, agency) == point.write:
                return proxy.KILL_BEFORE if point.when == "before" else proxy.KILL_AFTER
            return None

        self.between.begin()
        self.between.plan = at
        spec: dict[str, Any] = {"files": str(self.folder / "killed.log")}
        if point.write.startswith(DISK):
            spec["die"] = [point.write.replace("{agency}", agency), point.when]
        with self.between.started(*words, spec=spec) as child:
            out, err = child.communicate(timeout=300)
        self.between.plan = lambda _: None
        if child.returncode == -9:
            return True
        first = point is told.points[0]
        if first or child.returncode not in (0, errors.ExitCode.FINDINGS):
            told.wrong.append(
                f"not reached: ended with {child.returncode}: {out[-500:]}{err[-500:]}"
            )
        told.miss(point)
        return False

    def wipe(self, number: int) -> None:
        """Take an agency away by the systems' own means, so that the next ones have room."""
        agency, _ = self.agency(number)
        cluster = kube.connect(self.target, environment.Role.BOOTSTRAP)
        for space in cluster.list("Namespace", selector=f"{labels.AGENCY}={agency}"):
            cluster.delete("Namespace", space["metadata"]["name"])
        _wipe_keycloak(self.target, agency)
        for folder in ("tenants", "handover"):
            shutil.rmtree(self.target.store() / folder / agency, ignore_errors=True)
        backend = Path(self.target.pulumi.backend.removeprefix("file://"))
        for file in (backend / ".pulumi" / "stacks").glob(f"*/{agency}.json*"):
            file.unlink()


def _wipe_keycloak(target: environment.Environment, agency: str) -> None:
    door = keycloak.connect(target, environment.Role.BOOTSTRAP)
    realm = target.keycloak.shared_realm
    for client in door.get(realm, "/clients", clientId=f"ga-{agency}-", search="true") or ():
        door.delete(realm, f"/clients/{client['id']}")
    for one in door.get(realm, "/identity-provider/instances", search=agency) or ():
        door.delete(realm, f"/identity-provider/instances/{one['alias']}")
    for one in door.get(realm, "/organizations", search=agency) or ():
        door.delete(realm, f"/organizations/{one['id']}")
    group = door.get(realm, f"/group-by-path/{agency}")
    if group:
        door.delete(realm, f"/groups/{group['id']}")
    if door.exists(agency):
        door.delete(agency, "")


def _findings(out: str, agency: str, code: str) -> list[str]:
    found = json.loads(out)["findings"]
    told = (f"{f['id']} {f['verdict']} {f.get('subject', '')}" for f in found)
    plain = (_POD.sub("", estate.plain(one, agency, code)) for one in told)
    return sorted(_OTHERS.sub("", one) for one in plain)


def points(golden: Golden, *, kinds: bool = False) -> list[Point]:
    """All crash points of a golden run: see the module for which and why.

    With ``kinds`` the first write of each kind stands for all of it.
    """
    requests = golden.requests
    if kinds:
        firsts = {kind(r): r for r in reversed(requests)}
        return [Point("after", r) for r in requests if r in firsts.values()]
    times = Counter(write.rpartition(" #")[0] for write in golden.writes)
    every = [Point("before", requests[0], alone=True)] if requests else []
    for write in golden.writes:
        counted = times[write.rpartition(" #")[0]] > 1
        if write.startswith(_SIDE_BY_SIDE):
            every.append(Point("before", write, counted))
        every.append(Point("after", write, counted))
    return every


def kind(request: str) -> str:
    """A request without the names of what it is about."""
    system, method, path, _ = request.split(" ")
    if system == "cluster":
        place = path.strip("/").split("/")
        resource = place[place.index("namespaces") + 2 :][:1] or ["namespaces"]
        return f"{system} {resource[0]}"
    path = re.sub(r"(roles|acl|role|instances)/[^/]+", r"\1/*", path)
    return f"{system} {method} " + re.sub(r"[^/]*\{agency\}[^/]*", "*", path)


def shard(every: Sequence[Point], part: str) -> list[Point]:
    """The points of one part, e.g. ``2/5``."""
    number, parts = (int(n) for n in part.split("/"))
    return list(every[number - 1 :: parts])


def chains(chosen: Sequence[Point], longest: int) -> list[tuple[Point, ...]]:
    """Points that one agency meets, far apart, in the order of the golden run."""
    apart = len(chosen) // (2 * longest)
    rows: list[list[int]] = []
    for n, point in enumerate(chosen):
        fitting = [row for row in rows if len(row) < longest and n - row[-1] > apart]
        if fitting and not point.alone:
            min(fitting, key=lambda row: row[-1]).append(n)
        else:
            rows.append([n])
    return [tuple(chosen[n] for n in row) for row in rows]


Meet = Callable[[int, tuple[Point, ...]], Told]


def all_met(rows: Sequence[tuple[Point, ...]], meet: Meet) -> Iterator[Told]:
    """Let an agency meet each row of points, and one of its own each point that a row missed."""
    numbers = itertools.count(1)
    left: list[Point] = []
    for row in rows:
        told = meet(next(numbers), row)
        left += told.missed
        if told.points or told.wrong:
            yield told
    for point in left:
        yield meet(next(numbers), (point,))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--environment", required=True)
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), default="apply")
    parser.add_argument("--shard", default="1/1")
    parser.add_argument("--only", default="", help="points whose name fits this pattern")
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--chain", type=int, default=1, help="points that one agency meets at most")
    parser.add_argument("--keep", action="store_true", help="keep agencies of failed points")
    asked = parser.parse_args()
    target = environment.load(environment.locate(asked.environment))
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(target, SCENARIOS[asked.scenario], Path(folder))
        bench.keep = asked.keep
        with bench.between:
            golden = bench.golden(0)
            every = points(golden, kinds=bench.scenario.kinds)
            chosen = [p for p in shard(every, asked.shard) if re.search(asked.only, str(p))]
            chosen = chosen[:: asked.every]
            say(
                f"{asked.scenario}: {amount(golden)}, {len(every)} points, {len(chosen)} here; "
                f"uninterrupted {golden.seconds:.1f} s"
            )
            rows = chains(chosen, asked.chain)
            return tell(all_met(rows, lambda n, row: bench.crash(n, golden, *row)))


def amount(golden: Golden) -> str:
    requests = len(golden.requests)
    return f"{requests} requests, {len(golden.writes) - requests} durable writes"


def tell(ended: Iterable[Told]) -> int:
    """Say of each point how it ended, then all in all; the exit code."""
    told: list[Told] = []
    for each in ended:
        told.append(each)
        say(
            f"{'FAIL' if each.wrong else 'ok  '} {len(told):>3} {', '.join(map(str, each.points))} "
            f"(resumed in {each.resumed:.1f} s, {each.seconds:.1f} s)"
        )
        for line in each.wrong:
            say(f"       {each.agency}: {line}")
    good = [t for t in told if not t.wrong]
    say(f"crash points {sum(len(t.points) for t in good)} of {sum(len(t.points) for t in told)}")
    if good:
        resumed = sorted(t.resumed for t in good)
        say(
            f"resume: median {statistics.median(resumed):.1f} s, longest {resumed[-1]:.1f} s; "
            f"a point: {statistics.mean(t.seconds for t in good):.1f} s"
        )
    return 0 if len(good) == len(told) else 1


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
