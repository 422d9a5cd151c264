"""A letter signed with a certificate of a real OpenBao: it verifies, and a changed one does not."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from tests.contract import root_ca, signed_pdf
from tests.contract.openbao import OpenBao
from tests.contract.test_vault_certificates import enrolled, issued


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed letter, the root that a reader trusts, and a folder to check in."""

    pdf: bytes
    certificate: str
    root: Path
    folder: Path

    def flaw(self, pdf: bytes) -> str:
        return signed_pdf.flaw(pdf, self.root, self.folder)


@pytest.fixture(scope="module")
def signed(openbao: OpenBao, tmp_path_factory: pytest.TempPathFactory) -> Signed:
    """The key is made by the official and stays with them; the tool gets the request alone.

    An agency for each module: an official has one key at a time.
    """
    mine, others = tmp_path_factory.mktemp("official"), tmp_path_factory.mktemp("reader")
    of = enrolled(openbao, f"letters-{secrets.token_hex(3)}")
    asked = signed_pdf.request("ps-moph", of.signers[0].common_name, mine)
    done = issued(openbao, of, asked)
    (mine / "ps-moph.pem").write_text(done.pem(), encoding="ascii")
    (mine / "letter.pdf").write_bytes(signed_pdf.letter("No. SoThor 0201/1234"))
    root = others / "root.pem"
    root.write_text(done.chain[-1], encoding="ascii")
    pdf = signed_pdf.sign(mine).read_bytes()
    return Signed(pdf, str(done.facts["certificate"]), root, others)


def test_it_verifies_with_the_certificate_that_was_issued(signed: Signed) -> None:
    assert signed.flaw(signed.pdf) == ""
    assert b"/SubFilter /ETSI.CAdES.detached" in signed.pdf
    signer = x509.load_pem_x509_certificate((signed.folder / "signer.pem").read_bytes())
    assert signer == x509.load_pem_x509_certificate(signed.certificate.encode())


def test_a_changed_letter_does_not_verify(signed: Signed) -> None:
    changed = signed.pdf.replace(b"0201/1234", b"0201/1235")
    assert changed != signed.pdf
    assert "openssl" in signed.flaw(changed)


def test_a_letter_with_something_added_does_not(signed: Signed) -> None:
    assert "not over the whole letter" in signed.flaw(signed.pdf + b"\n% one more page\n")


def test_a_root_that_did_not_issue_does_not_vouch_for_it(signed: Signed, tmp_path: Path) -> None:
    bundle, _ = root_ca.make("Somebody else")
    stranger = tmp_path / "root.pem"
    stranger.write_text(bundle, encoding="ascii")
    assert "openssl" in signed_pdf.flaw(signed.pdf, stranger, tmp_path)
