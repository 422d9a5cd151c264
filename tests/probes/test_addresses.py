"""What an address shows, as it is really served, and how that is judged."""

from __future__ import annotations

import dataclasses
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from requests import utils

from onboarding import patience, policy
from onboarding.policies import load
from onboarding.probes import tls, tls_wire
from tests.contract.servers import tls as ports
from tests.probes import served
from tests.probes.served import Address

_PATIENT = patience.Limits(connect=20, request=20)
_HASTY = patience.Limits(connect=20, request=1.5)
Verdict = policy.Verdict


def _judged(
    address: Address, *, public: bool = True, trusting: Path | None = None, limits: Any = _PATIENT
) -> policy.Result:
    context = tls_wire.authorities(trusting or address.ca)
    seen = tls_wire.look(served.HOST, address.gateway, context, limits)
    return tls.judged(
        served.HOST, seen, public=public, thresholds=load.thresholds(), now=datetime.now(UTC)
    )


def _clock(address: Address) -> policy.Result:
    context = tls_wire.authorities(address.ca)
    seen = tls_wire.look(served.HOST, address.gateway, context, _PATIENT)
    return tls.clock_judged(served.HOST, seen, thresholds=load.thresholds())


def test_a_good_address_passes_with_what_was_seen(tmp_path: Path) -> None:
    with served.serving(tmp_path, Address()) as address:
        result = _judged(address)
    assert result.verdict is Verdict.PASS, result
    assert result.subject == f"https://{served.HOST}"
    assert "TLSv1.3, certificate of CN=ca until" in result.seen
    assert "TLS 1.1 refused, HSTS max-age=31536000" in result.seen
    assert result.basis == "live"
    evidence = result.evidence
    assert evidence["asked"] == f"{served.HOST}:443 at {address.gateway}"
    assert evidence["names"] == [served.HOST]
    assert evidence["status"] == 302
    assert evidence["tls11"].startswith("refused: ")
    assert datetime.fromisoformat(evidence["at"]).tzinfo is UTC
    [request] = address.asked
    assert request.startswith(b"GET / HTTP/1.1\r\nHost: " + served.HOST.encode())
    assert b"Authorization" not in request


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (Address(days=-2), "certificate has expired"),
        (Address(name="www.other.example"), "Hostname mismatch"),
        (Address(days=10), "certificate ends in 10 days, at least 21"),
        (Address(oldest="TLSv1"), "nothing better than TLS 1.1 was taken (TLSv1.1)"),
        (Address(oldest="TLSv1", newest="TLSv1_1"), "speaks TLSv1.1, at least TLS 1.2"),
        (Address(hsts=None), "no Strict-Transport-Security"),
        (Address(hsts="max-age=300; includeSubDomains"), "at least max-age=31536000"),
        (Address(hsts="includeSubDomains"), "at least max-age=31536000"),
    ],
)
def test_what_is_wrong_fails(address: Address, said: str, tmp_path: Path) -> None:
    with served.serving(tmp_path, address):
        result = _judged(address)
    assert result.verdict is Verdict.FAIL, result
    assert said in result.seen


def test_a_certificate_of_another_authority_fails(tmp_path: Path) -> None:
    other = served.Authority(tmp_path, "other")
    with served.serving(tmp_path, Address()) as address:
        result = _judged(address, trusting=other.file)
    assert result.verdict is Verdict.FAIL
    assert "certificate not trusted" in result.seen
    assert result.evidence["trusted"] is False


def test_hsts_is_asked_of_public_sites_alone(tmp_path: Path) -> None:
    with served.serving(tmp_path, Address(hsts=None)) as address:
        assert _judged(address, public=False).verdict is Verdict.PASS


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("silent", "no answer from"),
        ("hangs-up", "not seen: HSTS"),
        ("drips", "not seen: HSTS: TimeoutError"),
        ("no-alert", "not seen: offer of TLS 1.1"),
    ],
)
def test_what_was_not_seen_is_unknown(fault: str, said: str, tmp_path: Path) -> None:
    with served.serving(tmp_path, Address(fault=fault)) as address:
        limits = _HASTY if fault in ("silent", "drips") else _PATIENT
        result = _judged(address, limits=limits)
    assert result.verdict is Verdict.UNKNOWN, result
    assert said in result.seen
    assert result.evidence["at"]


