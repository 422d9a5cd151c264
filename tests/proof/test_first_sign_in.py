"""The first day of an e-Office: its staff sign in with a second factor, a letter that an official
signed is filed and taken out whole, and the staff of another agency stay outside."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from onboarding import clock, environment, vault
from onboarding.pki import issue
from tests.contract import product_letters, signed_pdf
from tests.integration import oidc_login
from tests.proof import browser, letters, pictures, visit
from tests.proof import place as places

pytestmark = [pytest.mark.slow, pytest.mark.lab, pytest.mark.timeout(5400)]

ME = "/api/v4/users/current/"


@pytest.fixture(scope="module")
def clerk(place: places.Place) -> oidc_login.Person:
    return place.staff()


def test_staff_set_a_password_and_a_second_factor_and_are_in(
    place: places.Place, chromium: Any, clerk: oidc_login.Person, album: pictures.Album
) -> None:
    with browser.person(chromium) as page:
        shown = visit.sign_in(page, place.host, clerk, album.take)
        assert shown[0] == visit.PASSWORD
        assert sorted(shown[1:3]) == sorted([visit.NEW_PASSWORD, visit.SET_UP])
        assert shown[3:] == [visit.INSIDE]
        status, me = visit.take_out(page, ME)
        assert (status, json.loads(me)["email"]) == (200, clerk.username)
    with browser.person(chromium) as page:
        again = visit.sign_in(page, place.host, clerk)
        assert again == [visit.PASSWORD, visit.CODE, visit.INSIDE]


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in the e-Office; ``root``: who vouches for signatories."""

    number: int
    download: str
    pdf: bytes
    root: Path


@pytest.fixture(scope="module")
def letter(place: places.Place, chromium: Any, tmp_path_factory: pytest.TempPathFactory) -> Letter:
    """Signed with a certificate of the agency's own authority, filed, numbered and sent."""
    of, own = place.of, tmp_path_factory.mktemp("official")
    csr = signed_pdf.request("own", of.signers[0].common_name, own)
    with vault.connect(place.target, environment.Role.APPLIER) as door:
        done = issue.issue(door, of, of.signers[0], csr, clock.Clock())
    pdf = letters.signed(letters.certified(of, done, own), chromium)
    root = tmp_path_factory.mktemp("reader") / "root.pem"
    root.write_text(done.chain[-1], encoding="ascii")
    with place.administrator() as office:
        path = product_letters.make(office, of.id, of.id, "ขอเชิญประชุม", pdf)
        assert product_letters.send(office, path)
        (file,) = office.every(f"{path}/files/")
    number = int(path.rpartition("/")[2])
    return Letter(number, f"/api/v4{path}/files/{file['id']}/download/", pdf, root)


def test_a_signed_letter_comes_out_of_the_office_whole_and_a_tampered_copy_is_told(
    place: places.Place,
    chromium: Any,
    clerk: oidc_login.Person,
    letter: Letter,
    tmp_path: Path,
    album: pictures.Album,
) -> None:
    with browser.person(chromium) as page:
        visit.sign_in(page, place.host, clerk)
        status, taken = visit.take_out(page, letter.download)
        page.set_viewport_size({"width": 1100, "height": 800})
        page.goto(f"https://{place.host}/#/documents/documents/{letter.number}/preview/")
        page.locator("img[src^='blob:']").first.wait_for()
        album.take(page, "letter-in-office")
    assert (status, taken) == (200, letter.pdf)

    assert signed_pdf.flaw(taken, letter.root, tmp_path) == ""
    said = letters.judged(taken, tmp_path)
    assert "Signature is Valid" in said
    assert "Total document signed" in said
    assert f"Common Name: {place.of.signers[0].common_name}" in said

    changed = letters.tampered(taken)
    assert signed_pdf.flaw(changed, letter.root, tmp_path) != ""
    assert "Signature is Valid" not in letters.judged(changed, tmp_path)


def test_a_signatory_registers_a_security_key_and_signs_in_with_it(
    place: places.Place, chromium: Any, album: pictures.Album
) -> None:
    signatory = place.staff("division")
    place.made_signatory(signatory)
    with browser.person(chromium) as page:
        key = browser.security_key(page)
        shown = visit.sign_in(page, place.host, signatory, album.take)
        assert shown[0] == visit.PASSWORD
        assert sorted(shown[1:3]) == sorted([visit.NEW_PASSWORD, visit.KEY])
        assert shown[3:] == [visit.INSIDE]
        held = key.held()
    with browser.person(chromium) as page:
        browser.security_key(page, held)
        again = visit.sign_in(page, place.host, signatory, album.take)
        assert again == [visit.PASSWORD, visit.ASKED_KEY, visit.INSIDE]
        status, me = visit.take_out(page, ME)
        assert (status, json.loads(me)["email"]) == (200, signatory.username)


def test_a_signatory_with_a_one_time_code_alone_is_not_let_in(
    place: places.Place, chromium: Any, album: pictures.Album
) -> None:
    """Their code counted until they came to sign letters; a key that does not ask who uses it
    counts for no signatory."""
    who = place.staff("section")
    with browser.person(chromium) as page:
        assert visit.sign_in(page, place.host, who)[-1] == visit.INSIDE
    place.made_signatory(who)
    with browser.person(chromium) as page:
        page.goto(f"https://{place.host}/")
        assert visit.walk(page, who, (visit.KEY,)) == [visit.PASSWORD, visit.KEY]
        assert page.goto(f"https://{place.host}{ME}").status == 403
    with browser.person(chromium) as page:
        browser.security_key(page, verifies=False)
        page.goto(f"https://{place.host}/")
        ends = (visit.KEY_FAILED, visit.INSIDE)
        assert visit.walk(page, who, ends, album.take)[-2:] == [visit.KEY, visit.KEY_FAILED]
        assert page.goto(f"https://{place.host}{ME}").status == 403


def test_staff_of_another_agency_prove_who_they_are_and_stay_outside(
    place: places.Place, chromium: Any, letter: Letter, album: pictures.Album
) -> None:
    """The realm knows them; the e-Office has no account of theirs, and makes none."""
    address = f"trial.central@{place.others.domains[0]}"
    stranger = place.account(address, place.others, verified=True)
    with browser.person(chromium) as page:
        shown = visit.sign_in(page, place.host, stranger, album.take)
        assert shown == [visit.PASSWORD, visit.SET_UP, visit.AT_THE_DOOR]
        assert visit.take_out(page, ME)[0] == 403
        assert visit.take_out(page, letter.download)[0] == 404
        status, listed = visit.take_out(page, "/api/v4/documents/")
        assert (status, json.loads(listed)["count"]) == (200, 0)
    with place.administrator() as door:
        assert address not in {user["email"] for user in door.every("/users/")}
