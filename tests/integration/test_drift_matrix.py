"""Every field of an agency changed by hand on the real engines: drift tells each, and only those.

The whole matrix takes long; a round of it, one field of each object, is the
quick sample.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import desired, environment, item, links, manifest, tenant
from tests.examples import expected
from tests.integration import (
    drift_matrix,
    hands,
    hands_cluster,
    hands_keycloak,
    hands_vault,
    outside,
)
from tests.integration.breaking import World
from tests.running import ROOT, onboard

pytestmark = pytest.mark.lab

EXAMPLES = ROOT / "examples"
SAMPLE, WHOLE, PEER = "admincourt", "moph", "bdi"
ENGINES = tuple(item.EngineName)


def _tenant(name: str, lab: environment.Environment, *peers: str) -> tenant.Tenant:
    read, document = manifest.read(EXAMPLES / f"{name}.yaml")
    others = {p: links.Declared(*manifest.read(EXAMPLES / f"{p}.yaml")) for p in peers}
    declared = links.Declared(read, document)
    return tenant.resolve(read, lab, declared=declared, peers=others)


def _apply(name: str, *peers: str) -> None:
    given = [word for p in peers for word in ("--with", str(EXAMPLES / f"{p}.yaml"))]
    file = str(EXAMPLES / f"{name}.yaml")
    done = onboard(
        "apply",
        file,
        *given,
        "--yes",
        "--no-verify",
        "--allow-delete",
        "--allow-empty",
        "--allow-opening",
    )
    assert done.code == 0, done.err


def _world(name: str, lab: environment.Environment, *peers: str) -> World:
    """The agency on the lab, as its manifest wants it."""
    _apply(name, *peers)
    # A value that Keycloak chokes on is refused no less by the tenth try.
    brief = lab.timeouts.model_copy(update={"retry": 10.0})
    return World(lab.model_copy(update={"timeouts": brief}), _tenant(name, lab, *peers))


@pytest.fixture(scope="module")
def sample(lab: environment.Environment) -> World:
    return _world(SAMPLE, lab)


@pytest.fixture(scope="module")
def whole(lab: environment.Environment) -> World:
    return _world(WHOLE, lab, PEER)


@contextlib.contextmanager
def bench(world: World, engine: item.EngineName) -> Iterator[drift_matrix.Bench]:
    with world.elevated() as token:
        hand: hands.Hand
        match engine:
            case item.EngineName.VAULT:
                hand = hands_vault.Vault(world, token)
            case item.EngineName.SSO:
                hand = hands_keycloak.Keycloak(world)
            case item.EngineName.CLUSTER:
                hand = hands_cluster.Cluster(world)
            case item.EngineName.INGRESS_TLS:
                hand = hands_cluster.Tls(world)
            case item.EngineName.SETTINGS:
                hand = hands_cluster.Delivered(world)
        made = drift_matrix.Bench(world, engine, hand)
        assert made.look().differences == (), "an untouched agency has no drift"
        yield made
    if engine in (item.EngineName.VAULT, item.EngineName.INGRESS_TLS, item.EngineName.CLUSTER):
        # Keys and certificates were made anew, of which others have the public half; and so was
        # a namespace, with nothing in it of what other engines deliver.
        _apply(world.of.id, *([PEER] if world.of.id == WHOLE else []))


def _sound(tally: drift_matrix.Tally) -> None:
    print(tally)  # noqa: T201 - the figures are what the run is for
    assert [str(m) for m in tally.missed] == []
    assert tally.false == []
    assert tally.unrepaired == []
    assert tally.found


@pytest.mark.parametrize("engine", ENGINES, ids=str)
def test_a_round_of_mutations_is_found_and_mended(sample: World, engine: item.EngineName) -> None:
    with bench(sample, engine) as made:
        _sound(made.run(most_rounds=1))


@pytest.mark.slow
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("engine", ENGINES, ids=str)
def test_every_mutation_is_found_and_mended(whole: World, engine: item.EngineName) -> None:
    with bench(whole, engine) as made:
        _sound(made.run())


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("engine", ENGINES, ids=str)
def test_deleted_and_stray_objects_are_found_and_mended(
    whole: World, engine: item.EngineName
) -> None:
    tally = drift_matrix.Tally()
    with bench(whole, engine) as made:
        made.whole_objects(tally)
    _sound(tally)


def test_the_matrix_covers_every_kind_of_the_product(lab: environment.Environment) -> None:
    def kinds(name: str, *peers: str) -> set[tuple[str, str]]:
        things = desired.everything(_tenant(name, lab, *peers), lab)
        return {(i.ref.engine.value, i.ref.kind) for i in things}

    every = set().union(*(kinds(name) for name in expected.NAMES))
    assert kinds(WHOLE, PEER) >= every


def test_drift_and_orphans_write_nothing(sample: World, lab: environment.Environment) -> None:
    """No write in any audit log, no admin event, no record."""
    store = Path(lab.store())
    eyes = outside.Outside(lab)
    before = eyes.now()
    files = {f: f.stat().st_mtime_ns for f in store.rglob("*") if f.is_file()}
    file = str(EXAMPLES / f"{SAMPLE}.yaml")
    assert onboard("drift", file).code == 0
    assert onboard("drift", "--all").code in (0, 4)
    assert onboard("orphans").code in (0, 4)
    assert eyes.writes_since(before) == []
    assert {f: f.stat().st_mtime_ns for f in store.rglob("*") if f.is_file()} == files
