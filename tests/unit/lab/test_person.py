"""A test person is known where people sign in and in the e-Office, and can be made anew."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, errors, product_api, product_login, tenant
from onboarding.identity import keycloak
from onboarding.lab import home as homes
from onboarding.lab import person
from tests.unit import targets
from tests.unit.manifest import samples


class _Keycloak:
    """Accounts of one realm; ``groups`` are there."""

    def __init__(self, *groups: str) -> None:
        self.groups, self.users = groups, list[dict[str, Any]]()

    def get(self, _realm: str, path: str, **_: str) -> Any:
        if path.startswith("/group-by-path"):
            return {"id": "g"} if path.removeprefix("/group-by-path") in self.groups else None
        return [{"id": str(number)} for number, _ in enumerate(self.users)]

    def delete(self, _realm: str, path: str) -> None:
        del self.users[int(path.rpartition("/")[2])]

    def post(self, _realm: str, _path: str, body: dict[str, Any]) -> str:
        self.users.append(body)
        return "new"

    def close(self) -> None:
        """Nothing is held."""


class _Product:
    def __init__(self) -> None:
        self.admitted: list[tuple[str, ...]] = []

    def admit(self, place: product_api.Place, account: object, *who: str) -> None:
        self.admitted.append((place.namespace, *who))


@pytest.fixture
def target() -> environment.Environment:
    about = environment.EOffice(product="mayan-edms")
    return targets.pinned().model_copy(update={"e_office": about})


@pytest.fixture
def product(monkeypatch: pytest.MonkeyPatch) -> _Product:
    made = _Product()
    monkeypatch.setattr(product_api, "of", lambda _: made)
    monkeypatch.setattr(
        product_login, "administrator", lambda *_: product_api.Account("w", "secret")
    )
    return made


def test_made_twice_there_is_one_with_another_password(
    product: _Product,
    target: environment.Environment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = tenant.resolve(samples.build(), target)
    admin = _Keycloak(f"/{of.id}/{of.id}:central")
    monkeypatch.setattr(keycloak, "connect", lambda *_: admin)
    home = homes.Home("trial", tmp_path)
    passwords = []
    for _ in range(2):
        made = person.make(home, target, of, "central")
        [user] = admin.users
        assert user["groups"] == [f"/{of.id}/{of.id}:central"]
        [login] = user["credentials"]
        assert login["temporary"]
        assert made.password_file.read_text() == login["value"] + "\n"
        assert made.password_file.stat().st_mode & 0o777 == 0o600
        passwords.append(login["value"])
    assert passwords[0] != passwords[1]
    (instance,) = of.e_offices
    assert made.username == user["email"] == f"trial.central@{of.domains[0]}"
    assert product.admitted == 2 * [(instance.namespace, of.id, made.username, "central")]
    assert instance.host in made.addresses[0]


def test_somebody_of_a_body_has_its_role_and_is_one_of_its_people(
    product: _Product,
    target: environment.Environment,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = tenant.resolve(samples.example("plk-lao"), target)
    groups = [f"/{of.id}/{of.id}:central", f"/{of.id}/{of.id}:unit:plk-002"]
    admin = _Keycloak(*groups)
    monkeypatch.setattr(keycloak, "connect", lambda *_: admin)
    made = person.make(homes.Home("trial", tmp_path), target, of, "central", "plk-002")
    [user] = admin.users
    assert user["groups"] == groups
    assert made.username == f"trial.plk-002.central@{of.domains[0]}"
    assert [one[-1] for one in product.admitted] == ["unit:plk-002:central"]


@pytest.mark.parametrize(
    ("agency", "body", "says"),
    [
        ("plk-lao", "", "has 57 bodies"),
        ("plk-lao", "plk-999", "no body 'plk-999'"),
        ("mot", "plk-001", "no body 'plk-001'"),
    ],
)
def test_a_body_is_one_of_those_that_share_the_e_office(
    target: environment.Environment, tmp_path: Path, agency: str, body: str, says: str
) -> None:
    of = tenant.resolve(samples.example(agency), target)
    with pytest.raises(errors.UsageError, match=says) as refused:
        person.make(homes.Home("trial", tmp_path), target, of, "central", body)
    assert refused.value.details == tuple(f"  {one.id}" for one in of.bodies)


def test_without_an_e_office_there_is_nothing_to_sign_in_to(
    target: environment.Environment, tmp_path: Path
) -> None:
    bare = target.model_copy(update={"e_office": None})
    of = tenant.resolve(samples.build(), bare)
    with pytest.raises(errors.UsageError, match="no e-Office"):
        person.make(homes.Home("trial", tmp_path), bare, of, "central")
