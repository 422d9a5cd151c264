"""The page about the product adapter says what the adapter says."""

from __future__ import annotations

import re

import yaml

from onboarding import environment, product_api
from onboarding.desired import office
from onboarding.products import contract
from onboarding.products.mayan import PRODUCT
from tests.running import ROOT

PAGE = (ROOT / "docs/how-to/product.md").read_text(encoding="utf-8")


def test_what_the_product_cannot_do_is_listed_whole_and_word_for_word() -> None:
    listed = re.findall(r"^\| ([A-Z]+-\d{3}) \| (.+) \|$", PAGE, re.MULTILINE)
    assert listed == [(limit.control, limit.reason_en) for limit in PRODUCT.limits]


def test_every_kind_of_item_and_both_accounts_are_named() -> None:
    rows = re.findall(r"^\| `([^`]+)` \|", PAGE, re.MULTILINE)
    assert set(rows) == {*contract.Kind, office.READER, office.WRITER}


def test_the_block_is_one_that_an_environment_may_have() -> None:
    block = yaml.safe_load(PAGE.partition("```yaml\n")[2].partition("```")[0])["eOffice"]
    assert environment.EOffice.model_validate(block).product == "mayan-edms"


def test_another_product_needs_what_the_way_to_one_has() -> None:
    asked = PAGE.partition("## Another product")[2]
    named = {word for word in re.findall(r"`(\w+)`", asked) if hasattr(product_api.Access, word)}
    public = {name for name in vars(product_api.Access) if not name.startswith("_")}
    assert named == public
