"""Where the addresses of agencies are asked, and who vouches for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding import environment
from onboarding.probes import probe
from tests.unit import targets

ONE, TWO = Path("/one.crt"), Path("/two.crt")


@pytest.mark.parametrize(
    ("own", "office", "way"),
    [
        (("", None), None, ("", None)),
        (("192.0.2.1:443", ONE), None, ("192.0.2.1:443", ONE)),
        (("", None), ("192.0.2.2:443", TWO), ("192.0.2.2:443", TWO)),
        (("192.0.2.1:443", ONE), ("192.0.2.2:443", TWO), ("192.0.2.1:443", ONE)),
    ],
)
def test_probes_say_it_first_and_the_product_else(
    own: tuple[str, Path | None],
    office: tuple[str, Path | None] | None,
    way: tuple[str, Path | None],
) -> None:
    about = office and environment.EOffice(
        product="mayan-edms", gateway=office[0], ca_file=office[1]
    )
    said = {
        "probes": environment.Probes(gateway=own[0], ca_file=own[1]),
        "e_office": about,
    }
    assert probe.way(targets.pinned().model_copy(update=said)) == way
