"""The adapter of Mayan EDMS against the real product: what is wished is there, and drift is seen.

Its first start installs the product and makes its tables, which takes minutes; both are kept.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from onboarding import errors, normal_form, product_api, tenant
from onboarding.desired import office
from onboarding.product_api import crossing
from onboarding.product_api import mayan as access
from onboarding.product_api.mayan import api, ids, reading, writing
from onboarding.product_api.mayan import crossing as trying
from onboarding.products import contract
from onboarding.products.mayan import rights, wanted
from tests.contract import agencies, product_letters, signed_pdf
from tests.contract.servers import mayan as real
from tests.unit.manifest import samples

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Server]:
    made = real.start(tmp_path_factory.mktemp("mayan"))
    yield made
    made.stop()


class Office:
    """One agency in the product: what it should hold, what it holds, and the writes of a run."""

    def __init__(self, server: real.Server, of: tenant.Tenant) -> None:
        self.server = server
        self.of = of
        self.wanted = product_letters.wanted(of)

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

    def write(
        self,
        configuration: contract.Configuration | None = None,
        place: product_api.Place | None = None,
    ) -> list[bool]:
        wanted = self.wanted if configuration is None else configuration
        wishes = [product_api.Wish(*key, fields) for key, fields in wanted.items()]
        told: list[bool] = []
        access.Mayan().write(
            place or self.server.place,
            self.server.writer,
            self.of.id,
            wishes,
            lambda _, changed: told.append(changed),
        )
        return told


@pytest.fixture(scope="module")
def culture(server: real.Server) -> Office:
    """An agency of its own organisation, configured."""
    made = Office(server, tenant.resolve(samples.build()))
    made.write()
    return made


def test_what_was_wished_is_there_and_a_second_run_writes_nothing(culture: Office) -> None:
    assert culture.differences() == []
    began = len(culture.server.requests())
    assert not any(culture.write())
    assert culture.server.writes(began) == []


def test_the_account_that_reads_cannot_write(culture: Office) -> None:
    with (
        api.Api(culture.server.place, culture.server.reader) as door,
        pytest.raises(errors.Denied),
    ):
        door.make("/groups/", {"name": "culture:intruder"})


def test_nobody_else_has_an_account(server: real.Server) -> None:
    """Mayan's own first administrator is switched off by the image."""
    with api.Api(server.place, server.writer) as door:
        names = {user["username"] for user in door.every("/users/")}
    assert names == {server.writer.username, server.reader.username}
    disabled = server.home.environment["MAYAN_COMMON_DISABLED_APPS"]
    assert "AutoAdmin" in disabled
    assert "Fundraisers" in disabled, "its page shows that administrator's password"


def test_a_password_that_was_changed_counts_from_the_next_start_on(server: real.Server) -> None:
    before = server.reader
    with api.Api(server.place, before) as signed_in:
        changed = product_api.Account(before.username, secrets.token_urlsafe(24))
        try:
            real.write_accounts(server.home, {office.READER: changed})
            server.home.make_accounts()
            with pytest.raises(errors.Denied):
                list(signed_in.every("/roles/"))
            with pytest.raises(errors.Denied), api.Api(server.place, before):
                pass
            with api.Api(server.place, changed) as door:
                assert list(door.every("/roles/"))
        finally:
            real.write_accounts(server.home, {office.READER: before})
            server.home.make_accounts()


def test_a_right_that_a_hand_gave_the_reading_account_is_gone_after_the_next_start(
    server: real.Server,
) -> None:
    with api.Api(server.place, server.writer) as door:
        role = next(r for r in door.every("/roles/") if r["label"] == server.reader.username)
        path = f"/roles/{role['id']}/permissions"
        door.make(f"{path}/add/", {"permission": "permissions.role_create"})
    server.home.make_accounts()
    with api.Api(server.place, server.writer) as door:
        assert sorted(p["pk"] for p in door.every(f"{path}/")) == sorted(rights.READER)


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
    culture: Office, path: str, body: dict[str, Any] | None
) -> None:
    with api.Api(culture.server.place, culture.server.writer) as door:
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
    assert culture.differences() != []
    culture.write()
    assert culture.differences() == []


