"""Taking back what a hand added to our objects.

Server-side apply removes a field only where its own manager had set it, and Pulumi compares only
fields that it knows: an extra container or an extra key would stay. So before an object is
updated, the fields that others than the cluster's own controllers hold are put under our
manager, and the apply that follows drops those that are not wanted.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from onboarding import errors, item, kube, labels
from onboarding.kube import kinds, managers

_ATTEMPTS = 6
_PAUSE = 0.2


_FENCE, _FENCED = "pod-security.kubernetes.io/enforce", "restricted"
"""The cluster lets us write a namespace only if it is under Pod Security afterwards; where a hand
took that away it comes back first, or nothing in the namespace could be put right."""


def take_back(cluster: kube.Cluster, refs: Sequence[item.Ref]) -> None:
    """Hold every field of these objects that people or other tools have set."""
    for ref in refs:
        _take_back(cluster, ref)


def _take_back(cluster: kube.Cluster, ref: item.Ref) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        found = cluster.get(ref.kind, ref.name, ref.scope)
        if found is None:
            return
        before = found["metadata"].get("managedFields") or []
        after = merged(before, kinds.kind(ref.kind).api_version)
        wanted = [*_managers(before, after), *_fence(ref, found)]
        if not wanted:
            return
        version = found["metadata"]["resourceVersion"]
        try:
            cluster.json_patch(
                ref.kind,
                ref.name,
                ref.scope,
                [{"op": "test", "path": "/metadata/resourceVersion", "value": version}, *wanted],
            )
        except errors.EngineFailed:
            # A controller wrote in between, as it does right after a change by hand.
            if attempt == _ATTEMPTS:
                raise
            time.sleep(_PAUSE * attempt)
        else:
            return


def _managers(before: list[Any], after: list[Any]) -> list[dict[str, Any]]:
    if after == before:
        return []
    return [{"op": "replace", "path": "/metadata/managedFields", "value": after}]


def _fence(ref: item.Ref, found: kube.Object) -> list[dict[str, Any]]:
    marks = found["metadata"].get("labels") or {}
    if ref.kind != "Namespace" or marks.get(_FENCE) == _FENCED:
        return []
    path = f"/metadata/labels/{_FENCE.replace('/', '~1')}"
    return [{"op": "add", "path": path, "value": _FENCED}]


def merged(entries: Sequence[Mapping[str, Any]], api_version: str) -> list[dict[str, Any]]:
    """The list of field managers with every foreign one folded into ours."""
    kept: list[dict[str, Any]] = []
    ours: dict[str, Any] | None = None
    foreign: list[Mapping[str, Any]] = []
    for entry in entries:
        if managers.is_ours(entry):
            ours = dict(entry)
        elif entry.get("subresource") or managers.is_controller(entry):
            kept.append(dict(entry))
        else:
            foreign.append(entry)
    if not foreign:
        return [dict(entry) for entry in entries]
    ours = ours or {
        "manager": labels.FIELD_MANAGER,
        "operation": managers.APPLY,
        "apiVersion": api_version,
        "fieldsType": "FieldsV1",
    }
    fields: Mapping[str, Any] = ours.get("fieldsV1") or {}
    for entry in foreign:
        fields = _union(fields, entry.get("fieldsV1") or {})
    return [{**ours, "fieldsV1": fields}, *kept]


def _union(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(one)
    for key, value in other.items():
        result[key] = _union(result[key], value) if key in result else value
    return result
