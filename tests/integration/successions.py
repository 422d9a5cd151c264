"""Small agencies of Phitsanulok that the law renames, merges and splits, written into a folder."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import yaml

from tests.running import ROOT

SIGNER = "สมชาย ใจดี"
LAW = ("--gazette", "vol. 143 part 70 a", "--effective", "2026-12-01")


def write(folder: Path, agency: str, name_th: str, users: int = 20, **more: Any) -> str:
    """A small agency with one official who signs; ``more`` replaces top-level sections."""
    of: dict[str, Any] = copy.deepcopy(
        yaml.safe_load((ROOT / "examples/etda.yaml").read_text(encoding="utf-8"))
    )
    domain = f"{agency}.go.th"
    of["metadata"]["id"] = agency
    of["agency"].update(
        nameTh=name_th,
        nameEn=f"{agency} Municipality",
        branch="local",
        domains=[domain],
        sarabanEmail=f"saraban@{domain}",
    )
    # No two agencies have the same codes at the letter exchange, and none of these has links.
    del of["agency"]["ecms"], of["systems"][0]["eoffice"]["ecms"], of["links"]
    of["users"] = {"initial": users, "target": users}
    of["signing"]["signers"][0].update(nameTh=SIGNER, email=f"mayor@{domain}")
    of.update(more)
    path = folder / f"{agency}.yaml"
    path.write_text(json.dumps(of, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
    return str(path)


def pooled(folder: Path, agency: str, name_th: str, **bodies: int) -> str:
    """A pool of bodies, each with its number of users; the official signs for the first."""
    listed = [{"id": b, "nameTh": f"เทศบาลตำบล {b}", "users": n} for b, n in bodies.items()]
    tenancy = {"isolation": "pooled", "environments": ["prod"], "subTenants": listed}
    path = write(folder, agency, name_th, sum(bodies.values()), tenancy=tenancy)
    of = json.loads(Path(path).read_text(encoding="utf-8"))
    of["signing"]["signers"][0]["body"] = listed[0]["id"]
    Path(path).write_text(json.dumps(of, ensure_ascii=False, indent=1), encoding="utf-8")
    return path
