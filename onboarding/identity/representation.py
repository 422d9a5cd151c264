"""Keycloak's representations as fields of items, and back. Pure; a field is never a secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding import item, labels, normal_form

_REALM_DROPPED = frozenset({"smtpServer", "defaultRole", "requiredCredentials", "components"})
_CLIENT_DROPPED = frozenset({"id", "secret", "registrationAccessToken", "access"})
_CLIENT_SETS = ("redirectUris", "webOrigins", "defaultClientScopes", "optionalClientScopes")
_NOT_SENT = frozenset(
    {"publicKey", "keptSecret", "parent", "organization", "mappers", "userProfile"}
)
_NOBODY_ELSES = "DISABLED"
"""Keycloak's word for attributes outside the profile that nobody sets; it keeps none for it."""


def owner(rep: Mapping[str, Any]) -> str:
    """The agency that an object carries in its attributes; "" where it is not ours.

    An identity provider has none, and carries it in its settings.
    """
    flat = {
        key: (value[0] if value else "") if isinstance(value, list) else str(value)
        for key, value in (rep.get("attributes") or rep.get("config") or {}).items()
    }
    return labels.owner(flat)


def owner_in_text(text: str) -> str:
    """The same, of what carries its mark in a description."""
    pairs = (word.partition("=") for word in (text or "").split())
    return labels.owner({key: value for key, _, value in pairs})


def _public_attributes(attributes: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        k: v for k, v in (attributes or {}).items() if "secret" not in k and "password" not in k
    }


def realm(rep: Mapping[str, Any]) -> dict[str, Any]:
    fields = {k: v for k, v in rep.items() if k not in _REALM_DROPPED}
    fields["attributes"] = _public_attributes(rep.get("attributes"))
    fields["supportedLocales"] = sorted(rep.get("supportedLocales") or ())
    return fields


def user_profile(rep: Mapping[str, Any]) -> dict[str, Any]:
    """Who may see and who may change each attribute of a person."""
    rights = {
        one["name"]: {
            kind: sorted((one.get("permissions") or {}).get(kind) or ())
            for kind in ("edit", "view")
        }
        for one in rep.get("attributes") or ()
    }
    policy = rep.get("unmanagedAttributePolicy") or _NOBODY_ELSES
    return {"attributes": rights, "unmanagedAttributePolicy": policy}


def with_rights(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """A user profile with the attributes and rights that are wanted; how values are checked stays.

    The reverse of ``user_profile``.
    """
    known = {one["name"]: one for one in live.get("attributes") or ()}
    listed = [
        {**known.get(name, {"name": name}), "permissions": rights}
        for name, rights in wanted["attributes"].items()
    ]
    body = {k: v for k, v in live.items() if k != "unmanagedAttributePolicy"}
    policy = wanted["unmanagedAttributePolicy"]
    if policy != _NOBODY_ELSES:
        body["unmanagedAttributePolicy"] = policy
    return {**body, "attributes": listed}


def client(rep: Mapping[str, Any]) -> dict[str, Any]:
    fields = {k: v for k, v in rep.items() if k not in _CLIENT_DROPPED}
    fields["attributes"] = _public_attributes(rep.get("attributes"))
    for name in _CLIENT_SETS:
        fields[name] = sorted(rep.get(name) or ())
    fields["protocolMappers"] = mappers(rep.get("protocolMappers") or ())
    return fields


def mappers(listed: Any) -> dict[str, Any]:
    """Protocol mappers by name."""
    return {
        m["name"]: {
            "protocolMapper": m["protocolMapper"],
            "config": {k: v for k, v in (m.get("config") or {}).items() if "secret" not in k},
        }
        for m in listed
    }


def mapper_list(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The reverse of ``mappers``."""
    return [
        {"name": name, "protocol": "openid-connect", **body}
        for name, body in (fields.get("protocolMappers") or {}).items()
    ]


def broker(rep: Mapping[str, Any]) -> dict[str, Any]:
    """An identity provider; of its secret only a name in Keycloak's vault may be shown."""
    fields = {k: v for k, v in rep.items() if k not in ("internalId", "alias", "organizationId")}
    config = dict(rep.get("config") or {})
    if "clientSecret" in config and not str(config["clientSecret"]).startswith("${vault."):
        config["clientSecret"] = "(redacted)"
    after = rep.get("postBrokerLoginFlowAlias") or ""
    return {**fields, "config": config, "postBrokerLoginFlowAlias": after}


def client_scope(rep: Mapping[str, Any]) -> dict[str, Any]:
    fields = {k: v for k, v in rep.items() if k not in ("id", "name")}
    fields["protocolMappers"] = mappers(rep.get("protocolMappers") or ())
    return fields


def group(rep: Mapping[str, Any], parent: str) -> dict[str, Any]:
    return {"parent": parent, "attributes": dict(rep.get("attributes") or {})}


def organization(rep: Mapping[str, Any]) -> dict[str, Any]:
    fields = {k: v for k, v in rep.items() if k not in ("id", "members")}
    fields["domains"] = sorted(
        ({"name": d["name"]} for d in rep.get("domains") or ()), key=item.canonical
    )
    return fields


def merged(live: Any, wanted: Any) -> Any:
    """The live representation with our fields put over it, so that a PUT drops nothing else."""
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        both = dict(live)
        for key, value in wanted.items():
            both[key] = merged(live.get(key), value)
        return both
    return wanted


def cleared(
    kind: str, fields: Mapping[str, Any], body: Mapping[str, Any], *, nulls: bool = False
) -> dict[str, Any]:
    """The body of a PUT without what others put into maps that are ours as a whole.

    With ``nulls`` a key is sent as null: of some objects Keycloak keeps what a PUT leaves out.
    """
    result = dict(body)
    for name in normal_form.EXACT_PATHS.get(kind, {}):
        if "." in name or name == "protocolMappers" or name not in fields:
            continue
        shown = _public_attributes(body.get(name))
        for key, should in normal_form.surplus(kind, name, fields[name], shown).items():
            kept = {k: v for k, v in result[name].items() if k != key}
            result[name] = {**kept, key: should} if nulls or should is not None else kept
    return result


def sendable(fields: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    """Our fields as a representation: what is only ours to compare is left out."""
    rep = {k: v for k, v in fields.items() if k not in _NOT_SENT}
    if "protocolMappers" in rep:
        rep["protocolMappers"] = mapper_list(fields)
    return {**rep, **more}
