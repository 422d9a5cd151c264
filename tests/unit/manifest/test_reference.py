"""The reference page is the one that the model makes."""

from __future__ import annotations

import re

from onboarding.manifest import outline, reference
from tests.running import ROOT

PAGE = ROOT / "docs/reference/manifest.md"


def test_the_page_is_fresh() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.page(), "refresh it with: make reference"


def test_every_field_stands_in_the_page() -> None:
    page = reference.page()
    rows = re.findall(r"^\| `(\w+)`\*? \|", page, re.MULTILINE)
    assert rows.count("nameTh") >= 5
    assert len(rows) == sum(1 for _ in outline.everything())
    assert "## systems[] · ระบบงาน" in page
    assert "### systems[].eoffice.workCalendar · ปฏิทินวันทำการ" in page


def test_no_cell_breaks_its_table() -> None:
    rows = [line for line in reference.page().splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {7}
