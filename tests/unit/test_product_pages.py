"""A list of a Mayan EDMS is read to its end, however long; one without an end is not waited for."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from onboarding import errors, patience, product_api
from onboarding.product_api.mayan import api

PLACE = product_api.Place(
    "ga-test", "https://e-office.invalid", Path("ca.crt"), patience.Limits(1.0, 1.0, 1.0)
)


class Paged(api.Api):
    """Answers in pages of a hundred; ``count`` is what it says of the whole at each page."""

    def __init__(self, entries: int, *, endless: bool = False, empty: bool = False) -> None:
        self._place = PLACE
        self._entries, self._endless, self._empty = entries, endless, empty
        self.pages = 0

    def get(self, path: str) -> dict[str, Any]:
        page = int(parse_qs(urlsplit(path).query)["page"][0])
        self.pages += 1
        numbers = range((page - 1) * 100, page * 100)
        held = [] if self._empty else [{"id": n} for n in numbers]
        if not self._endless:
            held = held[: max(0, self._entries - (page - 1) * 100)]
        more = self._endless or page * 100 < self._entries
        return {"count": self._entries, "next": "more" if more else None, "results": held}


@pytest.mark.parametrize("entries", [0, 1, 100, 101, 120_000])
def test_a_list_is_read_to_its_end(entries: int) -> None:
    told = [one["id"] for one in Paged(entries).every("/documents/")]
    assert told == list(range(entries))


@pytest.mark.parametrize("empty", [False, True])
def test_a_list_that_goes_on_beyond_what_it_counts_is_left(empty: bool) -> None:
    paged = Paged(250, endless=True, empty=empty)
    with pytest.raises(errors.EngineFailed, match="does not end"):
        # A cap of the test's own: it ends where the product's does not hold.
        list(itertools.islice(paged.every("/documents/?_ordering=id"), 10_000))
    assert paged.pages <= 4
