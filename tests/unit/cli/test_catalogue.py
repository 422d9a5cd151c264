"""``onboard catalogue``: every kind of the model, its options, its controls, in both languages."""

from __future__ import annotations

import json
import re
from typing import Any, get_args

import pytest

from onboarding import catalogue
from onboarding.manifest import model, systems
from onboarding.policies import table
from tests.running import onboard

KINDS = {
    "systems": set(get_args(systems.SystemKind)),
    "links": set(get_args(systems.LinkKind)),
    "services": set(get_args(model.Service.model_fields["kind"].annotation)),
    "populations": set(get_args(model.Population.model_fields["kind"].annotation)),
}
OFFERS = [o for found in catalogue.everything().values() for o in found]
_THAI = re.compile("[\u0e00-\u0e7f]")


@pytest.fixture(scope="module")
def whole() -> dict[str, dict[str, Any]]:
    """What is told of each kind, as JSON."""
    done = onboard("catalogue", "--output", "json")
    assert done.code == 0, done.err
    return {told["kind"]: told for told in json.loads(done.out)}


def test_every_kind_of_the_model_is_in_it() -> None:
    listed = {part: {o.kind for o in found} for part, found in catalogue.everything().items()}
    assert listed == KINDS


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.kind)
def test_it_says_everything_in_both_languages(offer: catalogue.Offer) -> None:
    assert offer.provisions
    assert offer.sizing
    english = [offer.title_en, offer.summary_en, offer.sizing.en, *(p.en for p in offer.provisions)]
    thai = [offer.title_th, offer.summary_th, offer.sizing.th, *(p.th for p in offer.provisions)]
    assert not any(_THAI.search(text) for text in english)
    assert all(_THAI.search(text) for text in thai)


@pytest.mark.parametrize("offer", OFFERS, ids=lambda offer: offer.kind)
def test_its_controls_and_options_exist(
    offer: catalogue.Offer, whole: dict[str, dict[str, Any]]
) -> None:
    assert offer.controls
    assert set(offer.controls) <= {control.id for control in table.CONTROLS}
    told = whole[offer.kind]
    shown = {option["path"].split(".")[1].removesuffix("[]") for option in told["options"]}
    assert shown == {option.key for option in offer.options}
    assert all(control["title"]["th"] for control in told["controls"])


def test_the_table_names_all_in_english_and_thai() -> None:
    english, thai = onboard("catalogue"), onboard("catalogue", "--language", "th")
    assert (english.code, thai.code) == (0, 0)
    for offer in OFFERS:
        assert f"{offer.kind} " in english.out
        assert offer.summary_en in english.out
        assert offer.summary_th in thai.out
    assert "breaches of personal data, within 72 hours" in english.out
    assert "ภายใน 24 ชั่วโมง" in thai.out


def test_a_page_has_options_with_their_values_provisions_controls_and_size() -> None:
    page = onboard("catalogue", "restricted").out
    assert "systems[].restricted.ingress" in page
    assert "Way in (text; none, internal)" in page
    assert "TEN-019  Dedicated nodes are kept apart" in page
    assert "Sized by\n  users" in page
    assert "services[].centralAddress*" in onboard("catalogue", "mail").out


def test_an_unknown_kind_is_refused_with_the_nearest() -> None:
    done = onboard("catalogue", "restrict")
    assert done.code == 2
    assert "did you mean 'restricted'?" in done.err
