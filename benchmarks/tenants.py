"""Fresh agencies for a benchmark: an example under other names."""

from __future__ import annotations

import re
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def manifest(agency: str, folder: Path, example: str = "admincourt") -> Path:
    """Write a manifest like that of the example for an agency of another id, code and domain."""
    text = (ROOT / "examples" / f"{example}.yaml").read_text(encoding="utf-8")
    code = f"{zlib.crc32(agency.encode()) % 1000:03}"
    text = text.replace(f"id: {example}", f"id: {agency}")
    text = text.replace(f"{example}.go.th", f"{agency}.go.th")
    path = folder / f"{agency}.yaml"
    path.write_text(
        re.sub(r'(departmentCode: "\d\d)\d{3}"', rf'\g<1>{code}"', text), encoding="utf-8"
    )
    return path
