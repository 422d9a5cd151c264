"""What a run never does to a real Mayan EDMS: take away letters, what is told of them, or numbers.

Each test has an agency of its own, with letters in it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from typing import Any

import pytest

from onboarding import errors, plan, product_api, tenant
from onboarding.engines.ansible_playbooks import office as ansible
from onboarding.product_api.mayan import api, ids, reading, writing
from onboarding.products import contract
from tests.contract import agencies, product_letters
from tests.contract.servers import mayan as real
from tests.contract.test_product_mayan import Office
from tests.unit.manifest import samples

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

Kind = contract.Kind
SIGN, NUMBER, SEND = product_letters.STEPS


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.Server]:
    made = real.start(tmp_path_factory.mktemp("mayan"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def door(server: real.Server) -> Iterator[api.Api]:
    with api.Api(server.place, server.writer) as signed_in:
        yield signed_in


def configured(server: real.Server, agency: str) -> Office:
    made = Office(server, tenant.resolve(samples.build(metadata__id=agency)))
    made.write()
    return made


def refused(of: Office, said: str) -> errors.Refused:
    with pytest.raises(errors.Refused, match=said) as caught:
        of.write()
    assert caught.value.resolution
    # What Ansible says of it is shown to this length.
    assert len(str(caught.value)) < 260
    return caught.value


def taken(door: api.Api, letter: str) -> list[str]:
    """The steps that are told of a letter."""
    document = door.get(f"{letter}/")
    return [step for step in product_letters.told(door, document)["steps"] if step]


def take(door: api.Api, letter: str, *steps: str) -> None:
    for step in steps:
        base, open_now = product_letters.steps(door, letter)
        door.make(base, {"transition_id": open_now[step]})


def delete(door: api.Api, letter: str) -> None:
    """For good."""
    door.remove(f"{letter}/")
    door.remove(f"/trashed_documents/{letter.rpartition('/')[2]}/")


def taken_back(door: api.Api, letter: str) -> list[str]:
    """Out of the bin again; the steps that are told of it."""
    door.make(f"/trashed_documents/{letter.rpartition('/')[2]}/restore/", {})
    return taken(door, letter)


def at(door: api.Api, agency: str) -> tuple[str, dict[str, int], dict[str, int]]:
    """Of an agency's workflow its path, and by label its states and its steps."""
    base = f"/workflow_templates/{reading.known(door, agency).workflows['letters']['id']}"
    states, moves = (
        {one["label"]: one["id"] for one in door.every(f"{base}/{part}/")}
        for part in ("states", "transitions")
    )
    return base, states, moves


def test_an_organisation_that_lost_its_mark_is_not_made_anew_beside_its_letters(
    server: real.Server, door: api.Api
) -> None:
    of = configured(server, "unmarked")
    letter = product_letters.make(door, "unmarked", "unmarked", "เดิม")
    take(door, letter, SIGN)
    number = reading.known(door, "unmarked").organisations["unmarked"]["id"]
    before = door.get(f"/document_types/{number}/")["label"]
    door.change(f"/document_types/{number}/", {"label": "หนังสือของกระทรวง"})
    began = len(server.requests())
    problem = refused(of, "the organisation unmarked is not there.*หนังสือของกระทรวง")
    assert "[unmarked/unmarked]" in problem.resolution
    assert server.writes(began) == []
    # In the bin they are letters as well.
    door.remove(f"{letter}/")
    refused(of, "the organisation unmarked is not there")
    assert taken_back(door, letter) == [SIGN]
    door.change(f"/document_types/{number}/", {"label": before})
    of.write()
    assert of.differences() == []
    assert taken(door, letter) == [SIGN]


def test_without_letters_an_organisation_that_lost_its_mark_is_made_anew(
    server: real.Server, door: api.Api
) -> None:
    of = configured(server, "empty")
    number = reading.known(door, "empty").organisations["empty"]["id"]
    door.change(f"/document_types/{number}/", {"label": "ว่าง"})
    of.write()
    assert of.differences() == []


def wishes(of: Office, later: tenant.Tenant) -> list[product_api.Wish]:
    """What an apply brings to the product once the agency is as ``later``, in its order."""
    namespace = of.of.e_offices[0].namespace
    wanted, held = (
        list(contract.items(of.of.id, namespace, configuration))
        for configuration in (product_letters.wanted(later), of.held())
    )
    changes = ansible.in_order(plan.diff(of.of.id, wanted, held, target={}).changes)
    return [
        product_api.Wish(c.ref.kind, c.ref.name, c.desired.fields if c.desired else None)
        for c in changes
    ]


