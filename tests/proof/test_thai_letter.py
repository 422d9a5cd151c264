"""A letter in Thai, signed with a certificate of a real OpenBao, read and judged by other tools."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.contract import signed_pdf
from tests.contract.openbao import OpenBao
from tests.contract.test_vault_certificates import enrolled, issued
from tests.proof import browser, letters, pictures

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]


@dataclass(frozen=True, slots=True)
class Letter:
    pdf: bytes
    name: str
    root: Path


@pytest.fixture(scope="module")
def letter(openbao: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> Letter:
    """The official makes the key and keeps it; the tool sees the request alone."""
    own, others = tmp_path_factory.mktemp("official"), tmp_path_factory.mktemp("reader")
    of = enrolled(openbao, "thai-letters")
    signer = of.signers[0]
    done = issued(openbao, of, signed_pdf.request("own", signer.common_name, own))
    root = others / "root.pem"
    root.write_text(done.chain[-1], encoding="ascii")
    with browser.started() as chromium:
        return Letter(
            letters.signed(letters.certified(of, done, own), chromium), signer.common_name, root
        )


def test_its_signature_is_valid_for_tools_that_did_not_make_it(
    letter: Letter, tmp_path: Path
) -> None:
    assert signed_pdf.flaw(letter.pdf, letter.root, tmp_path) == ""
    said = letters.judged(letter.pdf, tmp_path)
    assert "Signature Validation: Signature is Valid." in said
    assert "Total document signed" in said
    assert f"Common Name: {letter.name}" in said
    assert "ETSI.CAdES.detached" in said


def test_a_copy_with_one_bit_changed_is_not(letter: Letter, tmp_path: Path) -> None:
    changed = letters.tampered(letter.pdf)
    assert signed_pdf.flaw(changed, letter.root, tmp_path) != ""
    assert "Signature is Valid" not in letters.judged(changed, tmp_path)


def test_its_letters_are_thai_in_print_and_as_text(
    letter: Letter, tmp_path: Path, album: pictures.Album
) -> None:
    letters.picture(letter.pdf, tmp_path, album.folder / "letter")
    file = tmp_path / "shown.pdf"
    fonts = subprocess.run(
        ["pdffonts", str(file)], capture_output=True, text=True, check=True, timeout=60
    ).stdout.splitlines()[2:]
    # They are in the file, so every reader draws the same letters; a blank needs no letters.
    drawn = [line.split()[-5] for line in fonts if not line.startswith("Courier ")]
    assert drawn
    assert set(drawn) == {"yes"}
    said = letters.run("pdftotext", str(file), "-", folder=tmp_path)
    assert "ขอแสดงความนับถือ" in said
    assert letter.name in said
