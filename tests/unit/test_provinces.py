"""The names of provinces: every code of ISO 3166-2:TH once, in both languages."""

from __future__ import annotations

import re

from onboarding import provinces


def test_all_provinces_bangkok_and_pattaya_are_there() -> None:
    assert len(provinces.every()) == 78
    assert {len(code) for code in provinces.every()} == {4, 5}


def test_every_name_is_in_its_language_and_no_two_are_alike() -> None:
    every = provinces.every().values()
    assert all(re.fullmatch("[A-Z][A-Za-z ]+", one.name_en) for one in every)
    assert all(re.fullmatch("[\u0e01-\u0e4e]+", one.name_th) for one in every)
    assert len({one.name_en for one in every}) == len({one.name_th for one in every}) == 78


def test_some_by_code() -> None:
    assert provinces.get("TH-65") == provinces.Province("TH-65", "Phitsanulok", "พิษณุโลก")
    assert provinces.get("TH-10").name_th == "กรุงเทพมหานคร"
    assert provinces.get("TH-38").name_th == "บึงกาฬ"


def test_a_code_that_iso_does_not_list_is_shown_as_it_is() -> None:
    assert provinces.get("TH-29").name_en == "TH-29"
