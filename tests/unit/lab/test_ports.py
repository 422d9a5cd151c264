"""Ports are chosen once, kept, and changed only where someone else took one."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onboarding import errors
from onboarding.lab import ports


@pytest.fixture
def occupied() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind((ports.ADDRESS, 0))
        listener.listen()
        yield int(listener.getsockname()[1])


def test_chosen_ports_are_free_distinct_and_in_range() -> None:
    chosen = ports.choose(["a", "b", "c"], {}, seed="lab")
    assert len(set(chosen.values())) == 3
    assert all(ports.FIRST <= port <= ports.LAST for port in chosen.values())
    assert all(ports.is_free(port) for port in chosen.values())


def test_kept_ports_stay() -> None:
    first = ports.choose(["a", "b"], {}, seed="lab")
    assert ports.choose(["a", "b"], first, seed="other") == first


def test_port_taken_by_someone_else_is_left(occupied: int) -> None:
    kept = {**ports.choose(["a"], {}, seed="lab"), "b": occupied}
    chosen = ports.choose(["a", "b"], kept, seed="lab")
    assert chosen["a"] == kept["a"]
    assert chosen["b"] != occupied


def test_port_our_own_component_listens_on_stays(occupied: int) -> None:
    assert ports.choose(["b"], {"b": occupied}, seed="lab", in_use_by_us=["b"]) == {"b": occupied}


def test_ports_of_other_labs_are_avoided() -> None:
    first = ports.choose(["a", "b"], {}, seed="lab")
    second = ports.choose(["a", "b"], {}, seed="lab", taken=set(first.values()))
    assert not set(first.values()) & set(second.values())


def test_no_port_left_is_our_error() -> None:
    everything = range(ports.FIRST, ports.LAST + 1)
    with pytest.raises(errors.OnboardError, match="no free port"):
        ports.choose(["a"], {}, seed="lab", taken=everything)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.text("abc", min_size=1, max_size=3), unique=True, max_size=6), st.text())
def test_every_name_gets_one_port_whatever_the_seed(names: list[str], seed: str) -> None:
    chosen = ports.choose(names, {}, seed=seed)
    assert list(chosen) == names or set(chosen) == set(names)
    assert len(set(chosen.values())) == len(names)