def _action(backend: str, said: dict[str, Any], condition: str = "") -> dict[str, Any]:
    return {
        "label": "9 by hand", "when": ids.ON_ENTRY, "enabled": True, "backend_path": backend,
        "backend_data": json.dumps(said), "condition": condition,
    }  # fmt: skip


_HTTP = "mayan.apps.document_states.workflow_actions.HTTPAction"
_ACTIONS = "/workflow_templates/{workflow}/states/{state}/actions/"
MORE: list[tuple[str, str, Callable[[dict[str, Any]], dict[str, Any]], str]] = [
    # What a hand puts beside it or changes of an action or a register, and where it is seen.
    ("letters posted elsewhere", "make " + _ACTIONS,
     lambda _: _action(_HTTP, {"url": "https://elsewhere.example/", "method": "POST"}),
     "{label}: 9 by hand (HTTPAction)"),
    ("a second number for the same letters", "make " + _ACTIONS,
     lambda at: _action(
         ids.TAKE_NUMBER, {"sequence": at["register"], "value_store_name": ids.STORED_AS},
         ids.for_type(at["type"]),
     ) | {"label": "0 by hand"}, "{label}: 0 by hand (SequenceValueNextAction)"),
    ("a number as the letter goes", "change " + _ACTIONS + "{action}/",
     lambda _: {"when": 2}, "{label}: 1 culture-out (SequenceValueNextAction)"),
    ("a step taken after a day", "make /workflow_templates/{workflow}/states/{origin}/escalations/",
     lambda at: {"workflow_template_transition_id": at["move"], "amount": 1, "unit": "days"},
     ": {step} after 1 days"),
    ("a step taken when somebody looks",
     "make /workflow_templates/{workflow}/transitions/{move}/triggers/",
     lambda _: {"event_type_id": "documents.document_view"},
     "{step}: on documents.document_view"),
    ("a short way of the same name", "make /workflow_templates/{workflow}/transitions/",
     lambda at: {"label": at["step"], "origin_state_id": at["origin"], "condition": "",
                 "destination_state_id": at["origin"]},
     "moves.{step} ("),
    ("a register that stands still", "change /sequences/{register}/",
     lambda _: {"backend_data": json.dumps({"value_first": 1, "increment_list": "0", "width": 0})},
     "'culture-out') oneByOne: False not True"),
    ("a register with an end", "change /sequences/{incoming}/",
     lambda _: {"backend_data": json.dumps(
         {"value_first": 1, "increment_list": "1", "width": 0, "value_limit": 99}
     )}, "'culture-in') oneByOne: False not True"),
]  # fmt: skip


def _at(door: api.Api) -> dict[str, Any]:
    """Mayan's numbers of what a hand changes."""
    known = reading.known(door, "culture")
    workflow = known.workflows["letters"]["id"]
    states = {s["label"]: s["id"] for s in door.every(f"/workflow_templates/{workflow}/states/")}
    (label,) = (name for name in states if "ออกเลข" in name)
    actions = f"/workflow_templates/{workflow}/states/{states[label]}/actions/"
    move = next(iter(door.every(f"/workflow_templates/{workflow}/transitions/")))
    return {
        "workflow": workflow,
        "type": known.organisations["culture"]["id"],
        "register": known.registers["culture-out"]["id"],
        "incoming": known.registers["culture-in"]["id"],
        "label": label,
        "state": states[label],
        "action": next(a["id"] for a in door.every(actions) if a["label"] == "1 culture-out"),
        "move": move["id"],
        "step": move["label"],
        "origin": move["origin_state"]["id"],
    }


