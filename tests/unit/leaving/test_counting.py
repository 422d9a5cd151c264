"""Letters that were counted once are not taken for letters that never were."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding import errors
from onboarding.leaving import counting, records, sources
from onboarding.state import files, interface

AGENCY, PLACE = "culture", "ga-culture-prod"


@pytest.fixture
def store(tmp_path: Path) -> interface.StateStore:
    return files.FileStore(tmp_path)


def counted(letters: int) -> list[sources.Contents]:
    return [sources.Contents(PLACE, letters, letters, "asked")]


def test_where_letters_were_none_is_refused_until_somebody_says_that_it_is_so(
    store: interface.StateStore,
) -> None:
    counting.keep(store, AGENCY, counted(3))
    for _ in range(2):
        with pytest.raises(errors.Refused, match="not there any more") as refused:
            counting.keep(store, AGENCY, counted(0))
        assert f"{PLACE}: no letter now, 3 on 2" in refused.value.details[0]
        assert "--allow-empty" in refused.value.resolution
    counting.keep(store, AGENCY, counted(0), allow_empty=True)
    assert store.journal(AGENCY)[-1].details["emptied"] == [PLACE]
    counting.keep(store, AGENCY, counted(0))


def test_none_where_none_were_and_fewer_than_before_are_no_loss(
    store: interface.StateStore,
) -> None:
    for letters in (0, 0, 3, 3, 1):
        counting.keep(store, AGENCY, counted(letters))
    assert [e.details["letters"][PLACE] for e in store.journal(AGENCY)] == [0, 3, 1]


def test_what_an_agency_had_before_it_left_is_not_looked_for_when_it_comes_back(
    store: interface.StateStore,
) -> None:
    counting.keep(store, AGENCY, counted(3))
    store.keep(AGENCY, records.TOMBSTONE, {"generation": 1, "at": "2026-01-01"})
    records.reopen(store, AGENCY)
    counting.keep(store, AGENCY, counted(0))


def test_what_is_held_beyond_the_export_or_short_of_it_is_told() -> None:
    exported = [{"namespace": PLACE, "letters": 2, "register_entries": 2, "known_by": "asked"}]
    assert counting.differences(exported, counted(2)) == ()
    assert counting.differences(exported, []) == ()
    for letters in (0, 1, 3):
        (line,) = counting.differences(exported, counted(letters))
        assert line.startswith(f"{PLACE}: 2 letter(s)")
        assert f"it holds {letters} letter(s)" in line