@pytest.mark.parametrize(
    ("ahead", "verdict", "said"),
    [
        (0.0, Verdict.PASS, "within 2 s of the clock of this computer"),
        (3600.0, Verdict.FAIL, "s ahead of the clock of this computer, at most 2 s"),
        (-3600.0, Verdict.FAIL, "s behind the clock of this computer, at most 2 s"),
        (-31536000.0, Verdict.FAIL, "s behind the clock of this computer"),
        (None, Verdict.UNKNOWN, "not seen: it told no time (Date)"),
    ],
)
def test_a_clock_that_goes_wrong_fails(
    ahead: float | None, verdict: Verdict, said: str, tmp_path: Path
) -> None:
    with served.serving(tmp_path, Address(ahead=ahead)) as address:
        result = _clock(address)
    assert result.verdict is verdict, result
    assert said in result.seen
    assert result.subject == f"clock shown at https://{served.HOST}"


def test_an_answer_that_took_long_and_one_of_a_gateway_alone_tell_nothing(tmp_path: Path) -> None:
    with served.serving(tmp_path, Address()) as address:
        seen = tls_wire.look(
            served.HOST, address.gateway, tls_wire.authorities(address.ca), _PATIENT
        )
    assert isinstance(seen, tls.Served)
    for changed, said in (
        (dataclasses.replace(seen, ahead=(-15.0, 6.0)), "took too long to tell"),
        (dataclasses.replace(seen, status=503), "HTTP 503: what stands before it answered"),
    ):
        result = tls.clock_judged(served.HOST, changed, thresholds=load.thresholds())
        assert (result.verdict, said in result.seen) == (Verdict.UNKNOWN, True), result


@pytest.mark.parametrize("date", ["", "yesterday", "Sun, 32 Nov 2026 01:00:00 GMT"])
def test_a_date_that_is_none_tells_no_time(date: str) -> None:
    now = datetime.now(UTC)
    assert tls_wire._ahead(date, now, now) is None


def test_the_clock_of_an_address_that_is_not_believed_is_unknown(tmp_path: Path) -> None:
    with served.serving(tmp_path, Address(days=-2)) as address:
        result = _clock(address)
    assert result.verdict is Verdict.UNKNOWN
    assert "certificate has expired" in result.seen


def test_nobody_there_is_unknown() -> None:
    result = _judged(Address(port=ports.free_port()), trusting=Path(utils.DEFAULT_CA_BUNDLE_PATH))
    assert result.verdict is Verdict.UNKNOWN
    assert "refused" in result.seen


def test_a_name_that_leads_nowhere_is_unknown() -> None:
    seen = tls_wire.look("nowhere.invalid", "", tls_wire.authorities(None), _PATIENT)
    assert isinstance(seen, tls.Unanswered)
    assert "no answer from nowhere.invalid:443" in seen.why


@pytest.mark.parametrize(
    ("header", "good"),
    [
        ("max-age=31536000", True),
        ('max-age="63072000"; includeSubDomains; preload', True),
        ("includeSubDomains;MAX-AGE = 31536000", True),
        ("max-age=31535999", False),
        ("x-max-age=31536000", False),
        ("max-age=31536000s", False),
        ("max-age=-1", False),
        ("", False),
    ],
)
def test_strict_transport_security_is_read_as_browsers_do(header: str, good: bool) -> None:
    least = load.thresholds()["net.leastHstsSeconds"]
    assert (list(tls._hsts_flaws(header, least)) == []) is good


def test_this_computer_can_offer_what_has_to_be_refused() -> None:
    assert ssl.HAS_TLSv1_1
