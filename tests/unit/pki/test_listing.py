"""Who may sign, who can: the states of signers and certificates, without Vault."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from onboarding import tenant
from onboarding.pki import listing, oidc_key
from tests.contract import agencies

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 5, tzinfo=UTC)


def agency(**values: Any) -> tenant.Tenant:
    period = {"authorityFrom": date(2025, 10, 1), "authorityTo": date(2027, 9, 30)}
    return agencies.example("moph", agencies.signer(**{**period, **values}))


def certificate(of: tenant.Tenant, **values: Any) -> listing.Certificate:
    facts = {
        "serial": "0a",
        "commonName": of.signers[0].common_name,
        "organization": of.signers[0].organization,
        "notBefore": "2026-01-01T00:00:00Z",
        "notAfter": "2027-01-01T00:00:00Z",
        **values,
    }
    return listing.Certificate(facts, str(facts.pop("revokedAt", "")))


def states(of: tenant.Tenant, *issued: listing.Certificate) -> list[str]:
    return [r.state.value for r in listing.rows(of, issued, NOW, TODAY)]


def test_without_a_certificate() -> None:
    assert states(agency()) == ["awaiting-enrolment"]


def test_with_one() -> None:
    of = agency()
    assert states(of, certificate(of)) == ["issued"]


def test_the_end_counts_to_the_second() -> None:
    of = agency()
    assert states(of, certificate(of, notAfter="2026-11-22T05:00:01Z")) == ["issued"]
    ended = certificate(of, notAfter="2026-11-22T05:00:00Z")
    assert states(of, ended) == ["awaiting-enrolment", "expired"]


def test_revoked_and_issued_anew() -> None:
    of = agency()
    revoked = certificate(of, serial="0b", revokedAt="2026-02-01T00:00:00Z")
    assert states(of, certificate(of), revoked) == ["issued", "revoked"]
    assert states(of, revoked) == ["awaiting-enrolment", "revoked"]


def test_names_are_compared_in_nfc() -> None:
    of = agency(nameTh="โฮเซ José")
    assert certificate(of, commonName="โฮเซ Jose\u0301").is_for(of.signers[0])


def test_the_same_name_elsewhere_is_someone_else() -> None:
    of = agency()
    other = certificate(of, organization="กรมอื่น")
    assert states(of, other) == ["awaiting-enrolment", "not-in-manifest"]


@pytest.mark.parametrize(
    ("day", "standing"),
    [
        (date(2025, 9, 30), listing.Authority.NOT_YET),
        (date(2025, 10, 1), listing.Authority.VALID),
        (date(2027, 9, 30), listing.Authority.VALID),
        (date(2027, 10, 1), listing.Authority.LAPSED),
    ],
)
def test_days_of_authority(day: date, standing: listing.Authority) -> None:
    assert listing.authority(agency().signers[0], day) is standing


def test_a_key_pair_does_not_show_its_private_half() -> None:
    pair = oidc_key.generate()
    assert "PRIVATE" in pair.private_pem
    assert "PRIVATE" not in repr(pair)
    assert '"d"' not in pair.public_jwk
    assert oidc_key.generate().public_jwk != pair.public_jwk


def test_renewal_begins_with_the_last_third() -> None:
    from onboarding.engines import ingress_tls

    begins = datetime(2026, 1, 1, tzinfo=UTC)
    ends = begins + timedelta(days=100)
    assert ingress_tls.renewal(begins, ends, begins + timedelta(days=66)) == "not due"
    assert ingress_tls.renewal(begins, ends, begins + timedelta(days=67)) == "due since 2026-03-09"
    assert ingress_tls.renewal(begins, ends, ends) != "not due"
