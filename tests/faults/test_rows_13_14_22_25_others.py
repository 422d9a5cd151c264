"""Rows 13, 14, 22 and 25: other runs and their locks, secrets on failing ways, one of many broken.

Row 16 is ``tests/unit/test_state_files.py`` (each byte flipped, each length, older, foreign and
newer records) and ``tests/contract/test_state_stores.py``; rows 18 to 21 are the corpus of
``tests/unit/manifest`` and ``test_text_of_the_agency_is_never_evaluated``; row 26 is the fixture
of the first version in ``test_state_files.py``.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import platformdirs
import pytest

from onboarding import environment, kube
from onboarding.engines.pulumi_stack import command
from tests import canaries
from tests.faults import plans, proxy
from tests.faults.invariants import PARTIAL, Village, World

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(2400)]


def test_row_13_two_runs_of_one_agency(world: World) -> None:
    """The second is refused while the first writes, names it, and spoils nothing."""
    village = world.agency()
    inside = threading.Event()

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        if asked.number == 4 and not inside.is_set():
            inside.set()
            second = world.plain("apply", str(village.file), "--yes", "--no-verify")
            told.append((second.code, second.err))
        return None

    told: list[tuple[int, str]] = []
    run = world.apply(village, plan)
    assert run.done.code == 0, run.said
    (code, err), *_ = told
    assert code == 4, err
    assert "another run holds this agency" in err
    assert str(os.uname().nodename) in err
    world.checks(village, run, within=250)
    world.holds(village)


def _lock(world: World, village: Village, host: str, process: int) -> Path:
    """A lock as a run of Pulumi leaves it that was killed."""
    backend = Path(world.target.pulumi.backend.removeprefix("file://"))
    place = backend / ".pulumi" / "locks" / "organization" / command.PROJECT / village.name
    place.mkdir(parents=True, exist_ok=True)
    file = place / "11111111-2222-3333-4444-555555555555.json"
    content = {
        "pid": process,
        "username": "someone",
        "hostname": host,
        "timestamp": "2026-01-05T08:00:00+07:00",
    }
    file.write_text(json.dumps(content), encoding="utf-8")
    return file


def test_row_14_locks_of_the_dead_and_of_others(world: World) -> None:
    village = world.agency()
    elsewhere = _lock(world, village, "another-host", 4242)
    run = world.apply(village, plans.nothing)
    assert run.done.code == PARTIAL, run.said
    assert "another-host" in run.said, "who holds it is named"
    world.checks(village, run, within=150)
    assert elsewhere.is_file(), "nobody can tell from here whether it is dead"
    elsewhere.unlink()
    child = subprocess.Popen(["true"])
    child.wait()
    dead = _lock(world, village, socket.gethostname(), child.pid)
    run = world.apply(village, plans.nothing)
    assert run.done.code == 0, run.said
    assert not dead.exists()
    world.holds(village)


def test_row_22_no_secret_on_a_failing_way(world: World) -> None:
    """Every engine fails once; all that the run and its children show is searched for the secrets
    of the operator and for all that was made meanwhile, by value and by form."""
    village = world.agency()
    home = environment.labs_folder() / world.target.name
    refused = proxy.answer(422, body=b'{"message": "refused", "errors": ["refused by a test"]}')
    texts: dict[str, bytes] = {}
    heard: list[bytes] = []
    world.between.hear = heard.append
    for engine, plan in (
        ("vault", plans.once("vault", refused, write=True)),
        ("sso", plans.once("keycloak", refused, write=True)),
        ("cluster", plans.once("cluster", refused, write=True)),
        ("ingress", plans.at("/secrets/", refused)),
        ("settings", plans.at("/configmaps/e-office-settings", refused)),
    ):
        world.between.plan = plan
        words = ("-v", "apply", str(village.file), "--yes", "--no-verify")
        world.between.begin()
        with world.between.started(*words) as child:
            watch = canaries.Watch(child.pid)
            watch.start()
            out, err = child.communicate(timeout=400)
            watch.stop = True
            watch.join()
        world.between.plan = plans.nothing
        heard += [asked.body for asked in world.between.asked]
        assert child.returncode in (1, 4, 5, PARTIAL), f"{engine}: {out + err}"
        assert len(watch.seen) > 1
        texts |= {f"{engine}: {where}": text for where, text in watch.seen.items()}
        texts[f"{engine}: output"] = (out + err).encode()
    world.between.hear = lambda _: None
    secrets = [
        *canaries.operator_secrets(home),
        *canaries.tenant_secrets(world.target, village.name),
    ]
    secrets += canaries.oidc_keys(world.target, village.name, "prod")
    made = {value for body in heard for value in canaries.passed(body)}
    assert len(made) > 5, "tokens at least are made in every run"
    needles = canaries.needles([*secrets, *(("a secret of this run", value) for value in made)])
    for place in (
        home / "state",
        home / "pulumi",
        home / "logs",
        platformdirs.user_log_path("onboard"),
    ):
        texts |= {str(file): file.read_bytes() for file in canaries.files(place)}
    found = [f"{what} in {w}" for w, t in texts.items() for n, what in needles.items() if n in t]
    shown = {w: t for w, t in texts.items() if not w.startswith("/")}
    found += [f"a {form} in {w}" for w, t in shown.items() for form in canaries.unknown(t)]
    assert found == []
    world.holds(village)


def test_row_25_one_of_many_is_broken(world: World) -> None:
    """Somebody else's namespace stands in one agency's place; all others are onboarded."""
    villages = [world.agency() for _ in range(3)]
    broken = villages[1]
    door = kube.connect(world.target, environment.Role.BOOTSTRAP)
    space = f"ga-{broken.name}-prod"
    door.apply("Namespace", {"metadata": {"name": space, "labels": {"owner": "them"}}})
    files = [str(v.file) for v in villages]
    done = world.plain("apply", *files, "--yes", "--no-verify", "--output", "json")
    assert done.code == PARTIAL, done.out + done.err
    told = {Path(e["name"]).stem: e for e in json.loads(done.out)["ended"]}
    ended = {name: (one["exitCode"], one["whole"]) for name, one in told.items()}
    good = (villages[0], villages[2])
    assert ended == {broken.name: (4, False)} | {v.name: (0, True) for v in good}, done.out
    assert space in done.err, "what stands in the way is named"
    door.delete("Namespace", space)
    deadline = time.monotonic() + 120
    while door.get("Namespace", space) is not None:
        assert time.monotonic() < deadline, f"{space} does not go"
        time.sleep(0.2)
    door.close()
    for village in good:
        planned = world.plain("plan", str(village.file), "--detailed-exitcode")
        assert planned.code == 0, f"the first run left nothing to do\n{planned.out}"
        world.holds(village)
    world.holds(broken)
