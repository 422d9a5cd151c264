"""What is there: the settings objects in the cluster, the kits in the state store."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from onboarding import environment, errors, item, kube, labels, strict_yaml, tenant
from onboarding.desired import handover, settings

_HALF = ".new-"
"""As the module private_folder calls a file that is not in its place yet."""
_LISTED_BY_NAME = 40
"""Up to so many agencies the LIST asks for them by name; beyond, for all of ours."""


def settings_items(
    cluster: kube.Cluster, tenants: Sequence[tenant.Tenant]
) -> dict[str, tuple[item.Item, ...]]:
    """Settings objects by agency: one LIST for what carries our label, plus what stands
    unlabelled in the place of ours."""
    found = {
        _place(o): o
        for o in cluster.list("ConfigMap", selector=_selector(tenants))
        if settings.holds_settings(o["metadata"])
    }
    places = {
        (i.namespace, settings.name(i)): of.id
        for of in tenants
        for i in of.instances
        if i.has_settings
    }
    unseen = [("ConfigMap", *place) for place in places if place not in found]
    found |= {_place(o): o for o in cluster.get_all(unseen) if o is not None}
    grouped: dict[str, list[item.Item]] = {of.id: [] for of in tenants}
    for place, live in sorted(found.items()):
        agency = places.get(place) or labels.owner(live["metadata"].get("labels"))
        if agency in grouped:
            grouped[agency].append(_settings_item(live))
    return {agency: tuple(items) for agency, items in grouped.items()}


def kit_folder(target: environment.Environment, agency: str) -> Path:
    return target.store() / handover.FOLDER / agency


def wipe_half_files(target: environment.Environment, agency: str) -> None:
    """Remove what a killed run had not yet put in place in the agency's kit."""
    for left in kit_folder(target, agency).glob(f"{_HALF}*"):
        left.unlink(missing_ok=True)


def kit_items(
    target: environment.Environment, tenants: Iterable[tenant.Tenant]
) -> dict[str, tuple[item.Item, ...]]:
    """The kit of each agency with the SHA-256 of each of its files; none where there is none.

    Raises ``errors.Unreachable`` for a kit that cannot be read.
    """
    return {of.id: _kit(kit_folder(target, of.id), of.id) for of in tenants}


def _place(live: Mapping[str, Any]) -> tuple[str, str]:
    return str(live["metadata"]["namespace"]), str(live["metadata"]["name"])


def _selector(tenants: Sequence[tenant.Tenant]) -> str:
    ours = f"{labels.MANAGED_BY}={labels.MANAGER}"
    if len(tenants) > _LISTED_BY_NAME:
        return ours
    return f"{ours},{labels.AGENCY} in ({','.join(sorted(of.id for of in tenants))})"


def _settings_item(live: Mapping[str, Any]) -> item.Item:
    metadata = {part: dict(live["metadata"].get(part) or {}) for part in ("labels", "annotations")}
    ref = item.Ref(item.EngineName.SETTINGS, settings.KIND, *_place(live))
    body = _body(str((live.get("data") or {}).get(settings.KEY) or ""))
    return item.Item(
        ref, settings.fields_of(body, metadata), owner=labels.owner(metadata["labels"])
    )


def _body(text: str) -> dict[str, Any]:
    """The settings inside; what cannot be read as settings says so in their place."""
    try:
        value = strict_yaml.loads(text, settings.KEY).value
    except errors.InvalidInput as broken:
        return {"unreadable": str(broken)}
    return value if isinstance(value, dict) else {"unreadable": "no settings in it"}


def _kit(folder: Path, agency: str) -> tuple[item.Item, ...]:
    try:
        mode = stat.S_IMODE(folder.stat().st_mode)
        digests = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(folder.iterdir())
            if path.is_file()
        }
    except FileNotFoundError:
        return ()
    except OSError as unreadable:
        raise errors.Unreachable(
            f"{agency}: the hand-over kit cannot be read",
            details=[f"{folder}: {unreadable.strerror}"],
            resolution="Give the folder back to the user who runs onboard.",
        ) from unreadable
    ref = item.Ref(item.EngineName.SETTINGS, handover.KIND, "", agency)
    return (item.Item(ref, {"mode": f"{mode:04o}", "files": digests}, owner=agency),)
