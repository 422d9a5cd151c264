"""Which versions of an installed engine may stand in for the one that is wanted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onboarding.lab.supply import version

NUMBERS = st.integers(0, 999)
VERSIONS = st.builds(version.Version, NUMBERS, NUMBERS, NUMBERS, st.booleans())


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("etcd Version: 3.7.3\nGit SHA: x\nGo Version: go1.26.8", (3, 7, 3)),
        ("Kubernetes v1.36.3", (1, 36, 3)),
        ("Kubernetes v1.36.3-gke.100", (1, 36, 3)),
        ("Kubernetes v1.36.3+k3s1", (1, 36, 3)),
        ("kwok version v0.8.0 go1.26.8 (linux/amd64)", (0, 8, 0)),
        ("v3.259.0", (3, 259, 0)),
        ("go version go1.26.8 linux/amd64", (1, 26, 8)),
        ('openjdk version "25" 2025-09-16', (25, 0, 0)),
        ('openjdk version "17.0.15" 2025-04-15', (17, 0, 15)),
        ("OpenBao v2.7.2 (9e0a0d3c), committed 2026-10-26T20:32:27Z", (2, 7, 2)),
        ("Client Version: v1.32.4-dispatcher", (1, 32, 4)),
        ("no number here", None),
        ("", None),
    ],
)
def test_reads_the_version_out_of_what_commands_print(
    told: str, expected: tuple[int, int, int] | None
) -> None:
    found = version.parse(told)
    assert (found and (found.major, found.minor, found.patch)) == expected


def test_a_release_candidate_comes_before_its_release() -> None:
    candidate, final = version.parse("v1.36.3-rc.1"), version.parse("v1.36.3")
    assert candidate is not None
    assert final is not None
    assert candidate < final
    assert not version.fits(candidate, final, version.Fits.MINOR)


@pytest.mark.parametrize(
    ("how", "found", "fits"),
    [
        (version.Fits.EXACT, "3.259.0", True),
        (version.Fits.EXACT, "3.259.1", False),
        (version.Fits.MINOR, "3.259.9", True),
        (version.Fits.MINOR, "3.260.0", False),
        (version.Fits.MAJOR, "3.260.0", True),
        (version.Fits.MAJOR, "3.258.9", False),
        (version.Fits.MAJOR, "4.0.0", False),
        (version.Fits.LATER, "4.0.0", True),
        (version.Fits.LATER, "3.258.0", False),
    ],
)
def test_each_rule_takes_and_refuses(how: version.Fits, found: str, fits: bool) -> None:
    wanted, candidate = version.parse("3.259.0"), version.parse(found)
    assert wanted is not None
    assert candidate is not None
    assert version.fits(candidate, wanted, how) is fits


@given(VERSIONS)
def test_every_rule_takes_the_wanted_version_itself(wanted: version.Version) -> None:
    assert all(version.fits(wanted, wanted, how) for how in version.Fits)


@given(VERSIONS, VERSIONS)
def test_a_stricter_rule_never_takes_what_a_looser_one_refuses(
    found: version.Version, wanted: version.Version
) -> None:
    taken = [version.fits(found, wanted, how) for how in version.Fits]
    assert taken == sorted(taken)


@given(VERSIONS)
def test_what_is_written_is_read_again(one: version.Version) -> None:
    suffix = "" if one.stable else "-rc.1"
    assert version.parse(f"x v{one.major}.{one.minor}.{one.patch}{suffix} y") == one
