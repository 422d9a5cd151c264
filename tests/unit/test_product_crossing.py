"""What tries to reach another body's letters say: a refusal proves something beside a reach."""

from __future__ import annotations

import pytest

from onboarding.product_api import crossing

Try = crossing.Try


def own(reached: bool | None = True) -> list[Try]:
    return [Try(b, b, what, reached) for b in ("a", "b") for what in crossing.SHOULD_REACH]


def others(reached: bool | None) -> list[Try]:
    return [Try("a", "b", what, reached) for what in (*crossing.SHOULD_REACH, "events")]


def test_what_is_refused_to_others_and_open_to_its_own_staff_counts() -> None:
    crossed = crossing.judge(own() + others(False))
    assert crossed.breaches == crossed.unknown == ()
    assert crossed.refused == len(crossing.SHOULD_REACH) + 1
    assert crossed.pairs == 1


def test_each_thing_reached_is_a_breach() -> None:
    crossed = crossing.judge([*own(), *others(False), Try("b", "a", "search", True)])
    assert crossed.breaches == ("b on a letter of a: search",)


@pytest.mark.parametrize("reached", [False, None])
def test_where_its_own_staff_reach_nothing_a_refusal_proves_nothing(reached: bool | None) -> None:
    crossed = crossing.judge(own(reached) + others(False))
    assert crossed.breaches == ()
    assert len(crossed.unknown) == 2 * len(crossing.SHOULD_REACH)
    assert crossed.refused == 1


def test_no_answer_is_unknown() -> None:
    crossed = crossing.judge(own() + others(None))
    assert len(crossed.unknown) == len(crossing.SHOULD_REACH) + 1
    assert crossed.refused == 0


def test_why_nothing_said_so_is_told() -> None:
    busy = "the e-Office refused GET /x/; 429: later"
    tries = [Try("a", "a", "read", None, busy), Try("a", "b", "read", None, busy)]
    crossed = crossing.judge(tries)
    assert crossed.unknown == (
        f"a on a letter of a: read: its own staff do not reach it ({busy})",
        f"a on a letter of b: read: {busy}",
    )


def test_every_body_tries_its_own_letter_and_that_of_the_one_before() -> None:
    assert crossing.pairs(["a", "b", "c"]) == [
        ("a", "a"), ("a", "c"), ("b", "b"), ("b", "a"), ("c", "c"), ("c", "b"),
    ]  # fmt: skip
    assert crossing.pairs(["a"]) == [("a", "a")]
