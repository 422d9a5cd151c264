"""Measures what each field of the manifest does: ``make reference`` writes it down.

- drives: the field is changed, and the items that every engine would hold are compared.
- controls: every control is run on worlds in order while its reads of the manifest are watched.
  What it reads of the resolved tenant counts for the fields that this depends on. Names made
  from the agency's id count where a manifest is judged only: elsewhere they say where a control
  looks, not what it judges.

`onboard explain` and the reference page show the result, so they cannot claim what is not so.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pydantic

from onboarding import environment, item, links, manifest, tenant
from onboarding.desired import ingress_tls
from onboarding.manifest import meaning, model, outline
from tests import reads
from tests.policies import world

ROOT = Path(__file__).parent.parent
EVERY_FIELD = ROOT / "tests/fixtures/manifests/every-field.yaml"
POOLED = ROOT / "examples/plk-lao.yaml"
PLACE = ROOT / "onboarding" / meaning.EFFECTS
_MOST_ENTRIES = 8
_MOST_VALUES = 3
_ENOUGH = 2
"""Changes of one field that show nothing new, after which it is not changed further."""

Keys = tuple[str | int, ...]


def measured() -> dict[str, dict[str, Any]]:
    """By path, in the order of the model: ``controls`` and ``drives``."""
    with tempfile.TemporaryDirectory() as folder:
        at = world.target(Path(folder))
        drives: dict[str, set[tuple[str, str]]] = defaultdict(set)
        rests: dict[reads.Attribute, set[str]] = defaultdict(set)
        every_field = manifest.load(EVERY_FIELD)
        samples = (every_field, _with_few_bodies(manifest.load(POOLED)))
        for sample in samples:
            _change_everything(sample, at, drives, rests)
        controls = reads.controls((resolved(sample, at) for sample in samples), at, rests)
    found = {}
    for node in outline.everything():
        path = node.plain_path
        engines = sorted({engine for engine, _ in drives[path]})
        shown = {
            "controls": sorted(controls[path]),
            "drives": {e: sorted(k for own, k in drives[path] if own == e) for e in engines},
        }
        found[path] = {key: value for key, value in shown.items() if value}
    return {path: value for path, value in found.items() if value}


def _with_few_bodies(pooled: model.AgencyMou) -> model.AgencyMou:
    """More of a kind show nothing more and take their time."""
    few = pooled.tenancy.model_copy(update={"sub_tenants": pooled.tenancy.sub_tenants[:2]})
    return pooled.model_copy(update={"tenancy": few})


def _change_everything(
    sample: model.AgencyMou,
    at: environment.Environment,
    drives: Mapping[str, set[tuple[str, str]]],
    rests: Mapping[reads.Attribute, set[str]],
) -> None:
    nodes = {node.plain_path: node for node in outline.everything()}
    before = resolved(sample, at)
    items, attributes = _items(before, at), reads.attributes(before)
    nothing_new: dict[str, int] = defaultdict(int)
    for path, keys, value in _parts(sample):
        for other in _others(value, nodes[path]):
            if nothing_new[path] >= _ENOUGH:
                continue
            known = len(drives[path])
            try:
                after = resolved(_replaced(sample, keys, other), at)
                changed = _items(after, at)
            except Exception:  # noqa: BLE001, S112 - a value that nothing can be made of
                continue
            for ref in items.keys() | changed.keys():
                if items.get(ref) != changed.get(ref):
                    drives[path].add((ref.engine.value, ref.kind))
            nothing_new[path] += known == len(drives[path])
            now = reads.attributes(after)
            for attribute in attributes.keys() | now.keys():
                if attributes.get(attribute) != now.get(attribute):
                    rests[attribute].add(path)


def resolved(of: model.AgencyMou, at: environment.Environment) -> tenant.Tenant:
    """As it would be where every peer declares the same links."""
    peers = {}
    for peer in {link.peer for link in of.links}:
        theirs = [
            link.model_copy(
                update={
                    "peer": of.id,
                    "direction": links.mirrored(link.direction),
                    "restricted_approval": "yes",
                }
            )
            for link in of.links
            if link.peer == peer
        ]
        known = of.metadata.model_copy(update={"id": peer})
        declared = of.model_copy(update={"metadata": known, "links": tuple(theirs)})
        peers[peer] = links.Declared(declared)
    return tenant.resolve(of, at, peers=peers)


def _items(of: tenant.Tenant, at: environment.Environment) -> dict[item.Ref, Any]:
    return {i.ref: i.fields for i in (*world.desired(of, at), *ingress_tls.desired(of, at))}


def _parts(value: Any, path: str = "", keys: Keys = ()) -> Iterator[tuple[str, Keys, Any]]:
    """Every field that is given: its path, the way to it, and its value."""
    for name, info in type(value).model_fields.items():
        here = f"{path}.{info.alias or name}".lstrip(".")
        own, inner = (*keys, name), getattr(value, name)
        if inner is None:
            continue
        yield here, own, inner
        if isinstance(inner, pydantic.BaseModel):
            yield from _parts(inner, here, own)
        elif isinstance(inner, tuple):
            for index, entry in enumerate(inner[:_MOST_ENTRIES]):
                if isinstance(entry, pydantic.BaseModel):
                    yield from _parts(entry, here, (*own, index))


def _others(value: Any, node: outline.Node) -> Iterator[Any]:
    """Other values of the same sort; the first few of a list of allowed ones."""
    match value:
        case pydantic.BaseModel():
            if not node.required:
                yield None
        case bool():
            yield not value
        case int():
            yield value + 1
            yield value * 7 + 3
        case date():
            yield value + timedelta(days=400)
        case str():
            allowed = node.shape.get("enum", [f"{value}x"])
            yield from [one for one in allowed if one != value][:_MOST_VALUES]
        case tuple():
            yield value[:-1]
            if value and isinstance(value[0], str):
                yield (f"{value[0]}x", *value[1:])


def _replaced(of: Any, keys: Keys, new: Any) -> Any:
    first, *rest = keys
    if isinstance(of, tuple):
        index = int(first)
        return (*of[:index], _replaced(of[index], tuple(rest), new), *of[index + 1 :])
    name = str(first)
    inner = _replaced(getattr(of, name), tuple(rest), new) if rest else new
    return of.model_copy(update={name: inner})


def text() -> str:
    """What ``effects.yaml`` must hold."""
    lines = ["# Measured; never edit by hand. Refresh with: make reference"]
    for path, shown in measured().items():
        lines.append(f"{path}:")
        if "controls" in shown:
            lines.append(f"  controls: [{', '.join(shown['controls'])}]")
        if "drives" in shown:
            lines.append("  drives:")
            lines += [f"    {e}: [{', '.join(kinds)}]" for e, kinds in shown["drives"].items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
    sys.stdout.write(f"{PLACE.relative_to(ROOT)}: written\n")
