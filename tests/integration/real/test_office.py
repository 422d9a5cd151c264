"""One agency on a real node: applied, its running e-Office configured, used, changed by hand,
mended, given another password, started anew, and left."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from onboarding import environment, errors, https, product_login, progress
from onboarding.desired.cluster_place import APP
from onboarding.kube import forward
from onboarding.lab import component, images
from onboarding.product_api.mayan import api
from onboarding.products import contract
from onboarding.products.mayan import PRODUCT
from tests.integration.real import office_use
from tests.integration.real.conftest import command, eventually, must
from tests.integration.real.office_use import SLOW, Office
from tests.running import ROOT, Done

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(14400)]

_OPEN = 4
"""Exit code where findings stand open: what the product cannot do always does."""


@pytest.fixture(scope="module", autouse=True)
def _made() -> None:
    images.ensure((), progress.Silent())


@pytest.fixture
def office(lab: component.Lab) -> Office:
    """The agency's e-Office, running; what is there already is left as it is."""
    office_use.ready(lab)
    here = Office(lab, ROOT / "examples" / "mot.yaml")
    must(here.onboard("apply", "--yes", "--no-verify", "--allow-delete"))
    return here


@pytest.fixture
def letter(office: Office) -> Iterator[tuple[int, bytes]]:
    """A letter that is filed in it."""
    content = office_use.pdf()
    with office.administrator() as door:
        title = f"หนังสือทดสอบ {secrets.token_hex(4)}"
        number = office_use.file_letter(door, title, content)
    yield number, content
    with office.administrator() as door:
        office_use.remove_letter(door, number)


def _read(office: Office, number: int) -> bytes:
    with office.administrator() as door:
        return office_use.content_of(door, number)


def _serves(office: Office) -> bool:
    return office.page(PRODUCT.health.path).status_code == 200


def test_people_find_the_sign_in_page_in_thai_at_the_address_of_the_agency(office: Office) -> None:
    page = office.page("/authentication/login/")
    assert page.status_code == 200
    assert 'lang="th"' in page.text
    onward = office.page("/oidc/authenticate/").headers["Location"]
    assert onward.startswith(f"{office.target.keycloak.address}/realms/{office.of.realm}/")
    assert office.page(f"{PRODUCT.api}{PRODUCT.private}").status_code in (401, 403)


def test_a_second_apply_writes_nothing(office: Office) -> None:
    again = json.loads(office.onboard("apply", "--yes", "--output", "json").out)
    assert again["outcomes"] == []
    assert again["unchanged"] == sum(again["counts"].values()) + again["unchanged"] > 0


def test_what_is_open_of_the_office_is_what_the_product_cannot_do(office: Office) -> None:
    judged = json.loads(office.onboard("verify", "--output", "json").out)
    running = [one for one in judged["findings"] if one["basis"] == "live"]
    cannot = {one["id"] for one in running if one["verdict"] != "pass"}
    assert cannot == {limit.control for limit in PRODUCT.limits}
    assert {"DOC-001", "DOC-002", "DOC-003", "DOC-005", "DOC-006", "DOC-007", "DOC-010"} <= {
        one["id"] for one in running if one["verdict"] == "pass"
    }
    assert judged["summary"]["unknown"] == 0


def test_a_change_by_hand_in_the_product_is_shown_and_mended(office: Office) -> None:
    with office.administrator() as door:
        (kind,) = [k for k in door.every("/document_types/") if "[mot/mot]" in k["label"]]
        days = {"trash_time_period": 1, "trash_time_unit": "days"}
        door.change(f"/document_types/{kind['id']}/", days)
        (group,) = [g for g in door.every("/groups/") if g["name"] == "mot:screener"]
        door.remove(f"/groups/{group['id']}/")
        door.make("/roles/", {"label": "mot:everything"})
    told = office.onboard("drift", "--output", "json")
    assert told.code == _OPEN, told.err
    (seen,) = json.loads(told.out)["tenants"]
    assert _names(seen["differences"]) >= {
        (contract.Kind.ORGANISATION, "mot"),
        (contract.Kind.ROLE, "mot:screener"),
        (contract.Kind.ROLE, "mot:staff:mot"),
        (contract.Kind.ROLE, "mot:everything"),
    }
    broken = _failed(office.onboard("verify", "--output", "json"))
    assert {"DOC-006", "DOC-010", "OPS-006"} <= broken
    # What somebody made by hand goes only where that is said.
    refused = office.onboard("apply", "--yes", "--no-verify")
    assert "--allow-delete" in refused.err
    must(office.onboard("apply", "--yes", "--no-verify", "--allow-delete"))
    must(office.onboard("drift"))


