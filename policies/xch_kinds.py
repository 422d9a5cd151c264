"""XCH: what portals and the intake of cases ask for beside what every link has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from onboarding import item, policy, tenant, tenant_link
from onboarding.desired import link_realm
from onboarding.policies import judge, wrk, xch
from onboarding.policy import Stage

CLUSTER, SSO = item.EngineName.CLUSTER, item.EngineName.SSO


def masking(view: policy.View) -> Iterator[policy.Result]:
    """Personal data of who reports a case is masked, and it says which."""
    found = xch.of_kind(view, "intake")
    if view.stage is not Stage.MANIFEST:
        yield from xch.each_route(view, found, _masked_route, "masked as agreed")
        return
    for link in found:
        intake = link.declaration.intake
        masked = intake.masked if intake else ()
        wrong = [] if masked else ["nothing is masked"]
        foreign = set(masked) - set(link.declaration.data_fields)
        if foreign:
            wrong.append(f"not among dataFields: {', '.join(sorted(foreign))}")
        yield judge.problems(xch.subject(link), wrong, f"masked: {', '.join(masked)}")


def _masked_route(link: tenant_link.Link, data: Mapping[str, str]) -> Iterator[str]:
    intake = link.declaration.intake
    wanted = ",".join(sorted(intake.masked if intake else ()))
    yield from xch.differing(data, {"mask": wanted})
    if not data.get("mask"):
        yield "nothing is masked"


def answered(view: policy.View) -> Iterator[policy.Result]:
    longest = view.thresholds["xch.answerHours"]
    found = xch.of_kind(view, "intake")

    def too_long(text: str) -> Iterator[str]:
        if not text.isdigit() or not 0 < int(text) <= longest:
            yield f"answered within {text or 'no stated number of'} hours"

    def route(_: tenant_link.Link, data: Mapping[str, str]) -> Iterator[str]:
        yield from too_long(data.get("answer-hours", ""))

    good = f"answered within {longest} hours"
    if view.stage is not Stage.MANIFEST:
        yield from xch.each_route(view, found, route, good)
        return
    for link in found:
        intake = link.declaration.intake
        hours = str(intake.answer_hours) if intake and intake.answer_hours else ""
        yield judge.problems(xch.subject(link), list(too_long(hours)), good)


def takes_in(of: tenant.Tenant) -> str:
    if any(link.declaration.kind == "intake" and link.receives for link in of.links):
        return ""
    return "no cases come in by a link"


def always_there(view: policy.View) -> Iterator[policy.Result]:
    """Cases come in at any hour: rated so, two pods at least, and a budget that keeps one."""
    if view.stage is Stage.MANIFEST:
        rated = view.tenant.manifest.security.category.a
        yield judge.that(rated == "high", "security.category.a", rated, "high")
        return
    budgets = view.items(CLUSTER, "PodDisruptionBudget")
    deployments = {d.ref.scope: d for d in view.items(CLUSTER, "Deployment")}
    for instance in view.tenant.instances:
        if not view.tenant.takes_cases(instance):
            continue
        subject = f"Deployment in {instance.namespace}"
        have = deployments.get(instance.namespace)
        own = [b for b in budgets if b.ref.scope == instance.namespace]
        wrong = ["absent"] if have is None else list(wrk.unavailable(have, own))
        yield judge.problems(subject, wrong, "two pods or more, of which one always stays")


def no_citizen_id(view: policy.View) -> Iterator[policy.Result]:
    """Foreigners have no citizen id (roadmap 2023-2027), so no claim and no field asks for one."""
    names = set(view.thresholds["xch.citizenIdNames"])
    for link in xch.of_kind(view, "portal"):
        portal = link.declaration.portal
        if portal is None or "foreigner" not in portal.identities:
            yield judge.not_applicable(xch.subject(link), "no foreigners")
        elif view.stage is Stage.MANIFEST:
            fields = {*link.declaration.data_fields, *link.declaration.scopes}
            wrong = [f"asks for {field}" for field in sorted(fields) if _tells(field, names)]
            yield judge.problems(xch.subject(link), wrong, "no citizen id")
        elif not link.agreed:
            yield judge.not_applicable(xch.subject(link), xch.PENDING)
        else:
            yield from _claims(view, link, names)


def _claims(view: policy.View, link: tenant_link.Link, names: set[str]) -> Iterator[policy.Result]:
    wanted = {("Client", link.client)} | {("ClientScope", s) for s in link_realm.scopes(link)}
    there = {
        (kind, i.ref.name): i for kind in ("Client", "ClientScope") for i in view.items(SSO, kind)
    }
    for kind, name in sorted(wanted):
        have = there.get((kind, name))
        wrong = ["absent"] if have is None else list(_telling(have.fields, names))
        yield judge.problems(f"{kind} {name}", wrong, "no claim tells a citizen id")


def _telling(fields: Mapping[str, Any], names: set[str]) -> Iterator[str]:
    for part in ("defaultClientScopes", "optionalClientScopes"):
        for scope in fields.get(part) or ():
            if _tells(scope.rpartition(":")[2], names):
                yield f"scope {scope}"
    for name, mapper in (fields.get("protocolMappers") or {}).items():
        config = mapper.get("config") or {}
        told = {str(config.get(key, "")) for key in ("user.attribute", "claim.name")}
        if any(_tells(text, names) for text in told):
            yield f"claim {name}"


def _tells(text: str, names: set[str]) -> bool:
    """Whether a name is one of a citizen id, as a whole or as a part between separators."""
    plain = text.lower().replace("-", "_")
    return plain in names or bool(names & set(plain.replace(".", " ").split()))
