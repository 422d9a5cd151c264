"""Rows 4, 8, 9 and 11: the real engines go away in the middle of a run, and come back."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.faults import engines, plans, proxy
from tests.faults.invariants import PARTIAL, World

pytestmark = [pytest.mark.lab, pytest.mark.slow, pytest.mark.timeout(3600)]


def test_row_4_nobody_there_at_the_start(world: World) -> None:
    village = world.agency()
    for component in ("apiserver", "openbao", "keycloak"):
        with engines.back_again(world.target.name):
            engines.kill(world.target.name, component)
            looked = world.looked(plans.nothing)
            begun = world.apply(village, plans.nothing)
        written = [asked.key for asked in world.between.writes]
        assert written == [], f"{component} was away, and the others were written to"
        for of, run in ((world.neighbour, looked), (village, begun)):
            assert run.done.code == 5, run.said
            assert "lab status" in run.said
            world.checks(of, run, within=60)
        assert begun.events == ()
    world.holds(village)


def test_rows_4_8_9_11_killed_in_the_middle(world: World) -> None:
    """Each engine is killed (kill -9) at a write, and started again when the run has ended."""
    village = world.agency()
    for component, words in (
        ("openbao", "sign-intermediate"),
        ("keycloak", "/organizations"),
        ("apiserver", "/networkpolicies"),
        ("etcd", "/deployments"),
    ):
        left = [component]

        def plan(asked: proxy.Asked, words: str = words, left: list[str] = left) -> None:
            if left and asked.number and words in asked.key:
                engines.kill(world.target.name, left.pop())

        with (
            engines.back_again(world.target.name),
            # A Keycloak that has just been started is slow.
            world.patience(request=20.0, retry=40.0, pulumi=60.0, stop=5.0),
        ):
            run = world.apply(village, plan)
        assert left == [], f"{component} was not killed: {run.said}"
        assert run.done.code in (PARTIAL, 5), run.said
        world.checks(village, run, within=200)
    world.holds(village)


def test_rows_4_and_9_restarted_in_the_middle(world: World) -> None:
    """As a rolling restart does: away for some seconds. It ends well, or says partial."""
    village = world.agency()
    for component, words in (("openbao", "/config/urls"), ("apiserver", "/resourcequotas")):
        threads: list[threading.Thread] = []

        def plan(
            asked: proxy.Asked,
            component: str = component,
            words: str = words,
            threads: list[threading.Thread] = threads,
        ) -> None:
            if not threads and asked.number and words in asked.key:
                engines.kill(world.target.name, component)
                threads.append(threading.Thread(target=engines.up, args=(world.target.name,)))
                threads[0].start()

        with engines.back_again(world.target.name):
            run = world.apply(village, plan)
            assert threads, f"{component} was not restarted"
            threads[0].join(300)
        world.checks(village, run, within=250)
    world.holds(village)


def test_row_9_sealed_in_the_middle(world: World) -> None:
    """The run says so and stops; once the Vault is open again, the same command goes on."""
    village = world.agency()
    for words in ("sign-intermediate", "/roles/"):
        sealed: list[str] = []
        with engines.sealable(world.target) as seal:

            def plan(
                asked: proxy.Asked,
                words: str = words,
                sealed: list[str] = sealed,
                seal: Callable[[], None] = seal,
            ) -> None:
                if not sealed and asked.number and words in asked.key:
                    sealed.append(asked.key)
                    seal()

            with world.patience(retry=6.0):
                run = world.apply(village, plan)
            assert sealed, f"{words} was never asked for: {run.said}"
        assert run.done.code == PARTIAL, run.said
        assert "sealed" in run.said
        world.checks(village, run, within=60)
    world.holds(village)


def test_row_8_engines_that_stall(world: World) -> None:
    """As a disk does that does not flush, or an election: connections stand, nothing answers."""
    for component, words, seconds in (
        ("openbao", "/config/urls", 3.0),
        ("openbao", "/roles/", 25.0),
        ("keycloak", "/organizations", 25.0),
        ("etcd", "/namespaces", 25.0),
    ):
        # A run that got over it leaves nothing to write: the next one needs an agency anew.
        village = world.agency()
        threads: list[threading.Thread] = []

        def plan(
            asked: proxy.Asked,
            component: str = component,
            words: str = words,
            seconds: float = seconds,
            threads: list[threading.Thread] = threads,
        ) -> None:
            if not threads and asked.number and words in asked.key:
                threads.append(engines.frozen(world.target.name, component, seconds))

        with engines.back_again(world.target.name), world.patience(request=10.0, retry=15.0):
            run = world.apply(village, plan)
            assert threads, f"{component} was not stopped"
            threads[0].join()
        world.checks(village, run, within=250)
        world.holds(village)
