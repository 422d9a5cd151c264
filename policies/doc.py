"""DOC: the settings of each e-Office. They rest on the configuration as delivered, and say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from onboarding import item, names, policy, tenant
from onboarding.desired import egress, exchange
from onboarding.policies import judge, load, ops
from onboarding.policy import Stage

SETTINGS = item.EngineName.SETTINGS
KIND = "Settings"
BASIS = "configuration"
NO_OFFICE = "the agency has no e-Office"
CLASSIFIED = ("confidential", "secret", "top-secret")
Fields = Mapping[str, Any]


def _law() -> Mapping[str, Any]:
    return load.read("eoffice.yaml")


def ids(values: Any) -> list[str]:
    return [str(v["id"]) if isinstance(v, Mapping) else str(v) for v in values or ()]


def each_office(
    view: policy.View, flaws: Callable[[Fields, tenant.Instance], list[str]], good: str
) -> Iterator[policy.Result]:
    """One result for each e-Office instance of the tenant."""
    if not view.tenant.e_offices:
        yield judge.not_applicable(view.tenant.id, NO_OFFICE)
    yield from each_settings(view, view.tenant.e_offices, flaws, good)


def each_settings(
    view: policy.View,
    instances: Sequence[tenant.Instance],
    flaws: Callable[[Fields, tenant.Instance], list[str]],
    good: str,
) -> Iterator[policy.Result]:
    found = {i.ref.scope: i for i in view.items(SETTINGS, KIND)}
    for instance in instances:
        subject = f"{KIND} {instance.namespace}/{instance.workload}-settings"
        settings = found.get(instance.namespace)
        if settings is None:
            yield judge.fails(subject, None, "present")
            continue
        judged = judge.problems(subject, flaws(settings.fields, instance), good)
        yield replace(judged, basis=BASIS)


def letter_types(view: policy.View) -> Iterator[policy.Result]:
    wanted = set(ids(_law()["letterTypes"]["values"]))

    def flaws(settings: Fields, _: tenant.Instance) -> list[str]:
        missing = wanted - set(ids(settings.get("letterTypes")))
        return [f"without {', '.join(sorted(missing))}"] if missing else []

    yield from each_office(view, flaws, f"all {len(wanted)} letter types")


def secrecy(view: policy.View) -> Iterator[policy.Result]:
    known = set(ids(_law()["secrecy"]["values"]))
    if view.stage is Stage.MANIFEST:
        if not view.tenant.e_offices:
            yield judge.not_applicable(view.tenant.id, NO_OFFICE)
        for system in view.tenant.manifest.systems:
            if system.eoffice:
                wrong = [c for c in system.eoffice.secrecy if c not in known]
                yield judge.problems(f"system {system.name}", wrong, "no top secret (ลับที่สุด)")
            elif system.kind == names.E_OFFICE:
                yield judge.passes(f"system {system.name}", "as its data class allows")
        return

    def flaws(settings: Fields, _: tenant.Instance) -> list[str]:
        allowed = ids((settings.get("secrecy") or {}).get("allowed"))
        if not allowed:
            return ["no class is allowed"]
        return [f"class {c}" for c in allowed if c not in known]

    yield from each_office(view, flaws, "no top secret (ลับที่สุด)")


def speeds(view: policy.View) -> Iterator[policy.Result]:
    wanted = ids(_law()["speed"]["values"])

    def flaws(settings: Fields, _: tenant.Instance) -> list[str]:
        missing = set(wanted) - set(ids(settings.get("speeds")))
        return [f"without {', '.join(sorted(missing))}"] if missing else []

    yield from each_office(view, flaws, ", ".join(wanted))


def central_address(view: policy.View) -> Iterator[policy.Result]:
    agency = view.tenant.manifest.agency
    allowed = {f"saraban@{domain}" for domain in agency.domains}
    if view.stage is Stage.MANIFEST:
        got = agency.saraban_email
        expected = " or ".join(sorted(allowed))
        yield judge.that(got in allowed, "agency.sarabanEmail", got, expected)
        return

    def flaws(settings: Fields, _: tenant.Instance) -> list[str]:
        got = settings.get("centralAddress")
        return [] if got == agency.saraban_email else [f"address {judge.show(got)}"]

    yield from each_office(view, flaws, f"{agency.saraban_email} (the mailbox itself is not read)")


def registers(view: policy.View) -> Iterator[policy.Result]:
    """A register in and out for every unit, numbers unique in a B.E. year from 1 January."""
    directions = ids(_law()["registers"]["directions"])
    rules = {
        key: _law()["registers"][key]
        for key in ("era", "eraOffset", "resetOn", "numberUniquePerYear", "firstNumber")
    }

    def flaws(settings: Fields, instance: tenant.Instance) -> list[str]:
        found = settings.get("registers") or {}
        books = {(b.get("unit"), b.get("direction")) for b in found.get("books") or ()}
        wrong = [
            f"no register {direction} of {unit.id}"
            for unit in view.tenant.units(instance)
            for direction in directions
            if (unit.id, direction) not in books
        ]
        wrong += [
            f"{key}={judge.show(found.get(key))}, not {judge.show(value)}"
            for key, value in rules.items()
            if found.get(key) != value
        ]
        return wrong

    yield from each_office(view, flaws, "two registers a unit, numbered by the year")


def roles(view: policy.View) -> Iterator[policy.Result]:
    wanted = ids(_law()["roles"]["values"])

    def flaws(settings: Fields, _: tenant.Instance) -> list[str]:
        groups = {r.get("id"): r.get("group") for r in settings.get("roles") or ()}
        wrong = [f"no role {role}" for role in wanted if role not in groups]
        return wrong + [
            f"role {role} of group {judge.show(group)}"
            for role, group in groups.items()
            if role in wanted and group != f"{view.tenant.id}:{role}"
        ]

    yield from each_office(view, flaws, ", ".join(wanted))


def signed_first(view: policy.View) -> Iterator[policy.Result]:
    def flaws(settings: Fields, _: tenant.Instance) -> list[str]:
        letters = (settings.get("workflow") or {}).get("letters") or ()
        external = [x for x in letters if x.get("letterType") == "external"]
        wrong = [] if external else ["no workflow for external letters"]
        for letter in external:
            steps = list(letter.get("steps") or ())
            order = [s for s in steps if s in ("sign", "number", "send")]
            if order != ["sign", "number", "send"]:
                wrong.append(f"steps {', '.join(steps)}")
            signature = letter.get("signature") or {}
            if signature.get("required") is not True:
                wrong.append("signature not required")
            if signature.get("method") != "ca-certificate":
                wrong.append(f"signature by {judge.show(signature.get('method'))}")
        return wrong

    yield from each_office(view, flaws, "sign with a CA certificate, number, send")


def exchanges_letters(of: tenant.Tenant) -> str:
    agreed = any(s.eoffice and s.eoffice.ecms for s in of.manifest.systems)
    return "" if agreed else "no account at the letter exchange was agreed"


def _codes_fit(ministry: Any, department: Any) -> bool:
    digits = _law()["ecms"]["ministryCodeDigits"]
    return bool(ministry) and str(department)[:digits] == str(ministry)


def letter_exchange(view: policy.View) -> Iterator[policy.Result]:
    if view.stage is Stage.MANIFEST:
        codes = view.tenant.manifest.agency.ecms
        if codes is None:
            yield judge.fails("agency.ecms", None, "ministry and department code")
        else:
            seen = f"ministry {codes.ministry_code}, department {codes.department_code}"
            fits = _codes_fit(codes.ministry_code, codes.department_code)
            yield judge.that(fits, "agency.ecms", seen, "the department code starts with the other")
        return
    notifiers = set(_law()["ecms"]["notifiers"])

    def flaws(settings: Fields, instance: tenant.Instance) -> list[str]:
        ecms = settings.get("ecms") or {}
        if instance.environment != names.PRODUCTION:
            return ["a trial would send real letters"] if ecms.get("enabled") else []
        wrong = [] if ecms.get("enabled") is True else ["switched off"]
        if not _codes_fit(ecms.get("ministryCode"), ecms.get("departmentCode")):
            wrong.append(f"codes {ecms.get('ministryCode')}, {ecms.get('departmentCode')}")
        if not str(ecms.get("endpoint") or "").startswith("https://"):
            wrong.append(f"address {judge.show(ecms.get('endpoint'))}")
        missing = notifiers - set(ecms.get("notifiers") or ())
        wrong += [f"without {', '.join(sorted(missing))}"] if missing else []
        return wrong + list(_right_flaws(view.tenant, instance, ecms))

    good = "codes fit, https, five notifiers, rights as agreed; off outside production"
    yield from each_office(view, flaws, good)


def _right_flaws(of: tenant.Tenant, instance: tenant.Instance, ecms: Fields) -> Iterator[str]:
    """Sending and receiving are as agreed, each with the path of its own secret and no more."""
    agreed = exchange.rights(of, instance)
    for right in exchange.RIGHTS:
        wanted: dict[str, Any] = {"enabled": False}
        if right in agreed:
            path = f"{of.kv_mount}/{exchange.credential(of, instance, right)}"
            wanted = {"enabled": True, "credentialRef": path}
        if ecms.get(right) != wanted:
            yield f"{right} {judge.show(ecms.get(right))}, agreed {judge.show(wanted)}"


def not_sent(_: policy.View) -> Iterator[policy.Result]:
    raise policy.NotSeen("no letter was sent; onboard exchange check sends one")


def retention(view: policy.View) -> Iterator[policy.Result]:
    least = _law()["retention"]["leastYears"]

    def flaws(settings: Fields, _: tenant.Instance) -> list[str]:
        found = settings.get("retention") or {}
        years = found.get("years")
        wrong = []
        if not isinstance(years, int) or years < least:
            wrong.append(f"{judge.show(years)} years, at least {least}")
        if (found.get("deletion") or {}).get("approvalRequired") is not True:
            wrong.append("deletion without approval")
        return wrong

    yield from each_office(view, flaws, f"at least {least} years, deletion only with approval")


def backup(view: policy.View) -> Iterator[policy.Result]:
    """The operator states that backups are made, and when one was last restored to try it."""
    if not view.tenant.e_offices:
        yield judge.not_applicable(view.tenant.id, NO_OFFICE)
        return
    judged = ops.attested(view, "backup", "doc.restoreTestDays")
    yield replace(judged, basis="attestation")


def clock(view: policy.View) -> Iterator[policy.Result]:
    """Numbers and receipt times of letters go by the time of the kingdom."""
    zone = _law()["registers"]["timeZone"]

    def flaws(settings: Fields, _: tenant.Instance) -> list[str]:
        return [
            f"{part}: time zone {judge.show(found)}"
            for part in ("registers", "workCalendar")
            if (found := (settings.get(part) or {}).get("timeZone")) != zone
        ]

    yield from each_office(view, flaws, f"{zone}; onboard verify --probe looks at the clock itself")


def signed_format(view: policy.View) -> Iterator[policy.Result]:
    """Signed letters stay readable and can be verified by themselves, years later."""
    law = _law()["workflow"]
    asked = {key: law["signature"][key] for key in ("format", "profile", "document")}

    def flaws(settings: Fields, _: tenant.Instance) -> list[str]:
        letters = (settings.get("workflow") or {}).get("letters") or ()
        said = {x.get("letterType"): x.get("signature") or {} for x in letters}
        return [
            f"{kind}: {key} {judge.show(said.get(kind, {}).get(key))}"
            for kind in law["signedLetterTypes"]
            for key, value in asked.items()
            if said.get(kind, {}).get(key) != value
        ]

    yield from each_office(view, flaws, ", ".join(asked.values()))


def receipt_time_applies(of: tenant.Tenant) -> str:
    mode = of.manifest.legal.epa2565.mode
    if mode in ("applicable", "royal-decree"):
        return ""
    return f"the e-Performance Act does not bind ({mode}); advised only"


def calendar(view: policy.View) -> Iterator[policy.Result]:
    def flaws(settings: Fields, _: tenant.Instance) -> list[str]:
        found = settings.get("workCalendar") or {}
        wrong = [f"no {k}" for k in ("workDays", "hours", "timeZone") if not found.get(k)]
        rule = (found.get("outOfHours") or {}).get("rule")
        if rule != "next-working-time":
            wrong.append(f"out of hours: {judge.show(rule)}")
        return wrong

    taking = [
        i
        for i in view.tenant.instances
        if i.kind == names.E_OFFICE or view.tenant.system(i).one_stop_service
    ]
    if not taking:
        yield judge.not_applicable(view.tenant.id, "no system takes letters or requests")
    yield from each_settings(view, taking, flaws, "out of hours counts from the next working time")


def ai_fenced(view: policy.View) -> Iterator[policy.Result]:
    def flaws(settings: Fields, instance: tenant.Instance) -> list[str]:
        found = settings.get("ai")
        if not found:
            return ["nothing is said about AI"]
        if found.get("enabled") is not True:
            return []
        agreed = view.tenant.system(instance).features.ai
        if agreed is None:
            return ["AI is on, and the manifest has none"]
        wrong = [
            f"AI may read {c}"
            for c in CLASSIFIED
            if c not in (found.get("blockedLetterClasses") or ())
        ]
        if found.get("maxLetterClass") != _law()["ai"]["highestLetterClass"]:
            wrong.append(f"highest class {judge.show(found.get('maxLetterClass'))}")
        if found.get("endpoint") != agreed.endpoint:
            wrong.append(f"endpoint {judge.show(found.get('endpoint'))}, agreed {agreed.endpoint}")
        elif not egress.in_country(agreed.endpoint, view.thresholds["net.hostsInThailand"]):
            wrong.append(f"endpoint {agreed.endpoint} is not known to be in Thailand")
        return wrong

    yield from each_office(view, flaws, "off, or fenced to normal letters and to Thailand")
