"""Which hosts get a certificate, and under which names."""

from __future__ import annotations

import pytest

from onboarding import labels
from onboarding.desired import ingress_tls
from tests.contract import agencies
from tests.unit import targets
from tests.unit.test_desired_vault import of


@pytest.mark.parametrize(("name", "count"), [("moph", 10), ("admincourt", 2), ("plk-lao", 1)])
def test_one_for_each_instance(name: str, count: int) -> None:
    wanted = ingress_tls.desired(of(name), targets.pinned())
    assert len(wanted) == count
    assert {i.owner for i in wanted} == {name}
    assert all(i.fields["curve"] == "secp256r1" for i in wanted)


def test_names_and_marks() -> None:
    agency = agencies.example("moph")
    office = agency.e_offices[0]
    other = next(i for i in agency.instances if i.kind != "e-office")
    assert ingress_tls.secret_name(office) == "e-office-tls"
    assert ingress_tls.secret_name(other) == "health-platform-tls"
    assert ingress_tls.certificate_name(office) == "e-office-tls-certificate"
    marks = ingress_tls.marks(agency, office)
    assert marks[labels.AGENCY] == "moph"
    # The stack deletes what carries its own mark and is not planned; this must not be that.
    assert labels.owner(marks) == ""