def test_what_a_hand_added_to_steps_and_registers_is_drift_and_is_mended(culture: Office) -> None:
    """All at once: each has a word of its own in the differences."""
    with api.Api(culture.server.place, culture.server.writer) as door:
        at = _at(door)
        for _, what, body, _ in MORE:
            way, path = what.split(" ", 1)
            getattr(door, way)(path.format(**at), body(at))
    found = "\n".join(culture.differences())
    assert [what for what, _, _, seen in MORE if seen.format(**at) not in found] == []
    culture.write()
    assert culture.differences() == []


def test_another_workflow_for_our_letters_is_taken_off_them_while_none_is_in_it(
    culture: Office,
) -> None:
    with api.Api(culture.server.place, culture.server.writer) as door:
        number = reading.known(door, "culture").organisations["culture"]["id"]
        made = door.make(
            "/workflow_templates/",
            {"internal_name": "beside", "label": "beside", "auto_launch": True},
        )
        base = f"/workflow_templates/{made['id']}"
        door.make(f"{base}/document_types/add/", {"document_type_id": number})
        door.make(f"{base}/states/", {"label": "begun", "initial": True})
        (line,) = culture.differences()
        assert line.endswith("'letters') otherWorkflows: ['culture: beside'] not []")
        culture.write()
        assert culture.differences() == []
        door.make(f"{base}/document_types/add/", {"document_type_id": number})
        product_letters.make(door, "culture", "culture", "สองทาง")
        with pytest.raises(errors.Refused, match="culture: beside"):
            culture.write()
        door.remove(f"{base}/")
    assert culture.differences() == []


def test_a_right_given_by_hand_is_taken_back(culture: Office) -> None:
    with api.Api(culture.server.place, culture.server.writer) as door:
        known = reading.known(door, "culture")
        number = known.organisations["culture"]["id"]
        acls = reading.acls(door, ids.TYPE, number)
        base = f"/objects/{ids.TYPE}/{number}/acls/{acls['culture:division'][0]}"
        door.make(f"{base}/permissions/add/", {"permission": "documents.document_delete"})
    assert len(culture.differences()) == 1
    culture.write()
    assert culture.differences() == []


@pytest.mark.parametrize("name", ["culture:central", "culture:everybody"])
def test_a_right_of_a_role_itself_is_taken_back(culture: Office, name: str) -> None:
    """It would hold on the letters of every organisation."""
    with api.Api(culture.server.place, culture.server.writer) as door:
        role = reading.known(door, "culture").roles[name]
        granted = {"permission": "documents.document_view"}
        door.make(f"/roles/{role['id']}/permissions/add/", granted)
    (line,) = culture.differences()
    assert line.endswith(f"'{name}') rights: ['documents.document_view'] not []")
    culture.write()
    assert culture.differences() == []


def test_a_role_of_others_loses_the_group_and_stays(culture: Office) -> None:
    with api.Api(culture.server.place, culture.server.writer) as door:
        role = door.make("/roles/", {"label": "Backdoor"})
        path = f"/roles/{role['id']}"
        door.make(f"{path}/permissions/add/", {"permission": "documents.document_view"})
        group = reading.known(door, "culture").groups["culture:section"]
        door.make(f"{path}/groups/add/", {"group": group["id"]})
        group_has, everywhere = culture.differences()
        assert group_has.endswith("'culture:section') elsewhere: ['Backdoor'] not []")
        assert everywhere.endswith("ofOthers: ['Backdoor: documents.document_view'] not []")
        culture.write()
        assert culture.differences() == []
        assert door.get(f"{path}/")["label"] == "Backdoor"
        door.remove(f"{path}/")


def test_a_run_that_was_cut_off_is_completed_by_the_next(server: real.Server) -> None:
    begun = Office(server, tenant.resolve(samples.build(metadata__id="halfway")))
    half = dict(list(begun.wanted.items())[:6])
    begun.write(half)
    told = begun.write()
    assert not any(told[:6])
    assert all(told[6:])
    assert begun.differences() == []


