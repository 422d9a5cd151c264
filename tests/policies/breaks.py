"""For each control, ways to break what it guards; each must make it fail.

One entry is (agency of ``examples/``, stage, change of the view). The change is as small as the
mistake that a person or another tool would make.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any, Literal

from onboarding import environment, item, policy
from onboarding.manifest import model
from onboarding.manifest.agreement import Fee
from onboarding.policy import Stage
from tests.policies import authority, world
from tests.policies.world import E

Break = Callable[[policy.View], policy.View]
Case = tuple[str, Stage, Break]
Subject = Literal["encryption-at-rest", "control-plane-audit", "backup"]
MANIFEST, PLAN, LIVE = Stage.MANIFEST, Stage.PLAN, Stage.LIVE


def setting(kind: str, path: str, value: Any, engine: E | None = None) -> Break:
    """Every item of a kind with one field set (``/`` between steps; None removes it)."""
    return lambda view: world.changed(view, kind, lambda i: world.at(i, path, value), engine)


def without(kind: str, name: str = "", engine: E | None = None) -> Break:
    """No item of a kind, or none of a name."""
    return lambda view: world.changed(
        view, kind, lambda i: None if name in ("", i.ref.name) else i, engine
    )


def only(kind: str, name: str, path: str, value: Any, engine: E | None = None) -> Break:
    """As ``setting``, for the items of one name."""
    return lambda view: world.changed(
        view, kind, lambda i: world.at(i, path, value) if i.ref.name == name else i, engine
    )


def stated(path: str, value: Any) -> Break:
    """The manifest with one field replaced; dots between steps, numbers for entries."""

    def change(view: policy.View) -> policy.View:
        changed = _replaced(view.tenant.manifest, path.split("."), value)
        return replace(view, tenant=replace(view.tenant, manifest=changed))

    return change


def _replaced(of: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    step, rest = path[0], path[1:]
    if isinstance(of, tuple):
        index = int(step)
        return (*of[:index], _replaced(of[index], rest, value), *of[index + 1 :])
    return of.model_copy(update={step: _replaced(getattr(of, step), rest, value)})


def both(*changes: Break) -> Break:
    def change(view: policy.View) -> policy.View:
        for one in changes:
            view = one(view)
        return view

    return change


def extra(
    engine: E, kind: str, name: str, fields: Mapping[str, Any], *, shared: bool = False
) -> Break:
    """One more item in the first namespace, mount or realm of the agency, or shared."""

    def change(view: policy.View) -> policy.View:
        of = view.tenant
        scope = {
            E.CLUSTER: of.instances[0].namespace,
            E.VAULT: of.pki_mount,
            E.SSO: of.realm,
        }.get(engine, "")
        one = world.make(engine, kind, "" if shared else scope, name, dict(fields), of.id)
        return world.added(view, engine, one, shared=shared)

    return change


def in_realm(kind: str, name: str, fields: Mapping[str, Any]) -> Break:
    """One more thing in the shared realm, that belongs to nobody."""

    def change(view: policy.View) -> policy.View:
        realm = view.environment.keycloak.shared_realm
        one = world.make(E.SSO, kind, realm, name, dict(fields), "")
        return world.added(view, E.SSO, one, shared=kind != "StrayGroup")

    return change


def egress(to: list[dict[str, Any]], port: int | None = None) -> dict[str, Any]:
    rule: dict[str, Any] = {"to": to}
    if port:
        rule["ports"] = [{"protocol": "TCP", "port": port}]
    return {"spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}}


def network(name: str, fields: Mapping[str, Any]) -> Break:
    return extra(E.CLUSTER, "NetworkPolicy", name, fields)


def allowed(purpose: str) -> Break:
    def one(review: item.Item) -> item.Item:
        return world.at(review, "allowed", True) if review.fields["purpose"] == purpose else review

    return lambda view: world.changed(view, "AccessReview", one)


def binding(of: str = "RoleBinding", /, *, role: str = "view", **subject: str) -> Break:
    fields = {"roleRef": {"kind": "ClusterRole", "name": role}, "subjects": [subject]}
    return extra(E.CLUSTER, of, "surprise", fields, shared=of == "ClusterRoleBinding")


def pod(path: str, value: Any) -> list[Case]:
    """Both what is ordered and what really runs."""
    return [
        ("admincourt", PLAN, setting("Deployment", f"spec/template/spec/{path}", value)),
        ("admincourt", LIVE, setting("Deployment", f"spec/template/spec/{path}", value)),
        ("admincourt", LIVE, setting("Pod", f"spec/{path}", value)),
    ]


def container(path: str, value: Any) -> list[Case]:
    return pod(f"containers/0/{path}", value)


def everywhere(change: Break, agency: str = "admincourt") -> list[Case]:
    return [(agency, PLAN, change), (agency, LIVE, change)]


def signed(**how: Any) -> Break:
    """One more certificate of the agency's mount; ``CN`` and ``O`` default to its first signer."""

    def change(view: policy.View) -> policy.View:
        named = {}
        for signer in view.tenant.signers[:1]:
            named = {"common": signer.common_name, "organization": signer.organization}
        issuer = authority.intermediate(view.tenant.domains)
        extra_fields = how.pop("fields", {}) if "fields" in how else {}
        arguments = {**named, **how}
        fields = {**authority.leaf(issuer, **arguments), **extra_fields}
        one = world.make(E.VAULT, "Certificate", view.tenant.pki_mount, "99:99", fields)
        return world.added(view, E.VAULT, one)

    return change