def test_a_body_that_leaves_with_letters_keeps_its_steps_and_its_registers(
    server: real.Server, door: api.Api
) -> None:
    whole = agencies.example("plk-lao")
    of = Office(server, dataclasses.replace(whole, bodies=whole.bodies[:3]))
    of.write()
    leaves = whole.bodies[2].id
    letter = product_letters.make(door, "plk-lao", leaves, "ยังอยู่")
    product_letters.send(door, letter)
    changes = wishes(of, dataclasses.replace(whole, bodies=whole.bodies[:2]))
    assert {w.kind for w in changes if w.fields is None} == {
        Kind.ROLE, Kind.ORGANISATION, Kind.REGISTER,
    }  # fmt: skip
    began = len(server.requests())
    writer = writing.Writer(door, "plk-lao")
    with pytest.raises(errors.Refused, match=f"{leaves} still has letters"):
        writer.write(changes, lambda *_: None)
    assert server.writes(began) == []
    assert taken(door, letter) == [SIGN, NUMBER, SEND]
    assert of.differences() == []
    delete(door, letter)
    writing.Writer(door, "plk-lao").write(changes, lambda *_: None)
    later = Office(server, dataclasses.replace(whole, bodies=whole.bodies[:2]))
    assert later.differences() == []


def test_a_document_type_by_hand_in_our_workflow_is_taken_off_it_while_it_has_no_letters(
    server: real.Server, door: api.Api
) -> None:
    of = configured(server, "foreign")
    kind = door.make("/document_types/", {"label": "Contracts"})["id"]
    base, _, _ = at(door, "foreign")
    door.make(f"{base}/document_types/add/", {"document_type_id": kind})
    assert of.differences() != []
    of.write()
    assert of.differences() == []
    door.make(f"{base}/document_types/add/", {"document_type_id": kind})
    about = {"document_type_id": kind, "label": "a contract"}
    letter = f"/documents/{door.make('/documents/', about)['id']}"
    take(door, letter, SIGN)
    refused(of, "Contracts")
    assert taken(door, letter) == [SIGN]
    delete(door, letter)
    of.write()
    assert of.differences() == []


def way(move: dict[str, Any], label: str) -> dict[str, Any]:
    """A step as Mayan takes it, of one as it tells it."""
    return {
        "label": label,
        "origin_state_id": move["origin_state"]["id"],
        "destination_state_id": move["destination_state"]["id"],
        "condition": move["condition"] or "",
    }


def test_a_step_that_was_renamed_gets_its_name_back_and_is_still_told_of_letters(
    server: real.Server, door: api.Api
) -> None:
    of = configured(server, "renamed")
    letter = product_letters.make(door, "renamed", "renamed", "ลงนามแล้ว")
    take(door, letter, SIGN)
    base, _, moves = at(door, "renamed")
    path = f"{base}/transitions/{moves[SIGN]}/"
    door.change(path, way(door.get(path), "Signed by hand"))
    assert "moves" in "\n".join(of.differences())
    of.write()
    assert of.differences() == []
    assert at(door, "renamed")[2][SIGN] == moves[SIGN]
    assert taken(door, letter) == [SIGN]
    assert not any(of.write())


def test_a_step_by_hand_is_not_deleted_while_letters_may_have_taken_it(
    server: real.Server, door: api.Api
) -> None:
    of = configured(server, "shortcut")
    letter = product_letters.make(door, "shortcut", "shortcut", "ทางลัด")
    base, states, moves = at(door, "shortcut")
    signing = door.get(f"{base}/transitions/{moves[SIGN]}/")
    shortcut = way(signing, "ทางลัด") | {"destination_state_id": max(states.values())}
    door.make(f"{base}/transitions/", shortcut)
    take(door, letter, "ทางลัด")
    # What is not told of letters is mended all the same.
    door.change(f"{base}/", {"auto_launch": False})
    refused(of, "ทางลัด")
    assert taken(door, letter) == ["ทางลัด"]
    assert [line for line in of.differences() if "moves" not in line] == []
    delete(door, letter)
    of.write()
    assert of.differences() == []


def test_a_state_that_was_renamed_gets_its_name_back_and_letters_go_on_from_it(
    server: real.Server, door: api.Api
) -> None:
    of = configured(server, "halted")
    letter = product_letters.make(door, "halted", "halted", "ค้าง")
    take(door, letter, SIGN)
    base, states, moves = at(door, "halted")
    signed = door.get(f"{base}/transitions/{moves[SIGN]}/")["destination_state"]
    door.change(f"{base}/states/{signed['id']}/", {"label": "Waiting"})
    assert "states" in "\n".join(of.differences())
    of.write()
    assert of.differences() == []
    assert at(door, "halted")[1] == states
    take(door, letter, NUMBER, SEND)
    assert taken(door, letter) == [SIGN, NUMBER, SEND]


def test_a_state_by_hand_is_seen_and_removed_while_there_are_no_letters(
    server: real.Server, door: api.Api
) -> None:
    of = configured(server, "parked")
    base, _, _ = at(door, "parked")
    made = door.make(f"{base}/states/", {"label": "Parked"})
    (line,) = of.differences()
    assert "states.Parked" in line
    of.write()
    assert of.differences() == []
    made = door.make(f"{base}/states/", {"label": "Parked"})
    letter = product_letters.make(door, "parked", "parked", "จอด")
    refused(of, "Parked")
    assert product_letters.send(door, letter)
    door.remove(f"{base}/states/{made['id']}/")
    of.write()
    assert of.differences() == []


