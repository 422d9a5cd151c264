"""Fresh agencies for a benchmark: the Administrative Courts under other names."""

from __future__ import annotations

import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def manifest(agency: str, folder: Path) -> Path:
    """Write a manifest like ``examples/admincourt.yaml`` for an agency of another id and domain."""
    text = (ROOT / "examples/admincourt.yaml").read_text(encoding="utf-8")
    path = folder / f"{agency}.yaml"
    path.write_text(
        text.replace("id: admincourt", f"id: {agency}")
        .replace("admincourt.go.th", f"{agency}.go.th")
        .replace('"90002"', f'"90{zlib.crc32(agency.encode()) % 1000:03}"'),
        encoding="utf-8",
    )
    return path
