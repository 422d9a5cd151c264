"""Folders of small manifests for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.unit.manifest import samples

LINK: dict[str, Any] = {
    "id": "patients",
    "kind": "data-exchange",
    "peer": "arts",
    "direction": "out",
    "dataset": "patients",
    "basis": "law",
    "class": "internal",
    "expires": "2027-06-30",
}


def write(folder: Path, agency: str, **changes: Any) -> Path:
    """A manifest of ``agency`` in ``<folder>/<agency>.yaml``, its name and domain its own."""
    changes = {
        "metadata__id": agency,
        "agency__nameTh": f"กรม {agency}",
        "agency__nameEn": f"Department {agency}",
        "agency__domains": [f"{agency}.go.th"],
        **changes,
    }
    path = folder / f"{agency}.yaml"
    path.write_text(samples.text(**changes), encoding="utf-8")
    return path


def pooled(*bodies: str, users: int = 10, **more: Any) -> dict[str, Any]:
    """Changes that make an agency pooled, with ``users`` in each of its ``bodies``."""
    listed = [{"id": body, "nameTh": f"เทศบาล {body}", "users": users, **more} for body in bodies]
    total = users * len(bodies)
    return {
        "tenancy": {"isolation": "pooled", "environments": ["prod"], "subTenants": listed},
        "users": {"initial": total, "target": total},
        "bodies": {"onboarded": len(bodies), "total": len(bodies)},
    }


def regional(province: str) -> dict[str, Any]:
    """Changes that make an agency a province's programme."""
    return {
        "agency__provinceCode": province,
        "mou__mechanism": "regional",
        "mou__coordinator": {
            "kind": "nso-provincial-office",
            "nameTh": "สำนักงานสถิติจังหวัด",
            "provinceCode": province,
        },
    }
