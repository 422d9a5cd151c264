"""XCH: links between agencies: what the manifest says, and what both sides agreed on."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

from onboarding import item, labels, links, policy, tenant, tenant_link
from onboarding.desired import link_cluster
from onboarding.manifest import drafts
from onboarding.policies import judge
from onboarding.policy import Stage

CLUSTER = item.EngineName.CLUSTER
PENDING = "pending: nothing of it is provisioned"
_NOT_AGREED = frozenset(links.State) - {
    links.State.AGREED,
    links.State.ABOVE_CEILING,
    links.State.EXPIRED,
}
_FACILITY = re.compile(r"[0-9]{5}\Z")
Flaws = Callable[[tenant_link.Link, Mapping[str, str]], Iterator[str]]


def has_links(of: tenant.Tenant) -> str:
    return "" if of.links else "the manifest has no links"


def has_kind(kind: str) -> policy.Applies:
    """A predicate: whether the agency takes part in a link of ``kind``."""

    def applies(of: tenant.Tenant) -> str:
        found = any(link.declaration.kind == kind for link in of.links)
        return "" if found else f"the manifest has no link of the kind {kind}"

    return applies


def subject(link: tenant_link.Link) -> str:
    return f"link {link.id}"


def of_kind(view: policy.View, kind: str) -> tuple[tenant_link.Link, ...]:
    return tuple(link for link in view.tenant.links if link.declaration.kind == kind)


def routes(view: policy.View, link: tenant_link.Link) -> dict[str, Mapping[str, str] | None]:
    """The route of a link by each namespace that carries it; None where it is not there."""
    found = {
        i.ref.scope: i.fields.get("data") or {}
        for i in view.items(CLUSTER, "ConfigMap")
        if i.ref.name == link_cluster.name(link)
    }
    wanted = [i.namespace for i in view.tenant.instances if link in view.tenant.carries(i)]
    return {namespace: found.get(namespace) for namespace in wanted}


def each_route(
    view: policy.View, found: tuple[tenant_link.Link, ...], flaws: Flaws, good: str
) -> Iterator[policy.Result]:
    """Judge the gateway's route of every agreed link, in each namespace that carries it."""
    for link in found:
        if not link.agreed:
            yield judge.not_applicable(subject(link), PENDING)
            continue
        carried = routes(view, link)
        if not carried:
            yield judge.fails(subject(link), "no production instance carries it", "a route")
        for namespace, data in carried.items():
            name = f"ConfigMap {namespace}/{link_cluster.name(link)}"
            if data is None:
                yield judge.fails(name, None, "present")
            else:
                yield judge.problems(name, list(flaws(link, data)), good)


def differing(data: Mapping[str, str], wanted: Mapping[str, str]) -> Iterator[str]:
    """Keys of a route that do not say what the manifest says."""
    for key, value in wanted.items():
        if data.get(key) != value:
            yield f"{key}={judge.show(data.get(key))}, not {value}"


def both_agree(view: policy.View) -> Iterator[policy.Result]:
    if view.others is None:
        raise policy.NotSeen("nobody looked for manifests of other agencies")
    if view.stage is not Stage.MANIFEST:
        yield from each_route(view, view.tenant.links, _same_agreement, "as both sides declare it")
        return
    for link in view.tenant.links:
        if link.state in _NOT_AGREED:
            yield judge.fails(subject(link), f"pending: {link.why}", "the same link on both sides")
        else:
            yield judge.passes(subject(link), f"{link.declaration.peer} declares it alike")


def _same_agreement(link: tenant_link.Link, data: Mapping[str, str]) -> Iterator[str]:
    yield from differing(data, {"agreement": link.digest, "peer": link.declaration.peer})


def legal_basis(view: policy.View) -> Iterator[policy.Result]:
    for link in view.tenant.links:
        declared = link.declaration
        stated = {
            "basis": declared.basis,
            "purpose": declared.purpose,
            "dataset": declared.dataset,
            "owner": declared.owner,
        }
        wrong = [f"no {key}" for key, text in stated.items() if not text]
        wrong += [f"{key} is a draft" for key, text in stated.items() if text and _draft(text)]
        system = next(s for s in view.tenant.manifest.systems if s.name == link.system)
        if system.personal_data and not declared.data_fields:
            wrong.append(f"no dataFields, and {system.name} holds personal data")
        yield judge.problems(subject(link), wrong, f"{declared.basis}: {declared.purpose}")


def _draft(text: str) -> bool:
    return drafts.is_draft(text)


