"""What the journal says was begun and never came to its end."""

from __future__ import annotations

from onboarding import unfinished
from onboarding.state import interface


def journal(*told: str) -> list[interface.Entry]:
    """Entries from words: ``engine-begun vault``, ``change-begun vault x``; one a minute."""
    entries = []
    for minute, line in enumerate(told):
        event, engine, ref = (*line.split(), "", "")[:3]
        details = {"engine": engine, "ref": ref} if engine else {}
        entries.append(interface.Entry(f"12:{minute:02}", event, details))
    return entries


def test_a_run_that_ended_left_nothing() -> None:
    told = journal(
        "apply-begun",
        "engine-begun vault",
        "change-begun vault x",
        "change-ended vault x",
        "engine-ended vault",
        "apply-ended",
    )
    assert unfinished.of(told) == {}


def test_an_engine_that_was_cut_off_has_what_it_began_with_the_time() -> None:
    told = journal(
        "apply-begun",
        "engine-begun vault",
        "engine-ended vault",
        "engine-begun pulumi",
        "change-begun pulumi x",
        "change-begun pulumi y",
        "change-ended pulumi x",
    )
    assert unfinished.of(told) == {"pulumi": {"x": "12:04", "y": "12:05"}}


def test_an_engine_that_was_cut_off_before_its_first_change_is_told_too() -> None:
    assert unfinished.of(journal("engine-begun pulumi")) == {"pulumi": {}}


def test_the_first_time_counts_until_the_engine_comes_to_its_end() -> None:
    told = journal(
        "engine-begun tls",
        "change-begun tls x",
        "apply-begun",
        "engine-begun tls",
        "change-begun tls x",
        "apply-failed",
    )
    assert unfinished.of(told) == {"tls": {"x": "12:01"}}
    assert unfinished.of([*told, *journal("engine-begun tls", "engine-ended tls")]) == {}


def test_a_journal_of_before_engines_said_that_they_ended_is_read() -> None:
    assert unfinished.of(journal("engine-begun vault", "apply-ended")) == {}
