"""How long is waited and how often is tried."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from onboarding import environment, errors, patience
from tests.unit import targets


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses taken; none of them is really waited for, but the clock moves on."""
    taken: list[float] = []
    began = time.monotonic()
    monkeypatch.setattr(time, "sleep", taken.append)
    monkeypatch.setattr(time, "monotonic", lambda: began + sum(taken))
    return taken


@pytest.mark.parametrize(
    ("text", "length"), [("250ms", 0.25), ("30s", 30), ("5m", 300), ("1.5h", 5400), (" 2h ", 7200)]
)
def test_spans_are_read_as_people_write_them(text: str, length: float) -> None:
    assert patience.seconds(text) == length
    assert patience.seconds(patience.span(length)) == length


@pytest.mark.parametrize("text", ["", "30", "5 minutes", "-1s", "0s", "1d", "1m30s", "∞"])
def test_what_is_no_span_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="span of time"):
        patience.seconds(text)


def test_tries_are_few_and_pauses_grow_up_to_a_cap(pauses: list[float]) -> None:
    most = [0.0] * 20
    for _ in range(300):
        del pauses[:]
        budget = patience.Budget(patience.Limits(retry=1000), known=True)
        while budget.again():
            pass
        assert len(pauses) == 9
        most = [max(pair) for pair in zip(most, pauses, strict=False)]
    assert most[0] <= 0.5
    assert most[-1] <= 8.0
    assert sorted(most[:5]) == most[:5], "the room for chance doubles"
    assert min(pauses) < max(pauses), "full jitter"


def test_a_system_never_heard_of_gets_fewer_tries(pauses: list[float]) -> None:
    budget = patience.Budget(patience.Limits(), known=False)
    while budget.again():
        pass
    assert len(pauses) == 3


def test_no_try_begins_after_the_budget_of_a_request(pauses: list[float]) -> None:
    budget = patience.Budget(patience.Limits(retry=3), known=True)
    while budget.again():
        pass
    assert sum(pauses) < 3
    assert max(budget.timeout()) <= 3


def test_the_server_says_when_to_come_back(pauses: list[float]) -> None:
    budget = patience.Budget(patience.Limits(), known=True)
    assert budget.again("7")
    assert 7 <= pauses[0] < 8
    assert not budget.again("3600"), "longer than there is: it is not asked again at all"
    assert len(pauses) == 1


def test_a_date_to_come_back_at_is_understood_and_nonsense_is_not() -> None:
    soon = datetime.now(UTC) + timedelta(seconds=20)
    assert 15 < patience.asked_for(soon.strftime("%a, %d %b %Y %H:%M:%S GMT")) <= 20
    assert patience.asked_for("Fri, 31 Dec 1999 23:59:59 GMT") == 0
    for nonsense in (None, "", "soon", "-5", "Fri, 99 Foo 2026"):
        assert patience.asked_for(nonsense) == 0


def test_an_environment_file_sets_the_spans(tmp_path: Path) -> None:
    file = tmp_path / "onboard.yaml"
    environment.save(file, targets.pinned())
    assert "request: 30s" in file.read_text(encoding="utf-8")
    text = file.read_text(encoding="utf-8").replace("retry: 1m", "retry: 250ms")
    file.write_text(text, encoding="utf-8")
    assert environment.load(file).timeouts.limits() == patience.Limits(5, 30, 0.25)


@pytest.mark.parametrize("wrong", ["soon", "0s", "30"])
def test_a_span_that_cannot_be_read_is_refused_with_its_place(tmp_path: Path, wrong: str) -> None:
    file = tmp_path / "onboard.yaml"
    environment.save(file, targets.pinned())
    text = file.read_text(encoding="utf-8").replace("retry: 1m", f"retry: {wrong}")
    file.write_text(text, encoding="utf-8")
    with pytest.raises(errors.InvalidInput, match=r"timeouts\.retry"):
        environment.load(file)
