"""Progress as plain lines and as a live tree."""

from __future__ import annotations

import io
import re

import pytest
from rich import console as rich_console

from onboarding import progress
from onboarding.cli import console, live_tree


def steps(report: progress.Progress) -> None:
    with report.step("Whole"):
        with report.step("First"):
            report.note("a note")
        with pytest.raises(ValueError, match="broken"), report.step("Second"):
            raise ValueError("broken")


def test_lines_show_when_a_step_begins_and_how_it_ended(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps(console.Lines())
    err = re.sub(r"\d+\.\d s", "0.0 s", capsys.readouterr().err)
    assert err == (
        "- Whole\n"
        "  - First\n"
        "  + First: 0.0 s\n"
        "  - Second\n"
        "  x Second: failed after 0.0 s\n"
        "+ Whole: 0.0 s\n"
    )


def test_lines_carry_notes_when_verbose(capsys: pytest.CaptureFixture[str]) -> None:
    console.set_volume(verbose=True)
    report = console.Lines()
    with report.step("Whole"):
        report.note("a note")
    assert "    a note\n" in capsys.readouterr().err


def test_the_live_tree_ends_as_the_whole_tree_with_times() -> None:
    screen = io.StringIO()
    report = live_tree.LiveTree()
    report._console = rich_console.Console(file=screen, force_terminal=True, width=80)
    steps(report)
    last = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", screen.getvalue()).replace("\r", "")
    shown = re.sub(r"\d+\.\d s", "0.0 s", last).rstrip().splitlines()[-3:]
    assert [line.split() for line in shown] == [
        ["+", "Whole", "0.0", "s"],
        ["+", "First", "0.0", "s"],
        ["x", "Second", "0.0", "s"],
    ]


def test_quiet_watches_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    console.set_volume(quiet=True)
    steps(console.progress())
    assert capsys.readouterr().err == ""