def _names(differences: list[dict[str, str]]) -> set[tuple[str, str]]:
    return {(one["kind"], one["name"]) for one in differences}


def _failed(done: Done) -> set[str]:
    """Controls that fail for another reason than that the product cannot do it."""
    findings = json.loads(done.out)["findings"]
    return {
        one["id"] for one in findings if one["verdict"] == "fail" and one["seen"][:5] != "Mayan"
    }


def test_another_password_of_the_database_is_taken_over_and_letters_stay(
    office: Office, letter: tuple[int, bytes]
) -> None:
    number, content = letter
    office.another_password("e-office-database")
    must(office.cluster.ask("delete", "pod", "e-office-database-0", seconds=180))
    # The product's file is rendered within a minute; nothing of the product is restarted.
    assert eventually(lambda: office_use.holds(office, number, content), 300)
    restarts = "{.items[*].status.containerStatuses[*].restartCount}"
    pods = ("get", "pods", "-l", "app.kubernetes.io/name=e-office", "-o", f"jsonpath={restarts}")
    assert set(office.cluster.ask(*pods).out.split()) == {"0"}


def test_a_node_that_was_restarted_serves_the_same_letters(
    office: Office, letter: tuple[int, bytes]
) -> None:
    number, content = letter
    must(command("down", timeout=SLOW))
    must(command("up", timeout=SLOW))
    assert eventually(lambda: _serves(office), 900)
    assert _read(office, number) == content
    must(office.onboard("drift"))


def test_a_frozen_agency_takes_its_letters_along(
    office: Office, letter: tuple[int, bytes], tmp_path: Path
) -> None:
    """Nobody comes to the e-Office any more, and its letters are in the bag, as they were filed."""
    number, content = letter
    with office.administrator() as door:
        title = door.get(f"/documents/{number}/")["label"]
    bag = tmp_path / "bag"
    pod = _tunnel(office)
    with pytest.raises(errors.Denied) as denied:
        pod()
    assert "pods of frozen agencies only" in denied.value.details[0]
    must(office.onboard("offboard", "--yes"))
    try:
        assert eventually(lambda: _is_closed(office))
        must(office.onboard("offboard", "--yes"))
        told = must(office.onboard("offboard", "--bundle", str(bag), "--yes"))
        assert "Mayan EDMS was asked over its API" in told.out
        letters = bag / "data" / "letters" / office.instance.namespace
        said = [json.loads(file.read_bytes()) for file in letters.rglob("letter.json")]
        (file,) = next(one["files"] for one in said if one["title"] == title)
        assert (letters / file["path"]).read_bytes() == content
        assert file["sha256"] == hashlib.sha256(content).hexdigest()
        later = _filed_while_frozen(office, content)
        refused = office.onboard("offboard")
        assert f"{len(said)} letter(s)" in refused.err
        assert f"it holds {len(said) + 1} letter(s)" in refused.err
    finally:
        must(office.onboard("offboard", "--cancel", "--yes"))
    must(office.onboard("apply", "--yes", "--no-verify"))
    assert eventually(lambda: _serves(office), 300)
    with office.administrator() as door:
        office_use.remove_letter(door, later)


def _filed_while_frozen(office: Office, content: bytes) -> int:
    """By an administrator who still finds a way in; the letter's number."""
    account = product_login.administrator(office.of, office.target, office.instance)
    with api.Api(replace(office.place, through=_tunnel(office)), account) as door:
        return office_use.file_letter(door, "หลังส่งออก", content)


def _is_closed(office: Office) -> bool:
    """No address leads to it: the gateway knows no such site."""
    try:
        office.page("/")
    except requests.exceptions.SSLError as refused:
        return "UNRECOGNIZED_NAME" in str(refused)
    return False


def _tunnel(office: Office) -> https.Tunnel:
    words = ("get", "pods", "-l", f"{APP}={office.instance.workload}", "-o", "name")
    pod = must(office.cluster.ask(*words)).out.split()[0].removeprefix("pod/")
    role, namespace = environment.Role.APPLIER, office.instance.namespace
    return forward.tunnel(office.target, role, namespace, pod, PRODUCT.image.port)