def register(door: api.Api, agency: str, name: str) -> dict[str, Any]:
    return reading.known(door, agency).registers[name]


def test_a_register_that_is_gone_is_not_begun_again_while_letters_have_its_numbers(
    server: real.Server, door: api.Api
) -> None:
    of = configured(server, "numbered")
    for _ in range(2):
        last = product_letters.make(door, "numbered", "numbered", "มีเลข")
        product_letters.send(door, last)
    before = register(door, "numbered", "numbered-out")
    door.remove(f"/sequences/{before['id']}/")
    began = len(server.requests())
    problem = refused(of, "register numbered-out is not there")
    assert ids.internal("numbered", "numbered-out") in problem.resolution
    assert server.writes(began) == []
    counting = json.dumps({"value_first": 1, **ids.ONE_BY_ONE})
    internal = ids.internal("numbered", "numbered-out")
    by_hand = {
        "internal_name": internal, "label": "ทะเบียนส่ง", "backend_path": ids.COUNTER,
        "backend_data": counting, "position": 2,
    }  # fmt: skip
    door.make("/sequences/", by_hand)
    of.write()
    assert of.differences() == []
    letter = product_letters.make(door, "numbered", "numbered", "ต่อไป")
    assert product_letters.send(door, letter).partition("/")[0] == "3"


def test_a_register_stays_while_its_organisation_has_letters(
    server: real.Server, door: api.Api
) -> None:
    configured(server, "counting")
    letter = product_letters.make(door, "counting", "counting", "นับ")
    gone = [product_api.Wish(Kind.REGISTER, "counting-in", None)]
    writer = writing.Writer(door, "counting")
    with pytest.raises(errors.Refused, match="register counting-in"):
        writer.write(gone, lambda *_: None)
    assert register(door, "counting", "counting-in")
    delete(door, letter)
    writer.write(gone, lambda *_: None)
    assert "counting-in" not in reading.known(door, "counting").registers


def test_a_register_and_a_workflow_that_lost_their_marks_get_them_back(
    server: real.Server, door: api.Api
) -> None:
    of = configured(server, "labels")
    known = reading.known(door, "labels")
    sequence, workflow = known.registers["labels-in"], known.workflows["letters"]
    door.change(f"/sequences/{sequence['id']}/", {"label": "Letters in (labels)"})
    door.change(f"/workflow_templates/{workflow['id']}/", {"label": "Steps (labels)"})
    differ = of.differences()
    assert len(differ) == 2
    assert all(" label: " in line for line in differ)
    of.write()
    assert of.differences() == []
    known = reading.known(door, "labels")
    assert known.registers["labels-in"]["id"] == sequence["id"]
    assert known.workflows["letters"]["id"] == workflow["id"]


class Busy(api.Api):
    """Somebody files a letter at the last moment at which it is let: as the rights go."""

    late = ""

    def remove(self, path: str) -> None:
        if not self.late and "/acls/" in path:
            self.late = product_letters.make(self, "late", "late", "นาทีสุดท้าย")
        super().remove(path)


def test_an_organisation_into_which_a_letter_came_at_the_last_moment_stays(
    server: real.Server,
) -> None:
    of = configured(server, "late")
    gone = [product_api.Wish(Kind.ORGANISATION, "late", None)]
    with Busy(server.place, server.writer) as door:
        with pytest.raises(errors.Refused, match="still has letters"):
            writing.Writer(door, "late").write(gone, lambda *_: None)
        assert door.get(f"{door.late}/")
        assert of.differences() == []
        delete(door, door.late)
        began = len(server.requests())
        writing.Writer(door, "late").write(gone, lambda *_: None)
    asked = [(m, p.partition("?")[0]) for m, p in server.requests()[began:]]
    removed = next(i for i, (m, p) in enumerate(asked) if m == "DELETE" and "/document_types/" in p)
    last_right = max(i for i, (m, p) in enumerate(asked) if m == "DELETE" and "/acls/" in p)
    last_look = max(i for i, (m, p) in enumerate(asked) if m == "GET" and "documents/" in p)
    assert last_right < last_look < removed


def test_a_role_of_others_that_opens_all_letters_is_seen_and_loses_that_right(
    server: real.Server, door: api.Api
) -> None:
    """Whoever is in its groups: here one that is not ours, so no group of ours shows it."""
    of = configured(server, "watched")
    role = door.make("/roles/", {"label": "Watchers"})
    group = door.make("/groups/", {"name": "watchers"})
    path = f"/roles/{role['id']}"
    door.make(f"{path}/groups/add/", {"group": group["id"]})
    for right in ("documents.document_view", "acls.acl_edit", "user_management.group_edit"):
        door.make(f"{path}/permissions/add/", {"permission": right})
    (line,) = of.differences()
    assert "Watchers: acls.acl_edit" in line
    assert "Watchers: documents.document_view" in line
    of.write()
    assert of.differences() == []
    assert reading.role_rights(door, role) == ["user_management.group_edit"]
    assert reading.role_groups(door, role).keys() == {"watchers"}
    door.remove(f"{path}/")
