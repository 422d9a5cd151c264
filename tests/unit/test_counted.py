"""One thing is one thing, and two are two things."""

from __future__ import annotations

import pytest

from onboarding import counted


@pytest.mark.parametrize(
    ("number", "noun", "told"),
    [
        (0, "object", "0 objects"),
        (1, "object", "1 object"),
        (2, "object", "2 objects"),
        (1, "agency", "1 agency"),
        (8_000, "agency", "8,000 agencies"),
        (1, "day", "1 day"),
        (3, "day", "3 days"),
    ],
)
def test_a_noun_agrees_with_its_number(number: int, noun: str, told: str) -> None:
    assert counted.of(number, noun) == told
