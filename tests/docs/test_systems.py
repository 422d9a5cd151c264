"""Everything a manifest may ask for has a page, and the example on it is a valid manifest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from onboarding import catalogue, manifest, strict_yaml
from tests.running import ROOT
from tests.unit.manifest import samples

FOLDER = ROOT / "docs/systems"
PAGES = sorted(path for path in FOLDER.glob("*.md") if path.stem != "README")
OFFERS = {offer.kind: offer for section in catalogue.everything().values() for offer in section}
_EXAMPLE = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SERIES = re.compile(r"\b([A-Z]{3})-(\d{3})(?: to \1-(\d{3}))?")


def test_every_kind_has_its_page_and_every_page_its_kind() -> None:
    assert {page.stem for page in PAGES} == set(OFFERS)


def test_the_index_leads_to_every_page() -> None:
    index = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert {page.name for page in PAGES if f"({page.name})" not in index} == set()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_summary_is_in_thai_and_stands_on_top(page: Path) -> None:
    title, summary = page.read_text(encoding="utf-8").split("\n\n")[:2]
    assert re.fullmatch("# .+ · .*[\u0e00-\u0e7f].*", title)
    assert re.match(r"\*\*สรุป\*\* [\u0e00-\u0e7f]", summary)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_example_is_valid_in_a_manifest(page: Path) -> None:
    (block,) = _EXAMPLE.findall(page.read_text(encoding="utf-8"))
    asked = strict_yaml.loads(block, page.name).value
    whole = {**json.loads(samples.text()), **asked}
    read = manifest.loads(json.dumps(whole), page.name)
    kinds = [
        *(system.kind for system in read.systems),
        *(link.kind for link in read.links),
        *(service.kind for service in read.services),
        *(population.kind for population in read.populations),
    ]
    assert page.stem in kinds


@pytest.mark.parametrize("kind", OFFERS)
def test_the_page_names_every_control_of_the_catalogue(kind: str) -> None:
    text = (FOLDER / f"{kind}.md").read_text(encoding="utf-8")
    named = {
        f"{area}-{number:03}"
        for area, first, last in _SERIES.findall(text)
        for number in range(int(first), int(last or first) + 1)
    }
    assert set(OFFERS[kind].controls) - named == set()
