"""Staff get into the real Mayan EDMS with the rights of their role."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from onboarding import errors, product_api, tenant
from onboarding.product_api import mayan as access
from onboarding.product_api.mayan import api, reading
from onboarding.products.mayan import PRODUCT
from tests.contract import product_letters
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


def test_an_account_that_is_deleted_takes_the_steps_of_its_person_along(office: Office) -> None:
    """Why administrators must deactivate accounts: the reason of a limit, until this fails."""
    server, unit = office.server, office.of.id
    leaver = product_api.Account("leaver@m-culture.go.th", "only-for-this-test-Aa1!")
    _admit(office, "central", leaver.username)
    with api.Api(server.place, server.writer) as door:
        path = product_letters.make(door, unit, unit, "ผู้ลงนามลาออก")
        [user] = [one for one in door.every("/users/") if one["email"] == leaver.username]
        door.change(f"/users/{user['id']}/", {"password": leaver.password})
        with api.Api(server.place, leaver) as person:
            base, open_now = product_letters.steps(person, path)
            person.make(base, {"transition_id": open_now[product_letters.STEPS[0]]})
        taken = [entry["user"]["username"] for entry in door.every(base) if entry["transition"]]
        assert taken == [leaver.username]
        door.remove(f"/users/{user['id']}/")
        assert [entry for entry in door.every(base) if entry["transition"]] == []
    (kept,) = [limit for limit in PRODUCT.limits if limit.control == "DOC-010"]
    assert "administrators deactivate" in kept.reason_en
