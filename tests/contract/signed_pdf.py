"""A letter as a PDF, signed as the page for officials says, and checked without what signed it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

from tests.running import ROOT

PASSPHRASE = "only-the-official-knows"
_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")


def letter(text: str) -> bytes:
    """A PDF of one page with one line (ASCII)."""
    page = f"BT /F1 14 Tf 72 720 Td ({text}) Tj ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources 6 0 R >>",
        f"<< /Length {len(page)} >>\nstream\n{page}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        "<< /Font << /F1 5 0 R >> >>",
    ]
    whole, places = "%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(whole))
        whole += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    size = len(objects) + 1
    return (
        f"{whole}xref\n0 {size}\n0000000000 65535 f \n{table}"
        f"trailer\n<< /Size {size} /Root 1 0 R >>\nstartxref\n{len(whole)}\n%%EOF\n"
    ).encode("ascii")


def commands() -> list[list[str]]:
    """What the page tells an official to run with a certificate, in order."""
    page = (ROOT / "docs/how-to/certificates.md").read_text(encoding="utf-8")
    part = page.partition("## Sign a letter")[2]
    block = part.partition("```sh\n")[2].partition("```")[0]
    return [shlex.split(line) for line in block.splitlines() if line.strip()]


def request(name: str, common_name: str, folder: Path) -> Path:
    """Make a key in the folder of an official, and ask for a certificate: ``name.key`` and
    ``name.csr``, which is returned."""
    secret = f"pass:{PASSPHRASE}"
    for words in (
        ["genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-aes-256-cbc",
         "-pass", secret, "-out", f"{name}.key"],
        ["req", "-new", "-utf8", "-key", f"{name}.key", "-passin", secret,
         "-subj", f"/CN={common_name}", "-out", f"{name}.csr"],
    ):  # fmt: skip
        subprocess.run(["openssl", *words], cwd=folder, check=True, capture_output=True, timeout=60)
    return folder / f"{name}.csr"


def sign(folder: Path) -> Path:
    """Run the page's commands in the official's folder: ``letter.pdf`` becomes ``signed.pdf``."""
    passphrase = folder / "passphrase"
    passphrase.write_text(PASSPHRASE, encoding="ascii")
    programs = Path(sys.executable).parent
    for program, *words in commands():
        # At a terminal it would be asked for.
        at = words.index("--cert") if program == "pyhanko" else len(words)
        asked = ["--passfile", str(passphrase)] if program == "pyhanko" else []
        found = str(programs / program) if asked else program
        subprocess.run(
            [found, *words[:at], *asked, *words[at:]],
            cwd=folder, check=True, capture_output=True, timeout=120,
        )  # fmt: skip
    return folder / "signed.pdf"


def flaw(pdf: bytes, root: Path, folder: Path) -> str:
    """Why a signed letter cannot be relied on; "" where it can.

    ``openssl`` checks signature and chain against ``root`` alone, and it must be over everything
    but itself.
    """
    ranges = _RANGE.findall(pdf)
    if len(ranges) != 1:
        return f"{len(ranges)} signatures"
    start, length, resumes, rest = (int(n) for n in ranges[0])
    if start != 0 or resumes + rest != len(pdf):
        return "the signature is not over the whole letter"
    enclosed = pdf[length:resumes]
    if not re.fullmatch(rb"<[0-9A-Fa-f]+>", enclosed):
        return "something stands unsigned beside the signature"
    signature, content = folder / "signature.der", folder / "content"
    signature.write_bytes(bytes.fromhex(enclosed[1:-1].decode("ascii")))
    content.write_bytes(pdf[:length] + pdf[resumes:])
    ended = subprocess.run(
        ["openssl", "cms", "-verify", "-inform", "DER", "-in", str(signature), "-binary",
         "-content", str(content), "-CAfile", str(root), "-no-CApath", "-no-CAstore",
         "-purpose", "any", "-signer", str(folder / "signer.pem"), "-out", "/dev/null"],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    return "" if ended.returncode == 0 else f"openssl: {ended.stderr.strip()}"
