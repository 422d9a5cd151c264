"""The page about backups: its commands, run as they stand there, bring back every letter,
signature and right after both volumes of a real e-Office were lost."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from onboarding import clock, environment, manifest, product_login, progress, tenant, vault
from onboarding.lab import component, images, kubeconfig
from onboarding.pki import issue
from onboarding.product_api import mayan as access
from onboarding.product_api.mayan import api
from tests.contract import product_letters, signed_pdf
from tests.integration.real import office_use
from tests.integration.real.conftest import eventually, must
from tests.running import ROOT

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(14400)]

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_CLERK = "clerk@mot.go.th"


@pytest.fixture
def office(lab: component.Lab) -> office_use.Office:
    images.ensure((), progress.Silent())
    office_use.ready(lab)
    here = office_use.Office(lab, ROOT / "examples" / "mot.yaml")
    must(here.onboard("apply", "--yes", "--no-verify", "--allow-delete"))
    return here


def _signed(office: office_use.Office, own: Path) -> tuple[bytes, Path]:
    """A letter signed with a certificate of the agency's authority; who vouches for that."""
    # Of the example it is a placeholder; only the certificate needs to know it.
    text = office.file.read_text(encoding="utf-8").replace("(ชื่อผู้ลงนาม)", "สมชาย ใจดี")
    of = tenant.resolve(manifest.loads(text, "with a signer"), office.target)
    csr = signed_pdf.request("ps-moph", of.signers[0].common_name, own)
    with vault.connect(office.target, environment.Role.APPLIER) as door:
        done = issue.issue(door, of, of.signers[0], csr, clock.Clock(), replace=True)
    (own / "ps-moph.pem").write_text(done.pem(), encoding="ascii")
    (own / "letter.pdf").write_bytes(signed_pdf.letter("No. KhoKho 0201/1"))
    root = own / "root.pem"
    root.write_text(done.chain[-1], encoding="ascii")
    return signed_pdf.sign(own).read_bytes(), root


def _follow(office: office_use.Office, block: str, folder: Path, role: str = "") -> tuple[int, str]:
    """A block of the page as it stands, by the cluster's administrator or with an agency's role."""
    text = block.replace("ga-AGENCY-prod", office.instance.namespace)
    person = f"--as trial --as-group {office.of.group_subject(role)}" if role else ""
    script = f'set -eux\nkubectl() {{ command kubectl {person} "$@"; }}\n{text}'
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={
            "PATH": f"{office.lab.engines['kubectl'].parent}:{os.environ['PATH']}",
            "KUBECONFIG": str(kubeconfig.path(office.lab, "admin")),
        },
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=2400, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def _lose(office: office_use.Office) -> None:
    """Both volumes, as with a disk."""
    for kind in ("deployment/e-office", "statefulset/e-office-database"):
        must(office.cluster.ask("scale", kind, "--replicas=0"))
    claims = ("e-office-documents", "e-office-database")
    must(office.cluster.ask("delete", "pvc", *claims, "--wait", seconds=600))


def _next_numbers(door: api.Api) -> dict[str, int]:
    return {one["label"]: int(one["next_value"]) for one in door.every("/sequences/")}


def _image(door: api.Api) -> bytes:
    """The first page of a letter, as people see it: made from its file, and kept in a cache."""
    for document in door.every("/documents/"):
        for version in door.every(f"/documents/{document['id']}/versions/"):
            base = f"/documents/{document['id']}/versions/{version['id']}/pages"
            for page in door.every(f"{base}/"):
                return door.content(f"{base}/{page['id']}/image/")
    raise AssertionError("no letter has a page")


def test_what_the_page_backs_up_it_brings_back_into_an_empty_office(
    office: office_use.Office, tmp_path: Path
) -> None:
    back_up, look_at, bring_back = _BLOCK.findall(
        (ROOT / "docs/how-to/backup.md").read_text(encoding="utf-8")
    )
    own, folder = tmp_path / "official", tmp_path / "backup"
    own.mkdir()
    folder.mkdir()
    pdf, root = _signed(office, own)
    agency = office.of.id
    account = product_login.administrator(office.of, office.target, office.instance)
    access.Mayan().admit(office.place, account, agency, _CLERK, "central")
    with office.administrator() as door:
        path = product_letters.make(door, agency, agency, "ลงนามแล้ว", pdf)
        number = product_letters.send(door, path)
        product_letters.make(door, agency, agency, "ร่าง", office_use.pdf())
        assert _image(door)
        before, numbers = product_letters.records(door), _next_numbers(door)
    assert _CLERK in before.people[f"{agency}:central"]

    for block in (back_up, look_at):
        code, said = _follow(office, block, folder)
        assert code == 0, said
    for role in ("operator", "viewer"):
        for one, block in enumerate((back_up, look_at, bring_back)):
            tried = shutil.copytree(folder, tmp_path / f"{role}-{one}")
            code, said = _follow(office, block, tried, role)
            assert code != 0
            assert "forbidden" in said.lower()
    code, said = _follow(office, bring_back, folder)
    assert code != 0, "it writes over letters"
    with office.administrator() as door:
        assert product_letters.records(door) == before

    _lose(office)
    must(office.onboard("apply", "--yes", "--no-verify", "--allow-empty"))
    with office.administrator() as door:
        assert product_letters.records(door).letters == {}
    code, said = _follow(office, bring_back, folder)
    assert code == 0, said
    assert eventually(lambda: office.page("/api/v4/project/").status_code == 200, 300)
    must(office.onboard("drift"))
    with office.administrator() as door:
        assert product_letters.records(door) == before
        assert _next_numbers(door) == numbers
        (taken,) = (file for file in product_letters.files(door, b"/ByteRange") if file == pdf)
        assert signed_pdf.flaw(taken, root, tmp_path) == ""
        assert _image(door)
        following = product_letters.send(
            door, product_letters.make(door, agency, agency, "หลังกู้คืน", pdf)
        )
    assert int(following.partition("/")[0]) == int(number.partition("/")[0]) + 1
