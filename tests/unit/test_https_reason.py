"""Why a connection failed, in one line; where dates decide, the clock that judged them is named."""

from __future__ import annotations

import ssl

import pytest

from onboarding import https


@pytest.mark.parametrize("why", ["certificate has expired", "certificate is not yet valid"])
def test_a_certificate_outside_its_dates_may_be_a_wrong_clock(why: str) -> None:
    said = https.reason(ssl.SSLCertVerificationError(f"certificate verify failed: {why}"))
    assert why in said
    assert "(the clock of this computer says 20" in said


def test_any_other_reason_says_nothing_of_clocks() -> None:
    outer = ConnectionError("many words")
    outer.__cause__ = TimeoutError("the answer did not end in time")
    assert https.reason(outer) == "TimeoutError: the answer did not end in time"