def class_ceiling(view: policy.View) -> Iterator[policy.Result]:
    if view.stage is not Stage.MANIFEST:
        yield from each_route(view, view.tenant.links, _same_class, "the class that was agreed on")
        return
    own = view.tenant.manifest.security.max_data_class
    for link in view.tenant.links:
        klass = link.declaration.data_class
        if link.state is links.State.ABOVE_CEILING:
            yield judge.fails(subject(link), link.why, "at most what both may hold")
        elif links.CLASSES.index(klass) > links.CLASSES.index(own):
            yield judge.fails(subject(link), klass, f"at most {own}")
        elif link.state in _NOT_AGREED:
            yield judge.unknown(subject(link), "judged once both sides declare the same")
        else:
            yield judge.passes(subject(link), klass)


def _same_class(link: tenant_link.Link, data: Mapping[str, str]) -> Iterator[str]:
    yield from differing(data, {"class": link.declaration.data_class})


def review(view: policy.View) -> Iterator[policy.Result]:
    """A link ends within a year, so that somebody looks at it again."""
    latest = view.today + timedelta(days=view.thresholds["xch.reviewDays"])
    for link in view.tenant.links:
        ends = link.declaration.expires
        good = f"expires on {ends}"
        wrong = [f"expired on {ends}"] if ends < view.today else []
        wrong += [f"expires on {ends}, after {latest}"] if ends > latest else []
        if view.stage is Stage.MANIFEST or wrong:
            yield judge.problems(subject(link), wrong, good)
        else:
            yield from each_route(view, (link,), _same_end, good)


def _same_end(link: tenant_link.Link, data: Mapping[str, str]) -> Iterator[str]:
    yield from differing(data, {"expires": link.declaration.expires.isoformat()})


def logged(view: policy.View) -> Iterator[policy.Result]:
    least, fields = view.thresholds["xch.logDays"], set(view.thresholds["xch.logFields"])

    def flaws(_: tenant_link.Link, data: Mapping[str, str]) -> Iterator[str]:
        missing = fields - set(data.get("log-fields", "").split(","))
        if missing:
            yield f"the log lacks {', '.join(sorted(missing))}"
        if _number(data, "log-keep-days") < least:
            yield f"log-keep-days={judge.show(data.get('log-keep-days'))}"
        if _number(data, "requests-per-minute") < 1:
            yield f"requests-per-minute={judge.show(data.get('requests-per-minute'))}"

    yield from each_route(view, view.tenant.links, flaws, f"logged for {least} days, rate limited")


def _number(data: Mapping[str, str], key: str) -> int:
    text = data.get(key, "")
    return int(text) if text.isdigit() else 0


def health_link(view: policy.View) -> Iterator[policy.Result]:
    """Only members, only what a patient consented to at the source, only for clinicians."""
    found = of_kind(view, "health-link")
    if view.stage is not Stage.MANIFEST:
        yield from each_route(view, found, _health_route, "source-opt-in, clinicians, facilities")
        return
    for link in found:
        declared = link.declaration
        wrong = [c for c in declared.facility_codes if not _FACILITY.match(c)]
        wrong = [f"facility code {code!r} has not five digits" for code in wrong]
        if not declared.facility_codes:
            wrong.append("no facility code")
        if declared.consent_mode != "source-opt-in":
            wrong.append(f"consentMode={judge.show(declared.consent_mode)}")
        if declared.clinician_check is not True:
            wrong.append(f"clinicianCheck={judge.show(declared.clinician_check)}")
        codes = ", ".join(c + (" (draft)" if _draft(c) else "") for c in declared.facility_codes)
        yield judge.problems(subject(link), wrong, f"source-opt-in, clinicians, {codes}")


def _health_route(link: tenant_link.Link, data: Mapping[str, str]) -> Iterator[str]:
    codes = ",".join(sorted(link.declaration.facility_codes))
    wanted = {"consent-mode": "source-opt-in", "clinician-check": "true", "facility-codes": codes}
    yield from differing(data, wanted)
    if not data.get("consent-webhook", "").startswith("/"):
        yield f"consent-webhook={judge.show(data.get('consent-webhook'))}"


def left_over(view: policy.View, *kinds: tuple[item.EngineName, str]) -> Iterator[policy.Result]:
    """What carries the mark of a link that is not agreed, or is no link of the manifest."""
    agreed = {link.id for link in view.tenant.agreed_links}
    found = [i for engine, kind in kinds for i in view.items(engine, kind)]
    stray = [one for one in found if _mark(one.fields) and _mark(one.fields) not in agreed]
    for one in stray:
        got = f"made for link {_mark(one.fields)}, which is not agreed"
        yield judge.fails(str(one.ref), got, "absent")
    if not stray and not view.tenant.links:
        yield judge.not_applicable(view.tenant.id, "the manifest has no links")


def _mark(fields: Mapping[str, Any]) -> str:
    in_cluster = (fields.get("metadata") or {}).get("labels") or {}
    in_realm = fields.get("attributes") or {}
    return str(in_cluster.get(labels.LINK) or in_realm.get(labels.LINK) or "")
