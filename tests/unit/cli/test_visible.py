"""What others wrote cannot steer the reader's terminal."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding import errors
from onboarding.cli import console, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J\x1b[32mpass", "\\u001b[2J\\u001b[32mpass"),
        ("fail\rpass", "fail\\u000dpass"),
        ("\x9b31m", "\\u009b31m"),
        ("a\u202eb", "a\\u202eb"),
        ("ศาลปกครอง\tน้ำ\nที่สอง", "ศาลปกครอง\tน้ำ\nที่สอง"),
    ],
)
def test_controls_are_spelt_out_and_thai_stays(text: str, shown: str) -> None:
    assert visible.spelt(text) == shown


def test_our_own_colours_stay() -> None:
    assert visible.spelt("\x1b[31mfail\x1b[0m \x1b[8m", {"\x1b[31m", "\x1b[0m"}) == (
        "\x1b[31mfail\x1b[0m \\u001b[8m"
    )


@given(st.text())
def test_no_control_is_left(text: str) -> None:
    assert not set(visible.spelt(text)) & set(map(chr, (*range(9), *range(11, 32), 0x7F, 0x9B)))


@given(st.text())
def test_json_stays_json(text: str) -> None:
    written = json.dumps({"seen": text}, ensure_ascii=False)
    assert json.loads(visible.spelt(written)) == {"seen": text}


def test_errors_and_results_are_spelt_out(capsys: pytest.CaptureFixture[str]) -> None:
    console.error(errors.OnboardError("a\x1b]0;title\x07", details=["b\rc"], resolution="d\x08"))
    console.result("Client \x1b[1A")
    printed = capsys.readouterr()
    assert "\x1b" not in printed.err + printed.out
    assert "b\\u000dc" in printed.err
    assert "Client \\u001b[1A" in printed.out
