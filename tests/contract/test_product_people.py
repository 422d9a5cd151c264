"""Staff get into the real Mayan EDMS with the rights of their role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from onboarding import errors, tenant
from onboarding.product_api import mayan as access
from onboarding.product_api.mayan import api, reading
from tests.contract.servers import mayan as real
from tests.contract.test_product_mayan import Office
from tests.unit.manifest import samples

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

_EMAIL = "trial.central@m-culture.go.th"


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    server = real.start(tmp_path_factory.mktemp("mayan"))
    made = Office(server, tenant.resolve(samples.build()))
    made.write()
    yield made
    server.stop()


def _admit(office: Office, role: str, email: str = _EMAIL) -> None:
    server = office.server
    access.Mayan().admit(server.place, server.writer, office.of.id, email, role)


def test_a_person_is_admitted_once_with_the_rights_of_a_role(office: Office) -> None:
    _admit(office, "central")
    _admit(office, "central", _EMAIL.replace("t", "T"))
    with api.Api(office.server.place, office.server.writer) as door:
        [user] = [one for one in door.every("/users/") if one["email"].lower() == _EMAIL]
        group = reading.known(door, office.of.id).groups[f"{office.of.id}:central"]
        members = [one["id"] for one in door.every(f"/groups/{group['id']}/users/")]
    assert members.count(user["id"]) == 1
    assert office.differences() == []


def test_a_role_that_is_none_is_refused_with_those_there_are(office: Office) -> None:
    with pytest.raises(errors.UsageError, match="no group") as refused:
        _admit(office, "emperor")
    assert f"  {office.of.id}:central" in refused.value.details
