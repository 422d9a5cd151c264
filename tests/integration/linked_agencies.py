"""Manifests of two agencies that declare one link alike, written into a folder."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import yaml

from tests.running import ROOT

OPERATOR, SERVICE = "portal-operator", "portal-service"
EXCHANGE: dict[str, Any] = {
    "id": "statistics",
    "kind": "data-exchange",
    "dataset": "statistics",
    "basis": "agreement",
    "purpose": "จัดทำสถิติ",
    "owner": "link-sender",
    "scopes": ["statistics.read"],
    "dataFields": ["month", "value"],
    "class": "internal",
    "expires": "2027-09-30",
}
_PORTAL: dict[str, Any] = {
    "id": "one-stop",
    "kind": "portal",
    "dataset": "services",
    "basis": "law",
    "purpose": "บริการประชาชนแบบเบ็ดเสร็จ",
    "owner": SERVICE,
    "scopes": ["services.read"],
    "dataFields": ["service"],
    "class": "open",
    "portal": {
        "operator": OPERATOR,
        "publicApi": "/api/services",
        "identities": ["citizen", "foreigner"],
    },
    "expires": "2027-09-30",
}


def write(folder: Path, receiver: str, sender: str, link: dict[str, Any]) -> tuple[Path, Path]:
    """The files of both; ``receiver`` declares the link ``in``, ``sender`` ``out``."""
    example = yaml.safe_load((ROOT / "examples" / "etda.yaml").read_text(encoding="utf-8"))
    made = []
    for agency, peer, direction in ((receiver, sender, "in"), (sender, receiver, "out")):
        of: dict[str, Any] = copy.deepcopy(example)
        of["metadata"]["id"] = agency
        of["agency"]["domains"] = [f"{agency}.go.th"]
        of["agency"]["sarabanEmail"] = f"saraban@{agency}.go.th"
        # No two agencies have the same codes at the letter exchange.
        del of["agency"]["ecms"]
        del of["systems"][0]["eoffice"]["ecms"]
        of["links"] = [{**link, "peer": peer, "direction": direction}]
        path = folder / f"{agency}.yaml"
        path.write_text(json.dumps(of, ensure_ascii=False, indent=1, default=str), encoding="utf-8")
        made.append(path)
    return made[0], made[1]


def portal(folder: Path) -> Path:
    """The agency that runs a portal; beside it the one that shows its service there."""
    return write(folder, OPERATOR, SERVICE, _PORTAL)[0]
