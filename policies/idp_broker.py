"""IDP: identity providers of others (ThaID, juristic ids): permitted, and asked for no more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib import parse

from onboarding import item, policy, tenant
from onboarding.desired import realm_broker
from onboarding.policies import judge
from onboarding.policy import Severity, Stage

SSO = item.EngineName.SSO
_ADDRESSES = ("authorizationUrl", "tokenUrl", "jwksUrl", "userInfoUrl", "issuer")
_ON = ("validateSignature", "useJwksUrl", "pkceEnabled")


NOBODY = "nobody signs in with an identity of somebody else"


def has_broker(of: tenant.Tenant) -> str:
    return "" if realm_broker.brokers(of) else NOBODY


def _config(of: item.Item) -> Mapping[str, Any]:
    return of.fields.get("config") or {}


def permitted(view: policy.View) -> Iterator[policy.Result]:
    """Manifest: permit, purpose and systems. Plan and live: each broker as it was permitted."""
    if view.stage is Stage.MANIFEST:
        yield from _permits(view)
        return
    agreed = {b.alias: b for b in realm_broker.provisioned(view.tenant, view.environment)}
    found = view.items(SSO, realm_broker.KIND)
    for have in found:
        broker = agreed.get(have.ref.name)
        if broker is None:
            why = f"{have.ref.name} is there, and no permit in force names it"
            yield judge.fails(str(have.ref), why, "absent")
        else:
            wrong = list(_flaws(have, broker, view.tenant))
            yield judge.problems(str(have.ref), wrong, f"as agreed, permit {broker.permit}")
    for alias in sorted(agreed.keys() - {have.ref.name for have in found}):
        yield judge.fails(f"{realm_broker.KIND} {alias}", None, "present")
    for broker in realm_broker.brokers(view.tenant):
        if broker.alias not in agreed:
            why = "draft permit: not provisioned in production"
            yield judge.not_applicable(f"{realm_broker.KIND} {broker.alias}", why)
    strays = view.shared(SSO, realm_broker.KIND) if view.stage is Stage.LIVE else ()
    for stray in strays:
        home = stray.fields.get("organization")
        to = f"the people of organization {home}" if home else "everybody of the shared realm"
        yield judge.fails(str(stray.ref), f"belongs to no agency, and is open to {to}", "absent")
    if not realm_broker.brokers(view.tenant) and not found and not strays:
        yield judge.not_applicable(view.tenant.id, NOBODY)


def _permits(view: policy.View) -> Iterator[policy.Result]:
    thaid = view.tenant.manifest.identity.thaid
    if not realm_broker.brokers(view.tenant):
        yield judge.not_applicable(view.tenant.id, NOBODY)
    for broker in realm_broker.brokers(view.tenant):
        wrong = [] if broker.permit else ["no permit"]
        if thaid and broker.alias == f"{view.tenant.id}-thaid":
            wrong += [] if thaid.purpose else ["no purpose"]
            wrong += [] if thaid.systems else ["no system is named"]
        draft = " (draft: not provisioned in production)" if broker.draft else ""
        yield judge.problems(f"broker {broker.alias}", wrong, f"{broker.permit}{draft}")


def _flaws(have: item.Item, broker: realm_broker.Broker, of: tenant.Tenant) -> Iterator[str]:
    yield from _settings_flaws(_config(have), broker)
    for key in ("storeToken", "trustEmail"):
        if have.fields.get(key) is not False:
            yield f"{key}={judge.show(have.fields.get(key))}"
    first = have.fields.get("firstBrokerLoginFlowAlias")
    if first != realm_broker.FIRST_LOGIN:
        yield f"first sign-in by the flow {judge.show(first)}, not {realm_broker.FIRST_LOGIN}"
    if have.fields.get("postBrokerLoginFlowAlias"):
        yield f"every sign-in ends in the flow {have.fields['postBrokerLoginFlowAlias']}"
    if have.fields.get("mappers") != []:
        yield f"mappers={judge.show(have.fields.get('mappers'))}, none is planned"
    if not of.own_realm and have.fields.get("organization") != of.organization:
        yield "not tied to the agency's organization: people of others could use it"


def _settings_flaws(config: Mapping[str, Any], broker: realm_broker.Broker) -> Iterator[str]:
    for key in _ADDRESSES:
        got, wanted = config.get(key), broker.endpoints.get(key)
        if got != wanted and (wanted or got):
            yield f"{key}={judge.show(got)}, agreed {judge.show(wanted)}"
        elif got and parse.urlsplit(str(got)).scheme != "https":
            yield f"{key} is not https"
    for key in _ON:
        if str(config.get(key)).lower() != "true":
            yield f"{key}={judge.show(config.get(key))}"
    if config.get("pkceMethod") != "S256":
        yield f"pkceMethod={judge.show(config.get('pkceMethod'))}"


def least_scopes(view: policy.View) -> Iterator[policy.Result]:
    agreed = {b.alias: set(b.scopes) for b in realm_broker.brokers(view.tenant)}

    def one(have: item.Item) -> policy.Result:
        asked = set(str(_config(have).get("defaultScope") or "").split())
        more = asked - agreed.get(have.ref.name, set())
        wrong = [f"asks for {scope}" for scope in sorted(more)]
        return judge.problems(str(have.ref), wrong, " ".join(sorted(asked)))

    yield from judge.each(view, SSO, realm_broker.KIND, one)


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="IDP-006",
        title_en="Identity brokers are permitted",
        title_th="การเชื่อมต่อผู้ให้บริการยืนยันตัวตนได้รับอนุญาต",
        severity=Severity.CRITICAL,
        stages=frozenset(Stage),
        check=permitted,
        confirm="issuer and key set address of ThaID",
        remedy_en="Obtain the permit and run apply; remove brokers that nobody permitted.",
        remedy_th="ขอหนังสืออนุญาตแล้วดำเนินการ apply และนำผู้ให้บริการที่ไม่ได้รับอนุญาตออก",
        sources=("DOPA-P",),
    ),
    policy.Control(
        id="IDP-007",
        title_en="Brokers are asked for no more than agreed",
        title_th="ขอข้อมูลจากผู้ให้บริการยืนยันตัวตนไม่เกินที่ตกลง",
        severity=Severity.HIGH,
        stages=frozenset({Stage.PLAN, Stage.LIVE}),
        check=least_scopes,
        applies=has_broker,
        remedy_en="Run apply to restore the scopes.",
        remedy_th="ดำเนินการ apply เพื่อคืนค่าขอบเขตข้อมูล",
        sources=("DOPA-P",),
    ),
)
