"""What this version of the tool wants of an agency, as plain JSON, and how two versions differ.

Pure: no live system is asked. One rendering is what a manifest, an environment, the catalogue and
the policies amount to; two of the same manifest show what a change of the baseline would do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from onboarding import item, labels, normal_form, plan, policy
from onboarding.policy import Verdict

API_VERSION = "gdcc.go.th/v1alpha1"
KIND = "Rendering"
_CONTENT_HASH = labels.CONTENT_HASH.replace(".", "·")
"""As the last part of a path, in which a dot of a key is written so."""


@dataclass(frozen=True, slots=True)
class Rendering:
    """An agency as one version of the tool wants it.

    ``open`` are the findings of the manifest and plan stages that are no pass, as
    ``(control, subject, verdict, gates)``.
    """

    tenant_id: str
    version: str
    items: tuple[item.Item, ...]
    open: tuple[tuple[str, str, str, bool], ...] = ()

    def json(self) -> dict[str, Any]:
        return {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "tenant": self.tenant_id,
            "version": self.version,
            "items": [item_json(i) for i in self.items],
            "open": [list(o) for o in self.open],
        }


def item_json(of: item.Item) -> dict[str, Any]:
    ref = of.ref
    return {
        "engine": ref.engine.value,
        "kind": ref.kind,
        "scope": ref.scope,
        "name": ref.name,
        "owner": of.owner,
        "holdsData": of.holds_data,
        "fields": dict(of.fields),
    }


def from_json(value: Mapping[str, Any]) -> Rendering:
    """The rendering of ``Rendering.json``. Raises ``ValueError`` for anything else."""
    try:
        if (value["apiVersion"], value["kind"]) != (API_VERSION, KIND):
            raise ValueError(f"{value['kind']} of {value['apiVersion']} is no {KIND} of this form")
        items = tuple(_item(i) for i in value["items"])
        found = tuple((str(c), str(s), str(v), bool(g)) for c, s, v, g in value["open"])
        return Rendering(str(value["tenant"]), str(value["version"]), items, found)
    except (KeyError, TypeError) as broken:
        raise ValueError(f"this is no {KIND}: {broken}") from broken


def _item(value: Mapping[str, Any]) -> item.Item:
    engine = item.EngineName(value["engine"])
    ref = item.Ref(engine, value["kind"], value["scope"], value["name"])
    return item.Item(ref, value["fields"], value["owner"], value["holdsData"])


def still_open(findings: Iterable[policy.Finding]) -> tuple[tuple[str, str, str, bool], ...]:
    """The findings that are no pass, in the form a rendering keeps."""
    return tuple(
        (f.control.id, f.result.subject, f.result.verdict.value, f.gates)
        for f in findings
        if f.result.verdict in (Verdict.FAIL, Verdict.UNKNOWN)
    )


@dataclass(frozen=True, slots=True)
class Impact:
    """What another version would change for one agency: items, and findings newly open or gone."""

    tenant_id: str
    changes: tuple[plan.Change, ...]
    unchanged: int
    opened: tuple[tuple[str, str, str, bool], ...]
    closed: tuple[tuple[str, str, str, bool], ...]

    @property
    def any(self) -> bool:
        return bool(self.changes or self.opened or self.closed)

    @property
    def refused(self) -> bool:
        """Whether ``apply`` would refuse the agency under the other version, and did not before."""
        return any(gates for *_, gates in self.opened)


def compare(before: Rendering, after: Rendering) -> Impact:
    """What would change for an agency. Raises ``ValueError`` for renderings of two agencies."""
    if before.tenant_id != after.tenant_id:
        raise ValueError(f"{before.tenant_id} and {after.tenant_id} are two agencies")
    old = {i.ref: i for i in before.items}
    new = {i.ref: i for i in after.items}
    changes = [c for i in after.items if (c := _changed(old.get(i.ref), i))]
    changes += [
        plan.Change(plan.Action.DELETE, i.ref, None, (), "no longer wanted", i.holds_data)
        for i in before.items
        if i.ref not in new
    ]
    return Impact(
        after.tenant_id,
        tuple(changes),
        len(new) - sum(c.action is not plan.Action.DELETE for c in changes),
        _beyond(after.open, before.open),
        _beyond(before.open, after.open),
    )


def _changed(old: item.Item | None, new: item.Item) -> plan.Change | None:
    if old is None:
        return plan.Change(plan.Action.CREATE, new.ref, new, (), "new", new.holds_data)
    # Both ways: what the new one leaves out would stay as it is, and be nobody's.
    kind = new.ref.kind
    fields = {
        path: plan.FieldChange(path, before, after)
        for path, before, after in normal_form.differences(kind, new.fields, old.fields)
    }
    for path, after, before in normal_form.differences(kind, old.fields, new.fields):
        fields.setdefault(path, plan.FieldChange(path, before, after))
    if not fields:
        return None
    # It follows from every other field, and says nothing to a reader.
    changed = tuple(fields[path] for path in sorted(fields) if not path.endswith(_CONTENT_HASH))
    return plan.Change(plan.Action.UPDATE, new.ref, new, changed, "differs", new.holds_data)


def _beyond(
    these: Sequence[tuple[str, str, str, bool]], those: Sequence[tuple[str, str, str, bool]]
) -> tuple[tuple[str, str, str, bool], ...]:
    known = set(those)
    return tuple(o for o in these if o not in known)
