"""What counts as equal: one table of rules for values that a system defaults or rewrites.

Comparison is containment: every field we own must be there with our value. Where a system
spells a value differently (Kubernetes quantities) or keeps a set as a list, the rule for that
kind and path stands here, and nowhere else. What was added beside our fields is a difference in
maps that are ours as a whole, and wherever the system itself says that others than its own
controllers added it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from onboarding import item

_BINARY = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40, "Pi": 2**50}
_DECIMAL = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_QUANTITY = re.compile(r"^(\d+(?:\.\d+)?)(m|k|M|G|T|Ki|Mi|Gi|Ti|Pi|)$")

_OF_PODS = ("spec.template.spec.*.*.resources.*.*", "spec.template.spec.volumes.*.*.sizeLimit")

QUANTITY_PATHS: Mapping[str, tuple[str, ...]] = {
    "ResourceQuota": ("spec.hard.*",),
    "LimitRange": ("spec.limits.*.*.*",),
    "Deployment": _OF_PODS,
    "StatefulSet": _OF_PODS,
    "PersistentVolumeClaim": ("spec.resources.requests.*",),
}
"""Where Kubernetes keeps quantities, which it may print in another unit (``1000m`` as ``1``)."""

SET_PATHS: Mapping[str, tuple[str, ...]] = {}
"""Lists whose order has no meaning, by kind."""

_MAPPER = {"userinfo.token.claim": "false", "introspection.token.claim": "true"}
# It is added to a mapper of groups the first time that somebody signs in.
_GROUPS = {**_MAPPER, "multivalued": "true"}
_NONE: Mapping[str, Any] = {}

EXACT_PATHS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    # What steps of a sign-in are told: one that asks for a code may be told when not to ask.
    "AuthenticationFlow": {"executions.*": _NONE, "executions.*.config": _NONE},
    "ConfigMap": {"data": _NONE, "binaryData": _NONE},
    "ResourceQuota": {"spec.hard": _NONE},
    "Policy": {"rules": _NONE},
    "Client": {
        "attributes": {
            "backchannel.logout.revoke.offline.tokens": "false",
            "backchannel.logout.session.required": "true",
            # By the realm's own rule for every client, on those that nobody signs in to as well.
            "pkce.code.challenge.method": "S256",
            "post.logout.redirect.uris": "+",
            "realm_client": "false",
        },
        "authenticationFlowBindingOverrides": _NONE,
        "protocolMappers": _NONE,
        "protocolMappers.groups.config": _GROUPS,
        "protocolMappers.*.config": _MAPPER,
    },
    "ClientScope": {
        "attributes": _NONE,
        "protocolMappers": _NONE,
        "protocolMappers.*.config": _MAPPER,
    },
    "Group": {"attributes": _NONE},
    "LetterField": {"rights": _NONE},
    "LetterWorkflow": {
        "moves": _NONE,
        "numbers": _NONE,
        "numbers.*": _NONE,
        "rights": _NONE,
        "states": _NONE,
    },
    "IdentityProvider": {"config": _NONE},
    "Organisation": {"rights": _NONE},
    "Organization": {"attributes": _NONE},
    "Realm": {
        "attributes": {
            "cibaAuthRequestedUserHint": "login_hint",
            "cibaBackchannelTokenDeliveryMode": "poll",
            "cibaExpiresIn": "120",
            "cibaInterval": "5",
            "clientOfflineSessionIdleTimeout": "0",
            "clientOfflineSessionMaxLifespan": "0",
            "clientSessionIdleTimeout": "0",
            "clientSessionMaxLifespan": "0",
            "oauth2DeviceCodeLifespan": "600",
            "oauth2DevicePollingInterval": "5",
            "parRequestUriLifespan": "60",
            "realmReusableOtpCode": "false",
            "scimApiEnabled": "false",
        },
        "browserSecurityHeaders": {"contentSecurityPolicyReportOnly": ""},
        "userProfile.attributes": _NONE,
        # Kept as they were sent; a condition or an executor is narrowed by its configuration.
        "clientPolicies.policies.*": _NONE,
        "clientPolicies.policies.*.conditions.*": _NONE,
        "clientPolicies.policies.*.conditions.*.configuration": _NONE,
        "clientProfiles.profiles.*": _NONE,
        "clientProfiles.profiles.*.executors.*": _NONE,
        "clientProfiles.profiles.*.executors.*.configuration": _NONE,
    },
    "ServiceAccount": {"roles": _NONE, "scope": _NONE},
}
"""Maps that are ours as a whole: a key that we did not set is a difference, unless it is one that
the system fills in by itself and has the value that it gives there (Keycloak 26)."""

_PODS = "spec.template.spec."
POD_DEFAULTS: Mapping[str, Any] = {
    "defaultMode": 0o644,
    "failureThreshold": 3,
    "periodSeconds": 10,
    "protocol": "TCP",
    "scheme": "HTTP",
    "successThreshold": 1,
    "terminationMessagePath": "/dev/termination-log",
    "terminationMessagePolicy": "File",
    "timeoutSeconds": 1,
}
"""What the API server fills into a pod template where nothing is said (Kubernetes API reference:
Container, Probe, HTTPGetAction, ContainerPort, the volume sources). It counts these as held by
whoever wrote the entry of a list, such as a container with another name."""

POD_SPEC_DEFAULTS: Mapping[str, Any] = {
    f"{_PODS}dnsPolicy": "ClusterFirst",
    f"{_PODS}restartPolicy": "Always",
    f"{_PODS}schedulerName": "default-scheduler",
}
"""As ``POD_DEFAULTS``, but only right there: an init container with ``restartPolicy`` runs on."""

HELD_BY_OTHERS = "heldByOthers"
"""Field of an observed item: what people and other tools set on it, by path, as ``[who, how,
when]``. Only Kubernetes tells."""


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
    """Yield ``(path, live, desired)`` for every owned leaf that is not as desired.

    And for what others added beside it: there ``desired`` is None.
    """
    held = live.get(HELD_BY_OTHERS) if isinstance(live, Mapping) and not path else None
    if not held:
        yield from _differences(kind, desired, live, path)
        return
    told = []
    for one in _differences(kind, desired, live, path):
        told.append(one[0])
        yield one
    for where in held:
        if not any(where == t or where.startswith(f"{t}.") for t in told):
            yield from (one for one in _added(where, desired, live) if not _by_default(one))


def _by_default(added: tuple[str, Any, Any]) -> bool:
    path, value, _ = added
    if path in POD_SPEC_DEFAULTS:
        return bool(POD_SPEC_DEFAULTS[path] == value)
    name = path.rpartition(".")[2]
    return path.startswith(_PODS) and name in POD_DEFAULTS and POD_DEFAULTS[name] == value


def decided(desired: Any, known: Any) -> Any:
    """``desired`` with what an earlier run decided (``known``) in place of what was open then."""
    if desired == item.KNOWN_AFTER_APPLY:
        return desired if known is None or known == "" else known
    if isinstance(desired, Mapping):
        return {k: decided(v, _below(known, k.replace(".", "·"))) for k, v in desired.items()}
    if isinstance(desired, list | tuple):
        return [decided(v, _below(known, str(i))) for i, v in enumerate(desired)]
    return desired


def is_open(desired: Any) -> bool:
    """Whether something in it is only known after it was applied."""
    if isinstance(desired, Mapping):
        return any(is_open(v) for v in desired.values())
    if isinstance(desired, list | tuple):
        return any(is_open(v) for v in desired)
    return bool(desired == item.KNOWN_AFTER_APPLY)


def _differences(kind: str, desired: Any, live: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
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
        yield from _differences(kind, value, live.get(key), _join(path, key))
    filled_in = _exact(kind, path)
    if filled_in is not None:
        for key in live.keys() - desired.keys():
            if key not in filled_in or live[key] != filled_in[key]:
                yield _join(path, key), live[key], filled_in.get(key)


def _exact(kind: str, path: str) -> Mapping[str, Any] | None:
    """For a map that is ours as a whole the keys that the system fills in; None for others."""
    patterns = EXACT_PATHS.get(kind, {})
    return next((filled for p, filled in patterns.items() if _matches(path, (p,))), None)


def surplus(kind: str, path: str, desired: Mapping[str, Any], live: Any) -> dict[str, Any]:
    """Keys of a live map that is ours as a whole which are not, each with what it should be.

    None stands for a key that should not be there.
    """
    filled_in = _exact(kind, path) or {}
    return {
        key: filled_in.get(key)
        for key in (live.keys() - desired.keys() if isinstance(live, Mapping) else ())
        if key not in filled_in or live[key] != filled_in[key]
    }


def withdrawn(
    kind: str, desired: Any, known: Any, live: Any, path: str = ""
) -> Iterator[tuple[str, Any, Any]]:
    """What an earlier run set (``known``), is still there, and is not wanted any more.

    As ``differences``, which tell of such keys already in maps that are ours as a whole.
    """
    if isinstance(desired, Mapping) and isinstance(known, Mapping) and isinstance(live, Mapping):
        whole = _exact(kind, path) is not None
        for key in known.keys() & live.keys():
            where = _join(path, key)
            if key in desired:
                yield from withdrawn(kind, desired[key], known[key], live[key], where)
            elif not whole:
                yield where, live[key], None
        return
    lists = [v for v in (desired, known, live) if isinstance(v, list | tuple)]
    if len(lists) == 3 and len({len(v) for v in lists}) == 1:
        for index, (want, set_before, have) in enumerate(zip(*lists, strict=True)):
            yield from withdrawn(kind, want, set_before, have, _join(path, str(index)))


def _added(path: str, desired: Any, live: Any) -> Iterator[tuple[str, Any, Any]]:
    """What stands at a path that others hold, and is not in what we want."""
    want, have, known = desired, live, True
    for step in path.split("."):
        have = _below(have, step)
        if have is None:
            return
        want = _below(want, step) if known else None
        known = known and want is not None
    if not known:
        yield path, have, None
    else:
        yield from _beyond(want, have, path)


def _beyond(desired: Any, live: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Leaves of a live value that the desired one has not."""
    if isinstance(desired, Mapping) and isinstance(live, Mapping):
        for key, value in live.items():
            if key not in desired:
                yield _join(path, key), value, None
            else:
                yield from _beyond(desired[key], value, _join(path, key))
    elif isinstance(desired, list | tuple) and isinstance(live, list | tuple):
        for index, (want, got) in enumerate(zip(desired, live, strict=False)):
            yield from _beyond(want, got, _join(path, str(index)))


def _below(value: Any, step: str) -> Any:
    if isinstance(value, Mapping):
        return value.get(step.replace("·", "."))
    if isinstance(value, list | tuple) and step.isdigit() and int(step) < len(value):
        return value[int(step)]
    return None


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
        yield from _differences(kind, want, got, _join(path, str(index)))


def joined(steps: Iterable[str | int]) -> str:
    """A path from its steps. A dot inside one (gdcc.go.th/agency) must not look like two."""
    return ".".join(str(step).replace(".", "·") for step in steps)


def _join(path: str, key: str) -> str:
    return f"{path}.{joined((key,))}" if path else joined((key,))
