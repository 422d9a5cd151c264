"""An agency that runs a portal, and one that shows its service there: two manifests in a folder."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import yaml

from tests.running import ROOT

OPERATOR, SERVICE = "portal-operator", "portal-service"
_LINK = {
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


def write(folder: Path) -> Path:
    """Both manifests; the file of the operator."""
    example = yaml.safe_load((ROOT / "examples" / "etda.yaml").read_text(encoding="utf-8"))
    sides = ((OPERATOR, SERVICE, "in", "91"), (SERVICE, OPERATOR, "out", "92"))
    for agency, peer, direction, number in sides:
        of: dict[str, Any] = copy.deepcopy(example)
        of["metadata"]["id"] = agency
        of["agency"]["domains"] = [f"{agency}.go.th"]
        of["agency"]["sarabanEmail"] = f"saraban@{agency}.go.th"
        of["agency"]["ecms"] = {"ministryCode": number, "departmentCode": f"{number}001"}
        of["links"] = [{**_LINK, "peer": peer, "direction": direction}]
        text = json.dumps(of, ensure_ascii=False, indent=1, default=str)
        (folder / f"{agency}.yaml").write_text(text, encoding="utf-8")
    return folder / f"{OPERATOR}.yaml"
