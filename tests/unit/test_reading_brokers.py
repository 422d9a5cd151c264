"""Brokers as they are read: a refusal is no empty list, and the agency's own come with mappers."""

from __future__ import annotations

from typing import Any, cast

import pytest

from onboarding import environment, errors, item, manifest, tenant
from onboarding.desired import realm_broker
from onboarding.engines import sso
from onboarding.identity import interface, keycloak, provider, reading, writing
from tests.unit import targets
from tests.unit.test_desired_brokers import EXAMPLES

PLACE = "/identity-provider/instances"
NAMES = interface.Names("eec", frozenset(), "ga-eec-", "eec", frozenset({"eec-thaid"}))
MAPPER = {"id": "7", "name": "all", "identityProviderMapper": "oidc-hardcoded-group-idp-mapper"}


class _Door:
    """Stands for Keycloak: one broker of the agency, one of nobody; brokers may be refused."""

    def __init__(self, *, refuses: bool = False) -> None:
        self._refuses = refuses
        self.asked: list[str] = []
        self.deleted: list[str] = []

    def get(self, realm: str, path: str, **_: str) -> Any:
        self.asked.append(path)
        if path == PLACE:
            if self._refuses:
                raise errors.Denied("Keycloak refused the list of brokers")
            return [{"alias": "eec-thaid"}, {"alias": "theirs", "postBrokerLoginFlowAlias": "x"}]
        if path == f"{PLACE}/eec-thaid/mappers":
            return [MAPPER]
        if path == f"{PLACE}/eec-thaid":
            return {"alias": "eec-thaid", "organizationId": "1"}
        return None if path else {"realm": realm}

    def put(self, realm: str, path: str, body: Any) -> None:
        assert "mappers" not in body

    def delete(self, realm: str, path: str) -> None:
        self.deleted.append(path)


def _listed(door: _Door, unread: interface.Unread, *, whole: bool = False) -> dict[str, item.Item]:
    to = cast("keycloak.Keycloak", door)
    found = reading.brokers(to, "gdcc", NAMES, {}, unread, whole_realm=whole)
    return {broker.ref.name: broker for broker in found}


def test_what_may_not_be_read_is_unread_and_ends_a_plan() -> None:
    unread: dict[str, str] = {}
    assert _listed(_Door(refuses=True), unread) == {}
    assert unread == {"IdentityProvider": "Keycloak refused the list of brokers"}
    with pytest.raises(errors.Denied):
        _listed(_Door(refuses=True), None)


def test_only_brokers_of_the_agency_are_asked_for_mappers() -> None:
    door = _Door()
    found = _listed(door, None, whole=True)
    mapper = "all (oidc-hardcoded-group-idp-mapper)"
    assert found["eec-thaid"].fields["mappers"] == [mapper]
    assert found["eec-thaid"].fields["postBrokerLoginFlowAlias"] == ""
    assert found["theirs"].fields["postBrokerLoginFlowAlias"] == "x"
    assert door.asked == [PLACE, f"{PLACE}/eec-thaid/mappers"]


def test_an_update_takes_away_mappers() -> None:
    of = tenant.resolve(manifest.load(EXAMPLES / "eec.yaml"), targets.pinned())
    [thaid, _] = realm_broker.items(of, targets.pinned())
    door = _Door()
    writing.update(cast("keycloak.Keycloak", door), thaid, lambda *_: None)
    assert door.deleted == [f"{PLACE}/eec-thaid/mappers/7"]


@pytest.mark.parametrize("refuses", [True, False])
def test_the_engine_says_that_it_did_not_see_brokers(
    refuses: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = tenant.resolve(manifest.load(EXAMPLES / "eec.yaml"), targets.pinned())
    engine = sso.Sso(targets.pinned(), environment.Role.AUDITOR, keys_in_vault=lambda _: {})
    made = provider.Provider(cast("keycloak.Keycloak", _Door(refuses=refuses)))
    monkeypatch.setattr(engine, "_provider", made)
    seen = engine.observe([of], evidence=True)
    assert (realm_broker.KIND in seen.read) is not refuses
    assert (realm_broker.KIND in seen.unread) is refuses
    assert "Client" in seen.read
    if refuses:
        with pytest.raises(errors.Denied):
            engine.observe([of])
