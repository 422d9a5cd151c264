"""A pooled e-Office on a real node: 57 bodies share it, and none reaches a letter of another."""

from __future__ import annotations

import json

import pytest

from onboarding import progress
from onboarding.lab import component, images
from tests.integration.real import office_use
from tests.integration.real.conftest import command, must
from tests.integration.real.office_use import Office
from tests.running import ROOT

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(14400)]

_BODIES = 57


@pytest.fixture
def office(lab: component.Lab) -> Office:
    """The e-Office of the bodies, running; what is there already is left as it is."""
    images.ensure((), progress.Silent())
    office_use.ready(lab)
    shared = Office(lab, ROOT / "examples" / "plk-lao.yaml")
    must(shared.onboard("apply", "--yes", "--no-verify"))
    return shared


def test_each_body_has_an_organisation_and_a_second_apply_writes_nothing(office: Office) -> None:
    with office.administrator() as door:
        kinds = [kind["label"] for kind in door.every("/document_types/")]
    assert sum("[plk-lao/" in label for label in kinds) == _BODIES
    again = json.loads(office.onboard("apply", "--yes", "--output", "json").out)
    assert again["outcomes"] == []
    assert again["unchanged"] > 0


def test_somebody_of_a_body_has_the_rights_of_its_role_alone(office: Office) -> None:
    asked = ("person", str(office.file), "--body", "plk-002", "--role", "section")
    made = json.loads(must(command(*asked, "--output", "json")).out)
    with office.administrator() as door:
        (user,) = [one for one in door.every("/users/") if one["email"] == made["username"]]
        groups = [group["name"] for group in door.every(f"/users/{user['id']}/groups/")]
    assert groups == ["plk-lao:unit:plk-002:section"]


def test_every_pair_of_bodies_is_tried_and_nothing_is_reached_or_left(office: Office) -> None:
    proven = json.loads(office.onboard("verify", "--probe", "--yes", "--output", "json").out)
    (tried,) = [one for one in proven["findings"] if one["id"] == "TEN-018" and one["evidence"]]
    assert tried["verdict"] == "pass", tried
    assert tried["evidence"]["pairs"] == _BODIES * (_BODIES - 1)
    with office.administrator() as door:
        assert not [user for user in door.every("/users/") if "probe" in user["username"]]
        assert door.get("/documents/")["count"] == 0
    must(office.onboard("drift"))
