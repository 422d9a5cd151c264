"""Who holds which field of a live object: Kubernetes' record of field managers, read as paths.

Source: Kubernetes API reference, ObjectMeta.managedFields, and its field sets (FieldsV1):
``f:<name>`` a field, ``k:<keys>`` an entry of a list by its keys, ``v:<value>`` an entry of a set,
``i:<n>`` an entry by its place, ``.`` the thing itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from onboarding import labels

APPLY = "Apply"
_CONTROLLERS = "kube-"
"""What the names of Kubernetes' own controllers begin with; ``kubectl`` is none of them."""

_SERVERS_OWN = ("metadata", "labels", "kubernetes.io/metadata.name")
"""A label that the server puts on every namespace, and counts as set by whoever made that."""

Step = str | int
Path = tuple[Step, ...]


def is_ours(entry: Mapping[str, Any]) -> bool:
    return entry.get("manager") == labels.FIELD_MANAGER and entry.get("operation") == APPLY


def is_controller(entry: Mapping[str, Any]) -> bool:
    """Whether the cluster itself holds the fields: its controllers, and whoever writes status."""
    manager = str(entry.get("manager"))
    return manager.startswith(_CONTROLLERS) or entry.get("subresource") == "status"


def held_by_others(live: Mapping[str, Any]) -> dict[Path, tuple[str, ...]]:
    """Each field that people or other tools set: its path, and manager, operation and time.

    A list or map that is replaced as a whole is one field. Where two hold a field, the later one
    is named.
    """
    found: dict[Path, tuple[str, ...]] = {}
    entries = live["metadata"].get("managedFields") or ()
    for entry in sorted(entries, key=lambda e: str(e.get("time") or "")):
        if is_ours(entry) or is_controller(entry):
            continue
        who = tuple(str(entry.get(about) or "") for about in ("manager", "operation", "time"))
        found |= dict.fromkeys(_leaves(entry.get("fieldsV1") or {}, live, ()), who)
    found.pop(_SERVERS_OWN, None)
    return found


def _leaves(fields: Mapping[str, Any], live: Any, path: Path) -> Iterator[Path]:
    inner = {key: below for key, below in fields.items() if key != "."}
    if not inner:
        yield path
    for key, below in inner.items():
        step = _step(key, live)
        if step is not None:
            yield from _leaves(below, _at(live, step), (*path, step))


def _step(key: str, live: Any) -> Step | None:
    """The step in the live object; None where it has no such thing any more."""
    form, _, spelt = key.partition(":")
    if form == "f":
        return spelt if isinstance(live, Mapping) and spelt in live else None
    if not isinstance(live, Sequence) or isinstance(live, str):
        return None
    wanted = json.loads(spelt)
    if form == "i":
        return int(wanted) if int(wanted) < len(live) else None
    for index, one in enumerate(live):
        if one == wanted if form == "v" else _has(one, wanted):
            return index
    return None


def _has(one: Any, keys: Mapping[str, Any]) -> bool:
    return isinstance(one, Mapping) and all(one.get(k) == v for k, v in keys.items())


def _at(live: Any, step: Step) -> Any:
    return live[step]
