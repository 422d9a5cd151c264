"""From a live Kubernetes object to an item: everything that was read, without noise and secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from onboarding import item, kube, labels, normal_form
from onboarding.desired import settings
from onboarding.kube import kinds, managers

HOLDS_DATA = frozenset({"Namespace", "PersistentVolumeClaim"})
REDACTED = "(redacted)"

_NOISE = frozenset(
    {"uid", "resourceVersion", "managedFields", "creationTimestamp", "generation", "selfLink"}
)
_PLACE = frozenset({"name", "namespace"})
_PULUMI = "pulumi.com/"
_LAST_UPDATE = labels.PREFIX + "last-update"
_ROLLOUTS = "deployment.kubernetes.io/"
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_SECRET_NAME = re.compile(r"PASS|TOKEN|SECRET|KEY|CREDENTIAL", re.IGNORECASE)


def of(kind: str, live: kube.Object, *, owner: str = "", status: bool = False) -> item.Item:
    """The item of a live object; ``status`` keeps what controllers report about it."""
    metadata = live["metadata"]
    ref = item.Ref(item.EngineName.CLUSTER, kind, metadata.get("namespace", ""), metadata["name"])
    left_out = {"kind", "apiVersion", "metadata"} | (set() if status else {"status"})
    fields = {key: value for key, value in live.items() if key not in left_out}
    fields = {
        "apiVersion": kinds.kind(kind).api_version,
        "metadata": _metadata(metadata),
        **fields,
    }
    held = managers.held_by_others(live).items()
    by_path = {normal_form.joined(path): list(who) for path, who in held if not _bookkeeping(path)}
    if by_path:
        fields[normal_form.HELD_BY_OTHERS] = by_path
    owner = owner or labels.owner(metadata.get("labels"))
    return item.Item(
        ref,
        _without_secrets(kind, fields, owner),
        owner,
        holds_data=kind in HOLDS_DATA,
        ending="deletionTimestamp" in metadata,
    )


def _bookkeeping(path: Sequence[Any]) -> bool:
    """Notes of Pulumi and of controllers on an object: whoever restores one copies them along."""
    return (
        len(path) == 3
        and tuple(path[:2]) == ("metadata", "annotations")
        and str(path[2]).startswith((_PULUMI, _LAST_UPDATE, _ROLLOUTS))
    )


def of_another_engine(kind: str, found: kube.Object) -> bool:
    """Whether an object of ours is owned and observed by the engine that delivers settings."""
    ours = bool(labels.owner(found["metadata"].get("labels")))
    return ours and kind == "ConfigMap" and settings.holds_settings(found["metadata"])


def _metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    kept = {k: v for k, v in metadata.items() if k not in _NOISE and k not in _PLACE}
    if _LAST_APPLIED in kept.get("annotations", {}):
        kept["annotations"] = {k: v for k, v in kept["annotations"].items() if k != _LAST_APPLIED}
    return kept


def _without_secrets(kind: str, fields: dict[str, Any], owner: str) -> dict[str, Any]:
    if kind == "ConfigMap" and not owner:
        # Someone else's text may hold anything; its keys are enough to know that it is there.
        for part in ("data", "binaryData"):
            if part in fields:
                fields = {**fields, part: dict.fromkeys(fields[part], REDACTED)}
        return fields
    if kind == "Pod":
        return {**fields, "spec": _pod(fields.get("spec") or {})}
    if kind in ("Deployment", "StatefulSet"):
        spec = fields.get("spec") or {}
        template = spec.get("template") or {}
        pod = _pod(template.get("spec") or {})
        return {**fields, "spec": {**spec, "template": {**template, "spec": pod}}}
    return fields


def _pod(spec: Mapping[str, Any]) -> dict[str, Any]:
    """A pod's spec without the values of variables that read like a credential.

    And without ``serviceAccount``: the server keeps the deprecated name of ``serviceAccountName``
    at the same value (Kubernetes API reference, PodSpec).
    """
    result = {key: value for key, value in spec.items() if key != "serviceAccount"}
    for part in ("containers", "initContainers", "ephemeralContainers"):
        if part in spec:
            result[part] = [_container(c) for c in spec[part]]
    return result


def _container(container: Mapping[str, Any]) -> dict[str, Any]:
    if "env" not in container:
        return dict(container)
    return {**container, "env": [_variable(v) for v in container["env"]]}


def _variable(variable: Mapping[str, Any]) -> dict[str, Any]:
    name = str(variable.get("name", ""))
    # By the custom of images, a variable of such a name says in which file the secret is.
    names_a_file = name.endswith("_FILE") and str(variable.get("value")).startswith("/")
    if variable.get("value") and _SECRET_NAME.search(name) and not names_a_file:
        return {**variable, "value": REDACTED}
    return dict(variable)
