"""The adapter of Mayan EDMS against the real product: what is wished is there, and drift is seen.

Its first start installs the product and makes its tables, which takes minutes; both are kept.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from onboarding import errors, normal_form, product_api, tenant
from onboarding.desired import settings
from onboarding.product_api import mayan as access
from onboarding.product_api.mayan import api, ids, reading
from onboarding.products import contract, mayan
from tests.contract import agencies
from tests.contract.servers import mayan as real
from tests.unit import targets
from tests.unit.manifest import samples

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Server]:
    made = real.start(tmp_path_factory.mktemp("mayan"))
    yield made
    made.stop()


def settings_of(of: tenant.Tenant) -> Mapping[str, Any]:
    """The settings of its first e-Office instance."""
    namespace = of.e_offices[0].namespace
    return next(
        i.fields
        for i in settings.desired(of, targets.pinned())
        if i.ref.kind == settings.KIND and i.ref.scope == namespace
    )


class Office:
    """One agency in the product: what it should hold, what it holds, and the writes of a run."""

    def __init__(self, server: real.Server, of: tenant.Tenant) -> None:
        self.server = server
        self.of = of
        self.wanted = mayan.Mayan().desired(of.id, settings_of(of))

    def held(self) -> contract.Configuration:
        return access.Mayan().observed(self.server.place, self.server.reader, self.of.id)

    def differences(self) -> list[str]:
        held = self.held()
        found = [f"{key} absent" for key in self.wanted if key not in held]
        found += [f"{key} beside" for key in held if key not in self.wanted]
        for key, fields in self.wanted.items():
            if key in held:
                differ = normal_form.differences(key[0], fields, held[key])
                found += [f"{key} {path}: {have} not {want}" for path, have, want in differ]
        return found

    def write(self, configuration: contract.Configuration | None = None) -> list[bool]:
        wanted = self.wanted if configuration is None else configuration
        wishes = [product_api.Wish(*key, fields) for key, fields in wanted.items()]
        told: list[bool] = []
        access.Mayan().write(
            self.server.place,
            self.server.writer,
            self.of.id,
            wishes,
            lambda _, changed: told.append(changed),
        )
        return told


@pytest.fixture(scope="module")
def office(server: real.Server) -> Office:
    """An agency of its own organisation, configured."""
    made = Office(server, tenant.resolve(samples.build()))
    made.write()
    return made


def test_what_was_wished_is_there_and_a_second_run_writes_nothing(office: Office) -> None:
    assert office.differences() == []
    began = len(office.server.requests())
    assert not any(office.write())
    assert office.server.writes(began) == []


def test_the_account_that_reads_cannot_write(office: Office) -> None:
    with (
        api.Api(office.server.place, office.server.reader) as door,
        pytest.raises(errors.Denied),
    ):
        door.make("/groups/", {"name": "culture:intruder"})


HANDS: list[tuple[str, str, Any]] = [
    # What a hand does in the product, as path and body: None removes.
    ("a class that may not be", "/metadata_types/{secrecy}/", {"lookup": "ปกติ,ลับ,ลับที่สุด"}),
    ("an organisation renamed", "/document_types/{type}/", {"label": "x [culture/culture]"}),
    ("deletion by itself", "/document_types/{type}/", {"delete_time_period": 30,
                                                       "delete_time_unit": "days"}),
    ("a role removed", "/roles/{role}/", None),
    ("a register renamed", "/sequences/{register}/", {"label": "y [culture/culture-in]"}),
    ("a step removed", "/workflow_templates/{workflow}/transitions/{move}/", None),
    ("a workflow by hand only", "/workflow_templates/{workflow}/", {"auto_launch": False}),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body"), [h[1:] for h in HANDS], ids=[h[0] for h in HANDS])
def test_what_a_hand_changed_is_drift_and_is_mended(
    office: Office, path: str, body: dict[str, Any] | None
) -> None:
    with api.Api(office.server.place, office.server.writer) as door:
        known = reading.known(door, "culture")
        workflow = known.workflows["letters"]["id"]
        moves = door.every(f"/workflow_templates/{workflow}/transitions/")
        place = path.format(
            secrecy=known.fields["secrecy"]["id"],
            type=known.organisations["culture"]["id"],
            role=known.roles["culture:central"]["id"],
            register=known.registers["culture-in"]["id"],
            workflow=workflow,
            move=next(iter(moves))["id"],
        )
        if body is None:
            door.remove(place)
        else:
            door.change(place, body)
    assert office.differences() != []
    office.write()
    assert office.differences() == []


def test_a_right_given_by_hand_is_taken_back(office: Office) -> None:
    with api.Api(office.server.place, office.server.writer) as door:
        known = reading.known(door, "culture")
        number = known.organisations["culture"]["id"]
        acls = reading.acls(door, ids.TYPE, number)
        base = f"/objects/{ids.TYPE}/{number}/acls/{acls['culture:section'][0]}"
        door.make(f"{base}/permissions/add/", {"permission": "documents.document_delete"})
    assert len(office.differences()) == 1
    office.write()
    assert office.differences() == []


def test_a_run_that_was_cut_off_is_completed_by_the_next(server: real.Server) -> None:
    begun = Office(server, tenant.resolve(samples.build(metadata__id="halfway")))
    half = dict(list(begun.wanted.items())[:6])
    begun.write(half)
    told = begun.write()
    assert not any(told[:6])
    assert all(told[6:])
    assert begun.differences() == []


def _letter(server: real.Server, office: Office, unit: str, kind: str) -> str:
    """A new letter of an organisation with its steps begun; its path."""
    with api.Api(server.place, server.writer) as door:
        known = reading.known(door, office.of.id)
        made = door.make(
            "/documents/",
            {"document_type_id": known.organisations[unit]["id"], "label": f"หนังสือ {unit}"},
        )
        path = f"/documents/{made['id']}"
        values = {"letter_type": kind, "secrecy": "ปกติ", "speed": "ปกติ", "letter_number": ""}
        for name, value in values.items():
            number = known.fields[name]["id"]
            door.make(f"{path}/metadata/", {"metadata_type_id": number, "value": value})
        if not list(door.every(f"{path}/workflow_instances/")):
            template = {"workflow_template_id": known.workflows["letters"]["id"]}
            door.make(f"{path}/workflow_instances/launch/", template)
    return path


def _steps(door: api.Api, path: str) -> tuple[str, dict[str, int]]:
    """Where its steps are taken, and those that may be taken now."""
    (one, *_) = door.every(f"{path}/workflow_instances/")
    base = f"{path}/workflow_instances/{one['id']}/log_entries/"
    return base, {t["label"]: t["id"] for t in door.every(f"{base}transitions/")}


def test_an_external_letter_takes_its_number_only_after_it_was_signed(office: Office) -> None:
    path = _letter(office.server, office, "culture", "หนังสือภายนอก")
    with api.Api(office.server.place, office.server.writer) as door:
        base, open_now = _steps(door, path)
        assert not [step for step in open_now if "ออกเลข" in step]
        for step in ("ลงลายมือชื่ออิเล็กทรอนิกส์", "ออกเลขหนังสือ", "ส่งหนังสือ"):
            base, open_now = _steps(door, path)
            door.make(base, {"transition_id": open_now[step]})
        values = {m["metadata_type"]["name"]: m["value"] for m in door.every(f"{path}/metadata/")}
    number, _, year = values["letter_number"].partition("/")
    assert int(number) >= 1
    assert int(year) == datetime.now(UTC).year + 543


def test_top_secret_is_refused_by_the_product(office: Office) -> None:
    path = _letter(office.server, office, "culture", "หนังสือภายใน")
    with api.Api(office.server.place, office.server.writer) as door:
        entry = next(
            m for m in door.every(f"{path}/metadata/") if m["metadata_type"]["name"] == "secrecy"
        )
        with pytest.raises(errors.EngineFailed, match="not one of the provided options"):
            door.change(f"{path}/metadata/{entry['id']}/", {"value": "ลับที่สุด"})


def test_two_bodies_of_one_instance_cannot_read_each_others_letters(server: real.Server) -> None:
    whole = agencies.example("plk-lao")
    pooled = Office(server, dataclasses.replace(whole, bodies=whole.bodies[:2]))
    pooled.write()
    assert pooled.differences() == []
    ours, theirs = (body.id for body in pooled.of.bodies)
    path = {unit: _letter(server, pooled, unit, "หนังสือภายใน") for unit in (ours, theirs)}
    account = product_api.Account(f"clerk-{secrets.token_hex(4)}", secrets.token_urlsafe(16))
    with api.Api(server.place, server.writer) as door:
        said = {
            "username": account.username,
            "password": account.password,
            "email": "c@example.go.th",
        }
        clerk = door.make("/users/", said)
        group = next(
            g for g in reading.known(door, "plk-lao").groups.values()
            if g["name"] == f"plk-lao:unit:{ours}:section"
        )  # fmt: skip
        door.make(f"/groups/{group['id']}/users/add/", {"user": clerk["id"]})
    with api.Api(server.place, account) as door:
        seen = {f"/documents/{d['id']}" for d in door.every("/documents/")}
        assert path[ours] in seen
        assert path[theirs] not in seen
        assert len(list(door.every(f"{path[ours]}/metadata/"))) == 4
        assert list(door.every(f"{path[theirs]}/files/")) == []
        for part in ("/metadata/", "/workflow_instances/"):
            with pytest.raises(errors.OnboardError):
                list(door.every(f"{path[theirs]}{part}"))
        with pytest.raises(errors.OnboardError):
            door.change(f"{path[theirs]}/", {"label": "x"})
        # Nor may a clerk delete a letter of its own organisation.
        with pytest.raises(errors.OnboardError):
            door.remove(f"{path[ours]}/")
