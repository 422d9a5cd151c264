"""The vectors of the domain reference, and that more users never get less."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding import sizing

USERS = st.integers(min_value=1, max_value=1_200_000)


@pytest.mark.parametrize(
    "expected",
    [
        sizing.Size(18, "XS", 6, 500, 1000, 768, 1280, 20, 1, 16),
        sizing.Size(300, "S", 75, 750, 1500, 1280, 2048, 120, 2, 22),
        sizing.Size(1046, "M", 210, 1500, 3000, 2304, 3584, 400, 2, 22),
        sizing.Size(2500, "M", 500, 2750, 5500, 4608, 6912, 930, 2, 22),
        sizing.Size(20000, "L", 3000, 15250, 30500, 24576, 36864, 7330, 3, 28),
        sizing.Size(100000, "XL", 10000, 50250, 100500, 80640, 121088, 36580, 10, 70),
    ],
    ids=lambda size: str(size.users),
)
def test_vectors(expected: sizing.Size) -> None:
    assert sizing.size(expected.users) == expected


@pytest.mark.parametrize(
    ("users", "klass", "peak"),
    [(50, "XS", 15), (51, "S", 15), (501, "M", 125), (5001, "L", 1000), (50001, "XL", 7500)],
)
def test_the_first_of_a_class_is_no_smaller_than_the_last_of_the_one_below(
    users: int, klass: str, peak: int
) -> None:
    assert (sizing.size(users).klass, sizing.size(users).peak) == (klass, peak)


@given(USERS, USERS)
def test_every_quantity_is_monotonic(one: int, other: int) -> None:
    small, large = (sizing.size(users) for users in sorted((one, other)))
    for field in dataclasses.fields(sizing.Size):
        if field.name != "klass":
            assert getattr(small, field.name) <= getattr(large, field.name), field.name


@given(USERS)
def test_limits_cover_requests_and_steps_are_kept(users: int) -> None:
    size = sizing.size(users)
    assert size.cpu_limit_m >= size.cpu_request_m
    assert size.memory_limit_mi >= size.memory_request_mi
    assert size.cpu_request_m % 250 == 0
    assert size.memory_request_mi % 256 == 0
    assert size.memory_limit_mi % 256 == 0
    assert size.storage_gi % 10 == 0


def test_pooling_phitsanulok_saves_nineteen_times_the_cores() -> None:
    assert sizing.size(1046).cpu_request_m == 1500
    assert 57 * sizing.size(18).cpu_request_m == 28_500


def test_storage_grows_with_the_years_of_retention() -> None:
    years = [sizing.storage_gi(1046, year) for year in range(1, 11)]
    assert years == sorted(years)
    assert years[1] == sizing.size(1046).storage_gi


def test_non_production_is_a_tenth_and_at_least_one_user() -> None:
    assert sizing.non_production_users(100_000) == 10_000
    assert sizing.non_production_users(18) == 2
    assert sizing.non_production_users(1) == 1


def test_no_users_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one user"):
        sizing.size(0)


def test_the_profile_says_its_version_its_source_and_what_is_to_be_confirmed() -> None:
    profile = sizing.profile()
    assert profile.version
    assert profile.source
    assert profile.confirm_en
    assert profile.confirm_th


def test_quotas_ask_for_two_years_and_letters_are_kept_for_ten() -> None:
    assert sizing.quota_years() == 2
    assert sizing.retention_years() == 10
    assert sizing.size(20_000).storage_gi == sizing.storage_gi(20_000, sizing.quota_years())