def test_an_organisation_with_letters_in_its_bin_is_not_removed(server: real.Server) -> None:
    of = Office(server, tenant.resolve(samples.build(metadata__id="binned")))
    of.write()
    gone = [product_api.Wish(contract.Kind.ORGANISATION, "binned", None)]
    with api.Api(of.server.place, of.server.writer) as door:
        path = product_letters.make(door, "binned", "binned", "ในถัง")
        writer = writing.Writer(door, "binned")
        with pytest.raises(errors.Refused, match="still has letters in the e-Office"):
            writer.write(gone, lambda *_: None)
        door.remove(f"{path}/")
        with pytest.raises(errors.Refused, match="in the bin"):
            writer.write(gone, lambda *_: None)
        (letter,) = door.every("/trashed_documents/")
        door.remove(f"/trashed_documents/{letter['id']}/")
        writer.write(gone, lambda *_: None)
        assert "binned" not in reading.known(door, "binned").organisations


def test_an_external_letter_takes_its_number_only_after_it_was_signed(culture: Office) -> None:
    with api.Api(culture.server.place, culture.server.writer) as door:
        path = product_letters.make(door, "culture", "culture", "ภายนอก")
        _, open_now = product_letters.steps(door, path)
        assert not [step for step in open_now if "ออกเลข" in step]
        number, _, year = product_letters.send(door, path).partition("/")
    assert int(number) >= 1
    assert int(year) == datetime.now(UTC).year + 543


def test_a_letter_begins_its_steps_by_itself_and_keeps_its_file(culture: Office) -> None:
    pdf = signed_pdf.letter("No. SoThor 0201/1234")
    with api.Api(culture.server.place, culture.server.writer) as door:
        path = product_letters.make(door, "culture", "culture", "แนบไฟล์", pdf)
        _, open_now = product_letters.steps(door, path)
        assert open_now
        (file,) = door.every(f"{path}/files/")
        assert door.content(f"{path}/files/{file['id']}/download/") == pdf
        assert (file["checksum"], file["mimetype"]) == (
            hashlib.sha256(pdf).hexdigest(), "application/pdf",
        )  # fmt: skip


def test_top_secret_is_refused_by_the_product(culture: Office) -> None:
    with api.Api(culture.server.place, culture.server.writer) as door:
        path = product_letters.make(door, "culture", "culture", "ภายใน", kind="หนังสือภายใน")
        entry = next(
            m for m in door.every(f"{path}/metadata/") if m["metadata_type"]["name"] == "secrecy"
        )
        with pytest.raises(errors.EngineFailed, match="not one of the provided options"):
            door.change(f"{path}/metadata/{entry['id']}/", {"value": "ลับที่สุด"})


@pytest.fixture(scope="module")
def pooled(server: real.Server) -> Office:
    """Three bodies in one instance, configured."""
    whole = agencies.example("plk-lao")
    made = Office(server, dataclasses.replace(whole, bodies=whole.bodies[:3]))
    made.write()
    return made


def _tried(pooled: Office) -> tuple[crossing.Try, ...]:
    bodies = [body.id for body in pooled.of.bodies]
    place, writer = pooled.server.place, pooled.server.writer
    try:
        return access.Mayan().cross_read(place, writer, pooled.of.id, bodies)
    finally:
        access.Mayan().sweep(place, writer)


def test_bodies_of_one_instance_cannot_reach_each_others_letters(pooled: Office) -> None:
    assert pooled.differences() == []
    crossed = crossing.judge(_tried(pooled))
    assert crossed.breaches == ()
    assert crossed.unknown == ()
    assert crossed.refused > 3 * 20
    assert crossed.pairs == 3 * 2
    assert access.Mayan().sweep(pooled.server.place, pooled.server.writer) == 0


