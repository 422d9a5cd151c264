"""Agencies of the tests: the examples, changed where a test needs it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import yaml

from onboarding import tenant
from onboarding.manifest import reading

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"

Change = Callable[[dict[str, Any]], object]


def example(name: str, *changes: Change) -> tenant.Tenant:
    """The agency of ``examples/NAME.yaml`` after ``changes`` to its content."""
    return tenant.resolve(reading.loads(text(name, *changes), name))


def text(name: str, *changes: Change) -> str:
    """The manifest itself, changed."""
    content = yaml.safe_load((EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8"))
    for change in changes:
        change(content)
    # Manifests know no anchors, which YAML would write where one value stands in two places.
    return yaml.dump(content, Dumper=_Plain, allow_unicode=True, sort_keys=False)


class _Plain(yaml.SafeDumper):
    def ignore_aliases(self, _: object) -> bool:
        return True


def renamed(agency: str) -> Change:
    """Another agency with the same content, so that tests do not meet each other's objects."""

    def change(content: dict[str, Any]) -> None:
        old = content["metadata"]["id"]
        content["metadata"]["id"] = agency
        for part in ("shards", "subTenants"):
            for entry in content["tenancy"].get(part, ()):
                entry["id"] = entry["id"].replace(f"{old}-", f"{agency}-")

    return change


def signer(**values: Any) -> Change:
    """Change the only signer; by default its authority holds today."""

    def change(content: dict[str, Any]) -> None:
        today = date.today()  # noqa: DTZ011 - the tests run in one time zone
        entry = content["signing"]["signers"][0]
        entry["authorityFrom"] = today - timedelta(days=30)
        entry["authorityTo"] = today + timedelta(days=300)
        entry.update(values)

    return change