def policy_text(text: str) -> Break:
    return extra(E.VAULT, "Policy", "ga-surprise", {"document": text})


def path_rule(path: str, *capabilities: str) -> Break:
    """A policy with one rule; ``{mount}`` and ``{id}`` in the path are the agency's."""

    def change(view: policy.View) -> policy.View:
        full = path.format(mount=view.tenant.pki_mount, id=view.tenant.id)
        rights = ", ".join(f'"{c}"' for c in capabilities or ("read",))
        return policy_text(f'path "{full}" {{\n  capabilities = [{rights}]\n}}\n')(view)

    return change


def issuer(**how: Any) -> Break:
    """Another issuing certificate in the place of the agency's."""

    def change(view: policy.View) -> policy.View:
        domains = how.get("domains", view.tenant.domains)
        rest = {k: v for k, v in how.items() if k != "domains"}
        pem = authority.intermediate(domains, **rest).pem
        return setting("Issuer", "certificate", pem)(view)

    return change


def another_claims(view: policy.View) -> policy.View:
    return replace(view, others=(replace(view.tenant, id="other"),))


def later(day: date) -> Break:
    return lambda view: replace(view, today=day)


def public_client(view: policy.View) -> policy.View:
    fields = {
        "publicClient": True,
        "standardFlowEnabled": True,
        "redirectUris": [f"https://{view.tenant.instances[0].host}/callback"],
        "attributes": {},
    }
    return extra(E.SSO, "Client", "mobile", fields)(view)


def environment_with(**fields: Any) -> Break:
    """The environment file with top-level fields replaced."""
    return lambda view: replace(view, environment=view.environment.model_copy(update=fields))


def vault_at(address: str) -> Break:
    def change(view: policy.View) -> policy.View:
        moved = view.environment.vault.model_copy(update={"address": address})
        return environment_with(vault=moved)(view)

    return change


def attested(subject: Subject, on: date) -> Break:
    statement = environment.Attestation(subject=subject, statement="yes", by="NT", on=on)
    return environment_with(attestations=(statement,))


def fee(name: str) -> Fee:
    return Fee.model_validate({"item": name, "amountThb": 1})


WAIVER = {
    "control": "PDP-003",
    "object": "legal.pdpa",
    "reason": "ลงนามเดือนหน้า",
    "requested_by": "somebody",
    "approved_by": "another",
    "expires": date(2027, 1, 1),
}


def waiver(**other: Any) -> Break:
    return stated("waivers", (model.Waiver.model_construct(**{**WAIVER, **other}),))


def live(change: Break, agency: str = "admincourt") -> list[Case]:
    return [(agency, LIVE, change)]


def manifest(*changes: Break, agency: str = "moph") -> list[Case]:
    return [(agency, MANIFEST, change) for change in changes]
