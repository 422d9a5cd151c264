"""Counting draft values without placing them."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding import manifest
from onboarding.manifest import drafts
from tests.unit.manifest import samples

EXAMPLES = sorted(samples.EXAMPLES.glob("*.yaml"))


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_number_is_that_of_the_warnings(path: Path) -> None:
    read, document = manifest.read(path)
    assert drafts.count(document.value) == len(manifest.draft_values(read, document))


def test_placeholders_in_one_field_of_many_entries_are_one() -> None:
    bodies = [{"nameTh": "(อปท. 1)"}, {"nameTh": "(อปท. 2)"}, {"nameTh": "เทศบาล"}]
    assert drafts.count({"subTenants": bodies, "number": "TBD", "code": "00000", "users": 0}) == 3
