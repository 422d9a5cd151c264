"""Rows 4 to 7, 10, 11 and 17: what a network and a busy system do to a run, at chosen requests."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from onboarding import environment, kube
from tests.faults import plans, proxy
from tests.faults.invariants import PARTIAL, World

pytestmark = pytest.mark.lab

SYSTEMS = ("cluster", "vault", "keycloak")
_SAID = (
    b'{"kind": "Status", "status": "Failure", "message": "said by a test", '
    b'"errors": ["said by a test"], "errorMessage": "said by a test"}'
)
_OF_ONE_RUN = re.compile(r"\{agency\}[\w.-]*|~|\{id\}|[0-9a-f-]{8,}")
_SPOILT = {
    "reset": proxy.RESET,
    "reset in the answer": proxy.RESET_MID_BODY,
    "truncated": proxy.TRUNCATE,
    "half-open": proxy.SILENCE,
    "late": proxy.delay(20),
    "not JSON": proxy.answer(200, body=b"<html>sign in here</html>"),
    "cut short at its end": proxy.answer(200, body=b'{"items": [{"metadata": {"na'),
}
_NONSENSE = ("not JSON", "cut short at its end")
"""Not asked for again, so soon told."""


# Row 5: reads


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize(
    "fault",
    [pytest.param(f, marks=() if f in _NONSENSE else pytest.mark.slow) for f in _SPOILT],
)
def test_row_5_a_spoilt_answer_is_never_taken_for_an_empty_one(
    world: World, name: str, fault: str
) -> None:
    """Every read of one system is spoilt: nothing may be planned on it."""
    with world.patience(connect=2.0, request=2.0, retry=6.0):
        run = world.looked(plans.always(name, _SPOILT[fault]))
    assert run.done.code == 5, run.said
    world.checks(world.neighbour, run, within=60)


def test_row_5_a_read_that_was_spoilt_once_is_repeated(world: World) -> None:
    """Every kind that may pass, each once, one after the other of each system."""
    kinds = [f for f in _SPOILT if f not in _NONSENSE]
    left = {name: [_SPOILT[kind] for kind in kinds[n::3]] for n, name in enumerate(SYSTEMS)}

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        # A sign-in is no read: it is sent once.
        meant = asked.method == "GET" and left[asked.system]
        return left[asked.system].pop() if meant else None

    with world.patience(request=5.0):
        run = world.looked(plan)
    assert run.done.code == 0, run.said
    assert not any(left.values()), left


# Row 6


@pytest.mark.slow
@pytest.mark.timeout(5400)
def test_row_6_a_reply_lost_after_every_kind_of_write(world: World) -> None:
    kinds: dict[str, str] = {}
    for key in world.golden.requests:
        kinds.setdefault(_OF_ONE_RUN.sub("*", key.rpartition(" #")[0]), key)
    assert len(kinds) > 20
    village = world.agency()
    met = 0
    for key in kinds.values():
        # Where a run before had come past this kind, the next agency meets it.
        for _ in range(2):
            left = [key.rpartition(" #")[0].replace("{agency}", village.name)]

            def plan(asked: proxy.Asked, left: list[str] = left) -> proxy.Fault | None:
                if asked.number and left and asked.key.rpartition(" #")[0] == left[0]:
                    left.pop()
                    return proxy.LOSE_REPLY
                return None

            run = world.apply(village, plan)
            world.checks(village, run, within=180)
            if run.done.code == 0:
                # It got over this one by itself, to the end: the next kind needs an agency anew.
                world.holds(village)
                village = world.agency()
            if not left:
                met += 1
                break
    assert met == len(kinds), f"{met} of {len(kinds)} kinds of write were met"
    world.holds(village)


# Rows 5, 7 and 17: writes


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_rows_5_7_and_17_writes_that_fail_in_many_ways(world: World) -> None:
    """One agency meets one fault after the other, a little further on each time."""
    village = world.agency()
    refusals = (409, 410, 422, 500, 503, 504)
    faults = [
        *(("vault", f) for f in (proxy.RESET, proxy.SILENCE, proxy.RESET_MID_BODY)),
        *(("vault", proxy.answer(s, body=_SAID)) for s in refusals),
        *(("keycloak", f) for f in (proxy.RESET, proxy.SILENCE, proxy.RESET_MID_BODY)),
        *(("keycloak", proxy.answer(s, body=_SAID)) for s in refusals),
        *(("cluster", f) for f in (proxy.RESET, proxy.SILENCE)),
        *(("cluster", proxy.answer(s, body=_SAID)) for s in refusals),
    ]
    with world.patience(connect=2.0, request=3.0, retry=8.0, pulumi=60.0, stop=5.0):
        for n, (name, fault) in enumerate(faults):
            left = [fault]

            def plan(
                asked: proxy.Asked, name: str = name, left: list[proxy.Fault] = left
            ) -> proxy.Fault | None:
                return left.pop() if left and asked.number and asked.system == name else None

            run = world.apply(village, plan)
            assert left == [], f"fault {n} was not met: {run.said}"
            world.checks(village, run, within=150)
            if run.done.code == 0:
                # Pulumi tried again, or the answer that was cut had no body to cut.
                assert name == "cluster" or fault is proxy.RESET_MID_BODY, run.said
                world.holds(village)
                village = world.agency()
        for name, since in (("keycloak", 0), ("cluster", 0)):
            run = world.apply(village, plans.always(name, proxy.RESET, since=since))
            world.checks(village, run, within=150)
    world.holds(village)


@pytest.mark.slow
def test_rows_4_and_17_partitions_and_systems_that_come_and_go(world: World) -> None:
    village = world.agency()
    with world.patience(connect=2.0, request=3.0, retry=8.0):
        run = world.apply(village, plans.always("vault", proxy.RESET, since=4))
        assert run.done.code == PARTIAL, run.said
        world.checks(village, run, within=120)
        run = world.apply(village, plans.always("keycloak", proxy.RESET, since=12))
        assert run.done.code == PARTIAL, run.said
        world.checks(village, run, within=120)
        for name in SYSTEMS:
            run = world.apply(village, plans.every(name, 5, proxy.RESET))
            world.checks(village, run, within=200)
    world.holds(village)


def test_row_17_a_name_that_is_not_found(world: World) -> None:
    vault = world.target.vault.model_copy(update={"address": "https://nowhere.invalid:8200"})
    file = world.folder / "nowhere.yaml"
    environment.save(file, world.target.model_copy(update={"vault": vault}))
    run = world.looked(plans.nothing, "--environment", str(file))
    assert run.done.code == 5
    assert "nowhere.invalid" in run.said
    world.checks(world.neighbour, run, within=45)


# Row 7


def test_row_7_whoever_is_told_to_wait_waits(world: World) -> None:
    """429 with Retry-After, from each system: the same is asked again, and not before."""
    seconds = 3
    told: dict[str, proxy.Asked] = {}

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        if told.setdefault(asked.system, asked) is not asked:
            return None
        return proxy.answer(429, {"Retry-After": str(seconds)})

    run = world.looked(plan)
    assert run.done.code == 0, run.said
    assert sorted(told) == sorted(SYSTEMS)
    for first in told.values():
        assert _next(world, first) - first.at >= seconds, first.path


def _next(world: World, first: proxy.Asked) -> float:
    """When the same was asked again by whom it was refused to."""
    same = (first.system, first.method, first.path, first.line)
    every = [a for a in world.between.asked if (a.system, a.method, a.path, a.line) == same]
    assert len(every) > 1, f"{first.path} was not asked again"
    return every[every.index(first) + 1].at


@pytest.mark.slow
def test_row_7_a_write_that_was_turned_away_is_sent_again(world: World) -> None:
    """429: nothing of it was done, so even what must not be repeated is."""
    village = world.agency()
    told: dict[str, proxy.Asked] = {}

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        if not asked.number or told.setdefault(asked.system, asked) is not asked:
            return None
        return proxy.answer(429, {"Retry-After": "2"})

    run = world.apply(village, plan)
    assert run.done.code == 0, run.said
    assert sorted(told) == sorted(SYSTEMS)
    for first in told.values():
        assert _next(world, first) - first.at >= 2, first.path
    world.holds(village)


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize(
    "status", [503, *(pytest.param(s, marks=pytest.mark.slow) for s in (429, 500, 504))]
)
def test_row_7_a_storm_of_refusals_is_met_with_few_requests(
    world: World, name: str, status: int
) -> None:
    with world.patience(retry=6.0):
        run = world.looked(plans.always(name, proxy.answer(status, body=_SAID)))
    assert run.done.code == 5, run.said
    asked = Counter(a.path for a in world.between.asked if a.system == name)
    # Three engines read the cluster side by side, each with a door of its own.
    assert max(asked.values()) <= 12, asked.most_common(3)
    world.checks(world.neighbour, run, within=60)


@pytest.mark.slow
@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("name", SYSTEMS)
def test_rows_7_and_10_a_refused_credential_is_not_tried_again(
    world: World, name: str, status: int
) -> None:
    body = b'{"message": "no", "errors": ["permission denied"], "error": "unauthorized_client"}'
    run = world.looked(plans.always(name, proxy.answer(status, body=body)))
    assert run.done.code == 5, run.said
    assert "onboard bootstrap" in run.said
    asked = Counter(a.path for a in world.between.asked if a.system == name)
    assert max(asked.values()) <= 4, asked.most_common(3)
    world.checks(world.neighbour, run, within=45)


@pytest.mark.slow
def test_row_11_a_token_that_ended_early_is_replaced(world: World) -> None:
    """Keycloak forgets sessions when it is restarted: one 401, a new sign-in, and on it goes."""
    body = b'{"error": "HTTP 401 Unauthorized"}'
    left = [proxy.answer(401, body=body)]

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        fits = asked.system == "keycloak" and asked.path.startswith("/admin/")
        return left.pop() if left and fits else None

    run = world.looked(plan)
    assert left == []
    assert run.done.code == 0, run.said


def test_row_7_a_list_whose_pages_are_forgotten_is_read_anew(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kube, "_PAGE", 3)
    through = environment.load(world.between.environment_file)
    gone = [proxy.answer(410, body=b'{"message": "the provided continue parameter is too old"}')]

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        return gone.pop() if gone and "continue=" in asked.path else None

    door = kube.connect(through, environment.Role.PLANNER)
    world.between.begin()
    world.between.plan = plan
    spoilt = door.list("Namespace")
    world.between.plan = plans.nothing
    again = door.list("Namespace")
    door.close()
    assert gone == []
    assert len(spoilt) > 3
    assert {n["metadata"]["name"] for n in again} == {n["metadata"]["name"] for n in spoilt}
