"""Each control that live systems answer: broken on the real engines it fails, mended it passes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding import clock, desired, environment, item, manifest, tenant, verify
from onboarding.cli import peers
from onboarding.engines import interface
from onboarding.engines import table as engines
from onboarding.policies import table
from onboarding.policy import Finding, Stage, Verdict
from tests.integration import breaking, breaks, linked_agencies
from tests.running import ROOT, onboard

pytestmark = pytest.mark.lab

CASES: list[dict[str, Any]] = yaml.safe_load(
    Path(__file__).with_name("negatives.yaml").read_text(encoding="utf-8")
)
WITHOUT_ENGINE = {"DOC-011", "MOU-004", "OPS-004"}
LONGEST_MENDING = 30.0
Key = tuple[str, str, str]


@dataclass(frozen=True)
class Place:
    """One applied agency, and what was wrong with it before anything was broken."""

    world: breaking.World
    wanted: tuple[item.Item, ...]
    seen: dict[item.EngineName, item.Observation]
    engines: dict[item.EngineName, interface.Engine]
    before: frozenset[Key]

    def newly_open(self, name: item.EngineName) -> set[str]:
        """Controls that fail, or cannot be determined, now and did not before."""
        seen = {**self.seen, name: self.engines[name].observe([self.world.of], evidence=True)}
        return {key[0] for key in _open(self.world, self.wanted, seen) - self.before}


def _open(
    world: breaking.World,
    wanted: tuple[item.Item, ...],
    seen: dict[item.EngineName, item.Observation],
) -> frozenset[Key]:
    found = verify.verify_tenant(world.of, world.target, wanted, seen, others=(), now=clock.Clock())
    return frozenset(_key(f) for f in found if f.result.verdict in (Verdict.FAIL, Verdict.UNKNOWN))


def _key(of: Finding) -> Key:
    return of.control.id, of.result.subject, of.result.verdict.value


@pytest.fixture(scope="module")
def place(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Place]:
    """An applied agency by its id, with the links that its peers declare."""
    portal = linked_agencies.portal(tmp_path_factory.mktemp("portal"))
    made: dict[str, Place] = {}

    def of(name: str) -> Place:
        if name not in made:
            file = portal if name == portal.stem else ROOT / "examples" / f"{name}.yaml"
            beside = ("--with", str(file.parent))
            applied = onboard("apply", str(file), *beside, "--yes", "--no-verify", "-o", "json")
            assert applied.code == 0, applied.err
            agency = manifest.load(file)
            wanted_peers = {link.peer for link in agency.links}
            known = peers.declared(wanted_peers, (file.parent,), {})
            world = breaking.World(lab, tenant.resolve(agency, lab, peers=known))
            wanted = desired.everything(world.of, lab)
            under_audit = {e.name: e for e in engines.of(lab, environment.Role.AUDITOR)}
            seen = {n: e.observe([world.of], evidence=True) for n, e in under_audit.items()}
            before = _open(world, wanted, seen)
            made[name] = Place(world, wanted, seen, under_audit, before)
        return made[name]

    return of


@pytest.mark.parametrize("case", CASES, ids=[c["control"] for c in CASES])
def test_broken_it_fails_and_mended_it_passes(
    case: dict[str, Any], place: Callable[[str], Place]
) -> None:
    at = place(case["agency"])
    engine = item.EngineName(case["engine"])
    with breaks.BREAKS[case["control"]](at.world):
        found = at.newly_open(engine)
    if case.get("fails", True):
        assert case["control"] in found
    assert found <= {case["control"], *case.get("also", ())}
    deadline = time.monotonic() + LONGEST_MENDING
    while (left := at.newly_open(engine)) and time.monotonic() < deadline:
        time.sleep(1)
    assert left == set()


def test_every_live_control_has_its_break() -> None:
    live = {control.id for control in table.CONTROLS if Stage.LIVE in control.stages}
    assert {case["control"] for case in CASES} == live - WITHOUT_ENGINE
    assert set(breaks.BREAKS) == live - WITHOUT_ENGINE
