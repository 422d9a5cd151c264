"""What each example must become (``expected.yaml``), and what it does before any system is met.

``python -m tests.examples.expected`` writes the part ``review`` of that file anew after a control
or an example changed on purpose; read the difference before committing it. The part ``live``
comes from a run on the lab, see ``tests/e2e/test_examples.py``.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from onboarding import catalogue, clock, desired, environment, manifest, policy, tenant, verify
from tests.running import ROOT
from tests.unit import targets

FILE = Path(__file__).with_name("expected.yaml")
FOLDER = ROOT / "examples"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.yaml")))
NOW = clock.Clock(date(2026, 11, 22))
"""Manifests have dates; the review of them is of this day, so that it does not change by itself."""
OPEN = (policy.Verdict.FAIL, policy.Verdict.UNKNOWN)

Outcome = dict[str, Any]


def file(name: str) -> Path:
    return FOLDER / f"{name}.yaml"


@functools.cache
def stated() -> dict[str, Outcome]:
    """``expected.yaml``: example -> instances, review, live."""
    content: dict[str, Outcome] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return content


@functools.cache
def target() -> environment.Environment:
    """An environment that has what every system of the catalogue needs; nothing is reached."""
    base = targets.pinned()
    others = {entry.kind: f"registry.invalid/{entry.kind}@{targets.DIGEST}"
              for entry in catalogue.offered() if entry.kind != "e-office"}  # fmt: skip
    cluster = {"internal_ingress_class": "gdcc-internal", "node_pools": ("restricted",)}
    return base.model_copy(
        update={
            "cluster": base.cluster.model_copy(update=cluster),
            "images": base.images.model_copy(update={"others": others}),
        }
    )


@functools.cache
def tenants() -> Mapping[str, tenant.Tenant]:
    """Every example, resolved."""
    return {name: tenant.resolve(manifest.load(file(name)), target()) for name in NAMES}


def reviewed(name: str) -> Outcome:
    """Instances of an example, and what its manifest and plan are judged as beside all others."""
    of = tenants()[name]
    findings = verify.review(
        of,
        target(),
        desired.everything(of, target()),
        others=[other for other in tenants().values() if other.id != of.id],
        now=NOW,
    )
    return {
        "instances": {i.namespace: i.kind for i in of.instances},
        "review": {
            "open": controls(findings, *OPEN),
            "notApplicable": controls(findings, policy.Verdict.NOT_APPLICABLE),
        },
    }


def controls(findings: Iterable[policy.Finding], *verdicts: policy.Verdict) -> list[str]:
    """The controls that ended in one of ``verdicts``, sorted."""
    return sorted({f.control.id for f in findings if f.result.verdict in verdicts})


class _Short(yaml.SafeDumper):
    """Lists of names in one line, and nothing by reference."""

    def ignore_aliases(self, _: Any) -> bool:
        return True

    def represent_list(self, value: list[Any]) -> yaml.Node:
        return self.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)


_Short.add_representer(list, _Short.represent_list)


def main() -> None:
    """Write the file anew; what was seen live is kept."""
    before = stated() if FILE.exists() else {}
    unseen: Outcome = {"open": [], "notApplicable": []}
    content = {
        name: {**reviewed(name), "live": before.get(name, {}).get("live", unseen)} for name in NAMES
    }
    text = yaml.dump(content, Dumper=_Short, sort_keys=False, allow_unicode=True, width=98)
    head = (
        "# What each example becomes. open: controls that fail or cannot be determined, each\n"
        "# intended and explained in the head of the example. review: manifest and plan, as on\n"
        "# 2026-11-22; live: on the lab. See expected.py.\n"
    )
    FILE.write_text(head + text, encoding="utf-8")


if __name__ == "__main__":
    main()
