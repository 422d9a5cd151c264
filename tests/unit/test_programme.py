"""Users, coverage, terms of MOUs and lead times of the programme."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from onboarding import programme
from onboarding.state import interface
from tests.unit import folders
from tests.unit.manifest import samples

TODAY = date(2026, 11, 22)


def agency(ready_on: date | None = None, **changes: Any) -> programme.Agency:
    return programme.agency(samples.build(**changes), ready_on)


def of(*agencies: programme.Agency, environment: str = "lab") -> programme.Programme:
    return programme.Programme(TODAY, agencies, environment)


def test_phitsanulok_covers_57_of_103_bodies() -> None:
    found = of(programme.agency(samples.example("plk-lao")))
    (coverage,) = found.coverage
    assert (coverage.province.name_en, coverage.province.name_th) == ("Phitsanulok", "พิษณุโลก")
    assert (coverage.bodies, coverage.total, coverage.users) == (57, 103, 1046)
    assert f"{coverage.percent:.1f}" == "55.3"


def test_programmes_of_one_province_share_its_bodies() -> None:
    one = folders.pooled("hill", "lake") | folders.regional("TH-65")
    one["bodies"] = {"onboarded": 2, "total": 8}
    two = folders.pooled("town") | folders.regional("TH-65")
    two["bodies"] = {"onboarded": 1, "total": 8}
    (coverage,) = of(agency(**one), agency(**two)).coverage
    assert (coverage.bodies, coverage.total, coverage.percent) == (3, 8, 37.5)


def test_provinces_named_for_the_programme_are_awaited_until_theirs_is_here() -> None:
    assert {p.code for p in of().awaited} == {
        "TH-30", "TH-13", "TH-20", "TH-75", "TH-41", "TH-80", "TH-65",
    }  # fmt: skip
    regional = folders.pooled("hill") | folders.regional("TH-65")
    assert "TH-65" not in {p.code for p in of(agency(**regional)).awaited}
    seat_only = agency(agency__provinceCode="TH-65")
    assert "TH-65" in {p.code for p in of(seat_only).awaited}


def test_users_and_counts_are_sums() -> None:
    found = of(agency(), agency(users={"initial": 700, "target": 900}, agency__branch="judiciary"))
    assert (found.users, found.users_target) == (1000, 1300)
    assert found.count("branch") == {"executive-central": 1, "judiciary": 1}


@pytest.mark.parametrize(
    ("ends", "term", "left"),
    [
        ("2026-11-21", programme.Term.ENDED, -1),
        ("2026-11-22", programme.Term.ENDING, 0),
        ("2027-05-21", programme.Term.ENDING, 180),
        ("2027-05-22", programme.Term.RUNNING, 181),
    ],
)
def test_an_mou_is_near_its_end_from_180_days_on(
    ends: str, term: programme.Term, left: int
) -> None:
    one = agency(mou__effectiveTo=ends)
    assert (one.term(TODAY), one.days_left(TODAY)) == (term, left)
    assert (one in of(one).ending) == (term is not programme.Term.RUNNING)


def test_an_mou_that_has_not_begun_is_not_in_force() -> None:
    one = agency(mou__effectiveFrom="2026-11-23", mou__effectiveTo="2028-01-01")
    assert one.term(TODAY) is programme.Term.FUTURE


def test_the_nearest_end_comes_first() -> None:
    soon, late = agency(mou__effectiveTo="2026-12-01"), agency(mou__effectiveTo="2027-01-01")
    assert of(late, soon).ending == (soon, late)


def entry(at: str, event: str = "verified", **details: Any) -> interface.Entry:
    return interface.Entry(at, event, details)


@pytest.mark.parametrize(
    ("journal", "ready_on"),
    [
        ([], None),
        ([entry("2026-03-01T09:00:00+00:00", "apply-ended")], None),
        ([entry("2026-03-01T09:00:00+00:00", ready=False)], None),
        (
            [
                entry("2026-03-01T09:00:00+00:00", ready=False),
                entry("2026-03-02T09:00:00+00:00", ready=True),
                entry("2026-03-03T09:00:00+00:00", ready=True),
            ],
            date(2026, 3, 2),
        ),
        ([entry("2026-03-02T18:00:00+00:00", ready=True)], date(2026, 3, 3)),
        ([entry("2026-11-23T09:00:00+00:00", ready=True)], None),
    ],
    ids=["nothing", "applied", "not ready", "first", "day in Bangkok", "after the day"],
)
def test_ready_is_the_first_verification_in_order_until_the_day(
    journal: list[interface.Entry], ready_on: date | None
) -> None:
    assert programme.first_ready(journal, TODAY) == ready_on


def test_lead_time_is_from_the_signing_and_its_median_over_agencies() -> None:
    days = [agency(date(2025, 2, n), mou__signedOn="2025-02-03") for n in (5, 13, 23)]
    assert [one.lead_days for one in days] == [2, 10, 20]
    assert of(*days, agency()).lead_median == 10
    assert of(agency()).lead_median is None


def test_ready_before_the_signing_gives_no_lead_time() -> None:
    one = agency(date(2025, 2, 2), mou__signedOn="2025-02-03")
    assert one.lead_days is None
    assert of(one).ready == (one,)


def test_what_was_published_is_data_with_its_source() -> None:
    newest, first = programme.published()
    assert (newest.users, newest.agencies, first.users) == (610_000, 70, 100_000)
    assert all(one.en and one.th for one in programme.sources())
    assert all(bool(one.confirm_en) == bool(one.confirm_th) for one in programme.sources())
    assert programme.goal() == 1_000_000