@pytest.mark.parametrize(
    ("of", "to", "opened"),
    [
        (0, 1, {"list", "read", "search"}),
        # Not of the body before it, whose letter alone every way is tried on.
        (1, 0, {"list", "search"}),
    ],
)
def test_a_right_too_many_is_found_by_what_it_opens(
    pooled: Office, of: int, to: int, opened: set[str]
) -> None:
    ours, theirs = pooled.of.bodies[of].id, pooled.of.bodies[to].id
    with api.Api(pooled.server.place, pooled.server.writer) as door:
        known = reading.known(door, pooled.of.id)
        number = known.organisations[ours]["id"]
        role = known.roles[wanted.staff(pooled.of.id, theirs)]["id"]
        acl = door.make(f"/objects/{ids.TYPE}/{number}/acls/", {"role_id": role})
        granted = {"permission": "documents.document_view"}
        door.make(f"/objects/{ids.TYPE}/{number}/acls/{acl['id']}/permissions/add/", granted)
    crossed = crossing.judge(_tried(pooled))
    assert {line.partition(": ")[2] for line in crossed.breaches} >= opened
    assert all(f"{theirs} on a letter of {ours}" in line for line in crossed.breaches)
    pooled.write()
    assert crossing.judge(_tried(pooled)).breaches == ()


def test_a_right_of_one_role_everywhere_is_found_by_what_it_opens(pooled: Office) -> None:
    """A role of nobody's names, with a right of its own, and the group of one body's keepers."""
    unit = pooled.of.bodies[1].id
    with api.Api(pooled.server.place, pooled.server.writer) as door:
        known = reading.known(door, pooled.of.id)
        staff = known.roles[wanted.staff(pooled.of.id, unit)]
        groups = reading.role_groups(door, staff)
        saraban = next(g for name, g in groups.items() if name.endswith(":central"))
        role = door.make("/roles/", {"label": "Backdoor"})
        path = f"/roles/{role['id']}"
        door.make(f"{path}/permissions/add/", {"permission": "documents.document_view"})
        door.make(f"{path}/groups/add/", {"group": saraban["id"]})
    try:
        crossed = crossing.judge(_tried(pooled))
    finally:
        with api.Api(pooled.server.place, pooled.server.writer) as door:
            door.remove(f"{path}/")
    assert {line.partition(": ")[2] for line in crossed.breaches} >= {"list", "read", "search"}
    assert all(line.startswith(f"{unit} on a letter of ") for line in crossed.breaches)
    assert crossing.judge(_tried(pooled)).breaches == ()


def test_an_organisation_that_is_not_there_is_named_with_what_to_do(pooled: Office) -> None:
    place, writer = pooled.server.place, pooled.server.writer
    with pytest.raises(errors.UsageError, match="no organisation nowhere") as caught:
        access.Mayan().cross_read(place, writer, pooled.of.id, ["nowhere"])
    assert "onboard apply" in caught.value.resolution
    with api.Api(place, writer) as door, pytest.raises(errors.UsageError, match="no group of"):
        trying.clerk(door, reading.Known(), pooled.of.id, pooled.of.bodies[0].id)


def test_what_a_killed_probe_left_is_swept_away(pooled: Office) -> None:
    place, writer = pooled.server.place, pooled.server.writer
    bodies = [body.id for body in pooled.of.bodies]
    access.Mayan().cross_read(place, writer, pooled.of.id, bodies)
    assert access.Mayan().sweep(place, writer) == 2 * 3
    with api.Api(place, writer) as door:
        left = [*door.every("/documents/"), *door.every("/trashed_documents/")]
        assert not [one for one in left if crossing.MARK in one["label"]]
        assert not [u for u in door.every("/users/") if crossing.MARK in u["username"]]


def test_a_clerk_cannot_put_a_letter_of_its_own_organisation_into_the_bin(pooled: Office) -> None:
    unit = pooled.of.bodies[0].id
    with api.Api(pooled.server.place, pooled.server.writer) as door:
        path = product_letters.make(door, pooled.of.id, unit, "คงอยู่")
        known = reading.known(door, pooled.of.id)
        account = trying.clerk(door, known, pooled.of.id, unit, "section")
        with api.Api(pooled.server.place, account) as clerk:
            assert clerk.get(f"{path}/")
            with pytest.raises(errors.OnboardError):
                clerk.remove(f"{path}/")
    access.Mayan().sweep(pooled.server.place, pooled.server.writer)
