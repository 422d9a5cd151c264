"""Until when records are kept: the longest of law and manifest."""

from __future__ import annotations

from datetime import date

import pytest

from onboarding import manifest, tenant
from onboarding.leaving import retention
from tests.running import ROOT

FROZEN = date(2026, 11, 22)


def resolved(name: str, **changed: str) -> tenant.Tenant:
    text = (ROOT / "examples" / f"{name}.yaml").read_text(encoding="utf-8")
    for old, new in changed.items():
        text = text.replace(f"{old}: 10", f"{old}: {new}")
    return tenant.resolve(manifest.loads(text, "changed"))


def test_letters_are_kept_ten_years_and_what_is_not_confirmed_says_so() -> None:
    found = retention.periods(resolved("m-culture"), FROZEN)
    assert retention.until(resolved("m-culture"), FROZEN) == date(2036, 11, 22)
    law = [p for p in found if "Correspondence Rules" in p.source]
    assert [(p.until, bool(p.confirm)) for p in law] == [(date(2036, 11, 22), True)]
    assert date(2027, 2, 20) in {p.until for p in found}


@pytest.mark.parametrize(("years", "until"), [("25", 2051), ("1", 2036)])
def test_a_manifest_may_lengthen_the_law_and_never_shorten_it(years: str, until: int) -> None:
    of = resolved("m-culture", retentionYears=years)
    assert retention.until(of, FROZEN) == date(until, 11, 22)


def test_a_day_that_a_later_year_lacks_ends_a_day_later() -> None:
    assert retention.years_after(date(2028, 2, 29), 10) == date(2038, 3, 1)
    assert retention.years_after(date(2028, 2, 29), 12) == date(2040, 2, 29)
