"""Marking an object as an agency's, and changing nothing else of it.

Under the applier, but for what is fenced from it until it is ours: a namespace and a realm need
the bootstrap role.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from onboarding import environment, errors, item, kube, labels, vault
from onboarding.desired import realm_mark, vault_mark
from onboarding.identity import keycloak, representation, writing

_PLACES = {
    "AuthenticationFlow": "/authentication/flows",
    "Client": "/clients",
    "ClientScope": "/client-scopes",
    "Group": "/groups",
    "IdentityProvider": "/identity-provider/instances",
    "Organization": "/organizations",
}
_ATTRIBUTES_ARE_LISTS = frozenset({"Group", "Organization"})


def mark(target: environment.Environment, agency: str, wanted: item.Item) -> None:
    """Give the live object behind ``wanted`` the marks of ``agency``.

    Raises ``errors.OnboardError`` where it is not there any more, or became another agency's.
    """
    by_engine: Mapping[item.EngineName, Callable[..., None]] = {
        item.EngineName.CLUSTER: _in_cluster,
        item.EngineName.VAULT: _in_vault,
        item.EngineName.SSO: _in_keycloak,
    }
    by_engine[wanted.ref.engine](target, agency, wanted)


def _gone(ref: item.Ref) -> errors.EngineFailed:
    return errors.EngineFailed(
        f"{ref} is not there any more", resolution="Run the same command again; it reads anew."
    )


def _taken(ref: item.Ref, owner: str) -> errors.Refused:
    return errors.Refused(
        f"{ref} became agency {owner}'s meanwhile",
        resolution="What is another agency's is never adopted.",
    )


def _check(ref: item.Ref, owner: str, agency: str) -> None:
    if owner not in ("", agency):
        raise _taken(ref, owner)


def _in_cluster(target: environment.Environment, agency: str, wanted: item.Item) -> None:
    """Labels only, and only while the object is the one that was read."""
    ref = wanted.ref
    fenced = ref.kind == "Namespace"
    role = environment.Role.BOOTSTRAP if fenced else environment.Role.APPLIER
    cluster = kube.connect(target, role)
    try:
        live = cluster.get(ref.kind, ref.name, ref.scope)
        if live is None:
            raise _gone(ref)
        metadata = live["metadata"]
        have = metadata.get("labels") or {}
        _check(ref, labels.owner(have), agency)
        marks = {k: v for k, v in wanted.fields["metadata"]["labels"].items() if k in _MARKS}
        steps: list[dict[str, Any]] = [
            {
                "op": "test",
                "path": "/metadata/resourceVersion",
                "value": metadata["resourceVersion"],
            },
            {"op": "add", "path": "/metadata/labels", "value": {**have, **marks}},
        ]
        cluster.json_patch(ref.kind, ref.name, ref.scope, steps)
    finally:
        cluster.close()


_MARKS = frozenset(labels.of("", "", ""))


def _in_vault(target: environment.Environment, agency: str, wanted: item.Item) -> None:
    ref, text = wanted.ref, vault_mark.of(agency)
    with vault.connect(target, environment.Role.APPLIER) as door:
        if ref.kind == "Policy":
            found = door.details("sys/policies/detailed/acl").get(ref.name)
            if found is None:
                raise _gone(ref)
            document = str(found.get("policy") or "")
            _check(ref, vault_mark.owner(document), agency)
            door.write(f"sys/policies/acl/{ref.name}", {"policy": f"# {text}\n{document}"})
        elif ref.kind in ("KeyPair", "Account"):
            path = f"{ref.scope}/metadata/{ref.name}"
            about = door.read(path)
            if about is None:
                raise _gone(ref)
            notes = dict(about.get("custom_metadata") or {})
            _check(ref, vault_mark.owner(notes.get("owner")), agency)
            door.write(path, {"custom_metadata": {**notes, "owner": text}})
        elif ref.kind == "KubernetesAuthRole":
            # It has no text of its own: it is whose policies it gives.
            door.write(f"auth/{ref.scope}/role/{ref.name}", wanted.fields)
        else:
            mount = ref.name if ref.kind == "Mount" else ref.scope
            found = (door.read("sys/mounts") or {}).get(f"{mount}/")
            if found is None:
                raise _gone(ref)
            _check(ref, vault_mark.owner(found.get("description")), agency)
            door.write(f"sys/mounts/{mount}/tune", {"description": text})


def _in_keycloak(target: environment.Environment, agency: str, wanted: item.Item) -> None:
    ref = wanted.ref
    fenced = ref.kind == "Realm"
    role = environment.Role.BOOTSTRAP if fenced else environment.Role.APPLIER
    door = keycloak.connect(target, role)
    try:
        live = door.get(ref.name, "") if fenced else writing.find(door, ref)
        if live is None:
            raise _gone(ref)
        body = _marked(ref, live, agency)
        place = "" if fenced else f"{_PLACES[ref.kind]}/{live['id']}"
        if ref.kind == "IdentityProvider":
            body.pop("id")
        door.put(ref.name if fenced else ref.scope, place, body)
    finally:
        door.close()


def _marked(ref: item.Ref, live: Mapping[str, Any], agency: str) -> dict[str, Any]:
    if ref.kind == "AuthenticationFlow":
        # It has no attributes: its description is its mark.
        _check(ref, representation.owner_in_text(str(live.get("description") or "")), agency)
        return {**live, "description": realm_mark.text_mark(agency)}
    part = "config" if ref.kind == "IdentityProvider" else "attributes"
    have = live.get(part) or {}
    lists = ref.kind in _ATTRIBUTES_ARE_LISTS
    flat = {k: (v[0] if v else "") if isinstance(v, list) else str(v) for k, v in have.items()}
    _check(ref, labels.owner(flat), agency)
    marks = realm_mark.list_marks(agency) if lists else realm_mark.marks(agency)
    return {**live, part: {**have, **marks}}
