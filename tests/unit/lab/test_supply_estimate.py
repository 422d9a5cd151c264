"""The estimate of the time that building will take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.lab.supply import estimate

WEIGHTS = {"etcd": 60.0, "kube-apiserver": 330.0, "pulumi": 290.0}


def test_more_cores_take_less_time() -> None:
    two, eight = (estimate.Estimate(WEIGHTS, cores).seconds_left(0) for cores in (2, 8))
    assert two == pytest.approx(4 * eight)
    assert two == pytest.approx(680 / 1.7)


def test_a_slow_computer_is_noticed_when_a_step_ends() -> None:
    known = estimate.Estimate(WEIGHTS, 2)
    first = known.seconds_left(0)
    known.begin("etcd", 0)
    known.finish("etcd", 600)
    assert known.seconds_left(600) > 2 * first


def test_a_fast_computer_is_noticed_when_a_step_ends() -> None:
    known = estimate.Estimate(WEIGHTS, 2)
    known.begin("etcd", 0)
    known.finish("etcd", 1)
    assert known.seconds_left(1) < estimate.Estimate(WEIGHTS, 2).seconds_left(0) / 2


def test_a_step_that_takes_longer_than_thought_never_seems_done() -> None:
    known = estimate.Estimate({"etcd": 60.0}, 2)
    known.begin("etcd", 0)
    half, late, later = (known.percent(now) for now in (60 / 1.7 / 2, 60 / 1.7, 120 / 1.7))
    assert half == 50
    assert 80 < late < later < 100


@given(st.floats(0, 1e5), st.floats(0, 1e5))
def test_percent_grows_and_is_100_only_at_the_end(first: float, second: float) -> None:
    known = estimate.Estimate(WEIGHTS, 2)
    known.begin("etcd", 0)
    early, late = sorted((first, second))
    assert 0 <= known.percent(early) <= known.percent(late) < 100
    for name in WEIGHTS:
        known.begin(name, late)
        known.finish(name, late + 1)
    assert known.percent(late + 1) == 100
    assert known.seconds_left(late + 1) == 0


def test_work_without_weight_has_no_percentage() -> None:
    assert estimate.Estimate({}, 2).percent(0) == 0


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "about 5 s"), (42, "about 40 s"), (95, "about 2 min"), (1500, "about 25 min")],
)
def test_the_estimate_is_spoken_no_finer_than_it_is_known(seconds: float, text: str) -> None:
    assert estimate.spoken(seconds) == text
