"""A letter in Thai, with a signature that can be seen, as an official writes and signs it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onboarding import tenant
from onboarding.pki import issue
from tests.contract import signed_pdf
from tests.proof import browser

_PAGE = """<html lang="th"><head><style>
@page {{ size: A4; margin: 25mm 20mm 20mm 30mm }}
body {{ font: 16pt/1.45 Laksaman, 'TH Sarabun New', Sarabun, Garuda; margin: 0 }}
.head {{ display: grid; grid-template-columns: 1fr 1fr }}
.date, .end {{ margin-left: 50% }}
p {{ text-indent: 2.5cm; margin: .35em 0 }}
</style></head><body>
<div class="head"><span>ที่ สธ ๐๒๐๑/๑๒๓๔</span><span>{agency}<br>ถนนติวานนท์ นนทบุรี ๑๑๐๐๐</span></div>
<div class="date">๒๒ พฤศจิกายน ๒๕๖๙</div>
<div>เรื่อง&emsp;ขอเชิญประชุมเตรียมงานสาธารณสุขภูมิภาค</div>
<div>เรียน&emsp;นายแพทย์สาธารณสุขจังหวัดพิษณุโลก</div>
<p>ด้วย{agency}กำหนดจัดประชุมเตรียมงานสาธารณสุขภูมิภาค ประจำปีงบประมาณ พ.ศ. ๒๕๗๐
ผ่านระบบประชุมทางไกล เพื่อซักซ้อมแนวทางการดำเนินงานร่วมกับหน่วยงานในพื้นที่</p>
<p>จึงเรียนมาเพื่อโปรดเข้าร่วมประชุมตามวันและเวลาดังกล่าว</p>
<div class="end"><br>ขอแสดงความนับถือ<br><br><br><br><br>({signer})<br>{position}</div>
</body></html>"""

_STAMP = """<html lang="th"><head><style>
@page {{ size: 240px 88px; margin: 0 }}
body {{ margin: 0; padding: 8px; font: 14px/1.5 Laksaman, Sarabun, Garuda; color: #1a237e }}
b {{ font-size: 16px }}
</style></head><body><b>ลงลายมือชื่ออิเล็กทรอนิกส์</b><br>{signer}<br>{organisation}</body></html>"""

_STYLES = """stamp-styles:
  thai:
    type: text
    background: stamp.pdf
    background-opacity: 1
    border-width: 0
    stamp-text: " "
"""
_PLACE = "1/286,396,506,477/Signature"
"""On the first page, in points from the lower left corner: above the name of the signatory."""


@dataclass(frozen=True, slots=True)
class Official:
    """A signatory, and a folder that only they have: key, certificate and chain as ``own.key``,
    ``own.pem`` and ``chain.pem``."""

    name: str
    position: str
    organisation: str
    folder: Path


def certified(of: tenant.Tenant, done: issue.Issued, own: Path) -> Official:
    """Who may sign from now on with what is in the folder."""
    (own / "own.pem").write_text(str(done.facts["certificate"]), encoding="ascii")
    (own / "chain.pem").write_text(done.pem(), encoding="ascii")
    about = of.manifest.agency.name_th
    return Official(done.signer.common_name, done.signer.position_th, about, own)


def tampered(pdf: bytes) -> bytes:
    """A copy with one bit changed."""
    changed = bytearray(pdf)
    changed[changed.index(b"stream") + 40] ^= 1
    return bytes(changed)


def signed(who: Official, of: Any) -> bytes:
    """Write a letter and sign it (PAdES B-B: the lab has no time-stamping authority)."""
    words = {"agency": who.organisation, "signer": who.name, "position": who.position}
    browser.printed(of, _PAGE.format(**words), who.folder / "letter.pdf")
    stamp = _STAMP.format(signer=who.name, organisation=who.organisation)
    browser.printed(of, stamp, who.folder / "stamp.pdf")
    (who.folder / "pyhanko.yml").write_text(_STYLES, encoding="utf-8")
    passphrase = who.folder / "passphrase"
    passphrase.write_text(signed_pdf.PASSPHRASE, encoding="ascii")
    run(
        str(Path(sys.executable).parent / "pyhanko"), "sign", "addsig", "--field", _PLACE,
        "--style-name", "thai", "--use-pades", "pemder", "--key", "own.key", "--cert", "own.pem",
        "--chain", "chain.pem", "--passfile", str(passphrase), "letter.pdf", "signed.pdf",
        folder=who.folder,
    )  # fmt: skip
    return (who.folder / "signed.pdf").read_bytes()


def judged(pdf: bytes, folder: Path) -> str:
    """What ``pdfsig`` of poppler says of a letter's signature, without asking whom it trusts."""
    file = folder / "judged.pdf"
    file.write_bytes(pdf)
    return run("pdfsig", "-nocert", str(file), folder=folder)


def picture(pdf: bytes, folder: Path, to: Path) -> None:
    """The first page as people see it."""
    file = folder / "shown.pdf"
    file.write_bytes(pdf)
    run("pdftoppm", "-r", "75", "-png", "-singlefile", str(file), str(to), folder=folder)


def run(program: str, *words: str, folder: Path) -> str:
    ended = subprocess.run(
        [program, *words], cwd=folder, capture_output=True, text=True, check=False, timeout=600
    )
    assert ended.returncode == 0, f"{program}: {ended.stdout}{ended.stderr}"
    return ended.stdout
