"""What counts as equal: one table of rules for values that a system defaults or rewrites.

Comparison is containment: every field we own must be there with our value. Where a system
spells a value differently (Kubernetes quantities) or keeps a set as a list, the rule for that
kind and path stands here, and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from onboarding import item

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
_DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_QUANTITY = re.compile(r"^(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti|Pi|)$")

QUANTITY_PATHS: Mapping[str, tuple[str, ...]] = {
    "ResourceQuota": ("spec.hard.*",),
    "LimitRange": ("spec.limits.*.*.*",),
    "Deployment": (
        "spec.template.spec.*.*.resources.*.*",
        "spec.template.spec.volumes.*.*.sizeLimit",
    ),
    "PersistentVolumeClaim": ("spec.resources.requests.*",),
}
"""Where Kubernetes keeps quantities, which it may print in another unit (``1000m`` as ``1``)."""

SET_PATHS: Mapping[str, tuple[str, ...]] = {}
"""Lists whose order has no meaning, by kind."""

EXACT_PATHS: Mapping[str, tuple[str, ...]] = {
    "ConfigMap": ("data",),
    "ResourceQuota": ("spec.hard",),
}
"""Maps that are ours as a whole: a key that we did not set is a difference."""


def quantity(value: Any) -> Any:
    """A Kubernetes quantity as an exact number; anything else as it is."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return value
    match = _QUANTITY.match(str(value))
    if match is None:
        return value
    number, unit = Decimal(match[1]), match[2]
    if unit == "m":
        return number / 1000
    return number * (_BINARY.get(unit) or _DECIMAL[unit])


def _matches(path: str, patterns: Sequence[str]) -> bool:
    parts = path.split(".") if path else []
    return any(
        len(p := pattern.split(".")) == len(parts)
        and all(want in ("*", have) for want, have in zip(p, parts, strict=True))
        for pattern in patterns
    )


def differences(
    kind: str, desired: Any, live: Any, path: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """Yield ``(path, live, desired)`` for every owned leaf that is not as desired."""
    if desired == item.KNOWN_AFTER_APPLY:
        if live is None or live == "":
            yield path, live, desired
    elif isinstance(desired, Mapping):
        yield from _map_differences(kind, desired, live, path)
    elif isinstance(desired, list | tuple):
        yield from _list_differences(kind, list(desired), live, path)
    elif _matches(path, QUANTITY_PATHS.get(kind, ())):
        if quantity(desired) != quantity(live):
            yield path, live, desired
    elif desired != live or isinstance(desired, bool) != isinstance(live, bool):
        yield path, live, desired


def _map_differences(
    kind: str, desired: Mapping[str, Any], live: Any, path: str
) -> Iterator[tuple[str, Any, Any]]:
    if not isinstance(live, Mapping):
        if desired or live is not None:
            yield path, live, dict(desired)
        return
    for key, value in desired.items():
        yield from differences(kind, value, live.get(key), _join(path, key))
    if _matches(path, EXACT_PATHS.get(kind, ())):
        for key in live.keys() - desired.keys():
            yield _join(path, key), live[key], None


def _list_differences(
    kind: str, desired: list[Any], live: Any, path: str
) -> Iterator[tuple[str, Any, Any]]:
    if not isinstance(live, list | tuple):
        if desired or live is not None:
            yield path, live, desired
        return
    have = list(live)
    if _matches(path, SET_PATHS.get(kind, ())):
        desired, have = sorted(desired, key=item.canonical), sorted(have, key=item.canonical)
    if len(desired) != len(have):
        yield path, have, desired
        return
    for index, (want, got) in enumerate(zip(desired, have, strict=True)):
        yield from differences(kind, want, got, _join(path, str(index)))


def _join(path: str, key: str) -> str:
    # A dot inside a key (gdcc.go.th/agency) must not look like a step of the path.
    step = key.replace(".", "·")
    return f"{path}.{step}" if path else step
