"""MOU: what the manifest itself must say. Checks only; the controls stand in ``mou_table``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pydantic

from onboarding import clashes, clock, counted, names, policy, tenant
from onboarding.manifest import fields, model, order
from onboarding.policies import judge, load

IMPACTS = ("low", "moderate", "high")
CLASSES = ("open", "internal", "confidential", "secret")
TOP_SECRET = "top-secret"  # noqa: S105 - a class of documents, not a password
_ID = re.compile(r"[a-z]([a-z0-9-]{0,28}[a-z0-9])?\Z")
_THAI = re.compile("[\u0e00-\u0e7f]")
_SECRET = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----"
    r"|\b(?:hv[sb]\.|s\.)[A-Za-z0-9_-]{20,}"
    r"|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\."
    r"|\bAKIA[0-9A-Z]{16}\b"
    r"|(?i:\b(?:password|passwd|secret|token)\s*[:=]\s*\S+)"
)


def schema_valid(view: policy.View) -> Iterator[policy.Result]:
    """The manifest, written out and read again, fits its own strict model."""
    try:
        model.AgencyMou.model_validate_json(
            view.tenant.manifest.model_dump_json(by_alias=True, exclude_none=True)
        )
    except pydantic.ValidationError as wrong:
        for error in wrong.errors(include_url=False):
            yield judge.fails(".".join(map(str, error["loc"])), error["msg"], "a valid manifest")
        return
    yield judge.passes(f"manifest {view.tenant.id}", "fits the schema")


def both_signatories(view: policy.View) -> Iterator[policy.Result]:
    mou = view.tenant.manifest.mou
    wrong = [
        f"no signatory of {party}"
        for party in ("mdes", "agency")
        if not any(s.party == party and s.name and s.position for s in mou.signatories)
    ]
    if mou.signed_on > view.today:
        wrong.append(f"signed on {mou.signed_on}, which is still to come")
    yield judge.problems("mou.signatories", wrong, "the ministry and the agency signed")


def _derived_names(of: tenant.Tenant) -> Iterator[str]:
    for instance in of.instances:
        yield instance.namespace
        if instance.host:
            yield instance.host.split(".", 1)[0]
        yield instance.service_account
    yield of.pki_mount
    yield of.organization


def usable_id(view: policy.View) -> Iterator[policy.Result]:
    of = view.tenant
    wrong = []
    if not _ID.match(of.id) or "--" in of.id:
        wrong.append(f"id {of.id!r}")
    if not _THAI.search(of.manifest.agency.name_th):
        wrong.append("agency.nameTh without a Thai letter")
    wrong += [f"name {n!r}" for n in sorted(set(_derived_names(of))) if not names.is_dns_label(n)]
    yield judge.problems("metadata.id", wrong, f"{of.id}, and every name made from it is usable")


def _day(day: Any) -> str:
    return f"{day} (B.E. {clock.buddhist_year(day)})"


def in_force(view: policy.View) -> Iterator[policy.Result]:
    mou = view.tenant.manifest.mou
    left = (mou.effective_to - view.today).days
    seen = f"{_day(mou.effective_from)} to {_day(mou.effective_to)}"
    if mou.effective_from <= view.today <= mou.effective_to:
        soon = left < view.thresholds["mou.renewWithinDays"]
        yield judge.passes(
            "mou", f"{seen}; renew: {counted.of(left, 'day')} left" if soon else seen
        )
    else:
        yield judge.fails("mou", seen, f"in force on {_day(view.today)}")


def is_regional(of: tenant.Tenant) -> str:
    return "" if of.manifest.mou.mechanism == "regional" else "the mechanism is central"


def regional_coordinator(view: policy.View) -> Iterator[policy.Result]:
    manifest = view.tenant.manifest
    if manifest.mou.coordinator is None:
        yield judge.fails("mou.coordinator", None, "the provincial statistical office")
        return
    wrong = [mistake.message for mistake in order.coordinator(manifest)]
    yield judge.problems("mou.coordinator", wrong, "provincial statistical office, same province")


def users_add_up(view: policy.View) -> Iterator[policy.Result]:
    manifest = view.tenant.manifest
    users = manifest.users
    wrong = [mistake.message for mistake in order.sums(manifest)]
    yield judge.problems("users", wrong, f"{users.initial} users now, {users.target} aimed at")


def free_service(view: policy.View) -> Iterator[policy.Result]:
    free = set(view.thresholds["mou.freeItems"])
    wrong = []
    for fee in view.tenant.manifest.mou.fees:
        if fee.item in free:
            wrong.append(f"a fee for {fee.item}")
        elif not fee.approval_ref:
            wrong.append(f"a fee for {fee.item} without an approval")
    yield judge.problems("mou.fees", wrong, "no fee for e-Office and CA")


def performance_act_scope(view: policy.View) -> Iterator[policy.Result]:
    manifest = view.tenant.manifest
    epa, branch = manifest.legal.epa2565, manifest.agency.branch
    row = load.branch(branch)
    outside = ("royal-decree", "voluntary", "not-applicable")
    allowed = ("applicable",) if row["ePerformance"] else outside
    wrong = []
    if epa.mode not in allowed:
        wrong.append(f"mode {epa.mode} for branch {branch}; one of: {', '.join(allowed)}")
    if epa.mode == "royal-decree" and not epa.ref:
        wrong.append("no reference of the decree")
    note = f" (to confirm: {row['confirm']})" if row.get("confirm") else ""
    yield judge.problems("legal.epa2565", wrong, f"{epa.mode}{note}")


def security_category(view: policy.View) -> Iterator[policy.Result]:
    category = view.tenant.manifest.security.category
    levels = {"c": category.c, "i": category.i, "a": category.a}
    wrong = [f"{k}={v}" for k, v in levels.items() if v not in IMPACTS]
    years = view.thresholds["mou.reviewYears"]
    if category.reviewed_on > view.today:
        wrong.append(f"reviewed on {category.reviewed_on}, which is still to come")
    elif (view.today - category.reviewed_on).days > 365.25 * years:
        wrong.append(f"reviewed on {category.reviewed_on}, more than {years} years ago")
    good = f"{judge.show(levels)}, overall {overall_impact(view.tenant)}"
    yield judge.problems("security.category", wrong, good)


def overall_impact(of: tenant.Tenant) -> str:
    """The highest of the three levels counts."""
    category = of.manifest.security.category
    return max(category.c, category.i, category.a, key=_rank)


def _rank(level: str) -> int:
    return IMPACTS.index(level) if level in IMPACTS else -1


def has_personal_data(of: tenant.Tenant) -> str:
    held = any(system.personal_data for system in of.manifest.systems)
    return "" if held else "no system holds personal data"


def impact_floor(view: policy.View) -> Iterator[policy.Result]:
    least = view.thresholds["mou.personalDataMinImpact"]
    got = overall_impact(view.tenant)
    yield judge.that(_rank(got) >= _rank(least), "security.category", got, f"at least {least}")


def no_top_secret(view: policy.View) -> Iterator[policy.Result]:
    manifest = view.tenant.manifest
    claims: list[tuple[str, str]] = [("security.maxDataClass", manifest.security.max_data_class)]
    for system in manifest.systems:
        claims.append((f"system {system.name}", system.data_class))
        if system.eoffice:
            claims += [(f"system {system.name} secrecy", c) for c in system.eoffice.secrecy]
    claims += [(f"link {link.id}", link.data_class) for link in manifest.links]
    allowed = {*CLASSES, "normal"}
    wrong = [f"{where}: {got}" for where, got in claims if got not in allowed]
    yield judge.problems("data classes", wrong, f"{len(claims)} seen, none is top secret (ลับที่สุด)")


def class_fits_tier(view: policy.View) -> Iterator[policy.Result]:
    manifest = view.tenant.manifest
    ceiling = view.thresholds["mou.classCeiling"][manifest.tenancy.isolation]
    agreed = manifest.security.max_data_class
    wrong = []
    if CLASSES.index(agreed) > CLASSES.index(ceiling):
        wrong.append(f"security.maxDataClass {agreed} above {ceiling}")
    wrong += [
        f"system {system.name}: {system.data_class} above {agreed}"
        for system in manifest.systems
        if CLASSES.index(system.data_class) > CLASSES.index(agreed)
    ]
    good = f"at most {agreed}; a {manifest.tenancy.isolation} tenant may hold {ceiling}"
    yield judge.problems("data classes", wrong, good)


def in_thailand(view: policy.View) -> Iterator[policy.Result]:
    regions = view.tenant.manifest.operations.regions
    if not regions:
        yield judge.unknown("operations.regions", "no region is stated")
        return
    allowed = set(view.thresholds["mou.regionsInThailand"])
    wrong = [f"region {region}" for region in regions if region not in allowed]
    yield judge.problems("operations.regions", wrong, ", ".join(regions))


def _texts(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _texts(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _texts(inner, f"{path}[{index}]")


def no_secret(view: policy.View) -> Iterator[policy.Result]:
    """The places are named, never the text that was found there."""
    texts = list(_texts(view.tenant.manifest.model_dump(mode="json", by_alias=True)))
    wrong = [f"{path} looks like a secret" for path, text in texts if _SECRET.search(text)]
    yield judge.problems("manifest", wrong, f"{len(texts)} texts, no secret among them")


def no_clash(view: policy.View) -> Iterator[policy.Result]:
    if view.others is None:
        yield judge.unknown(view.tenant.id, "other manifests were not read")
        return
    others = [other for other in view.others if other.id != view.tenant.id]
    wrong = [
        f"{c.what} {c.name} also of {', '.join(a for a in c.agencies if a != view.tenant.id)}"
        for c in clashes.found([view.tenant, *others])
        if view.tenant.id in c.agencies
    ]
    good = f"unique among {len(others) + 1} manifest(s)"
    yield judge.problems(f"manifest {view.tenant.id}", wrong, good)


def cloud_first(view: policy.View) -> Iterator[policy.Result]:
    limit = view.today + timedelta(days=view.thresholds["mou.hostingExceptionDays"])
    for system in view.tenant.manifest.systems:
        exception = system.hosting_exception
        subject = f"system {system.name}"
        if system.hosting == "gdcc":
            yield judge.passes(subject, "on GDCC")
        elif exception is None:
            yield judge.fails(subject, f"hosting {system.hosting}", "GDCC, or a reasoned exception")
        else:
            yield judge.that(
                view.today <= exception.expires <= limit,
                subject,
                f"exception until {exception.expires}",
                f"an end within one year, by {limit}",
            )


def eligible(view: policy.View) -> Iterator[policy.Result]:
    agency = view.tenant.manifest.agency
    known = agency.branch in load.read("applicability.yaml")["branches"]
    state = agency.branch != "education" or bool(agency.education and agency.education.state)
    yield judge.that(
        known and state, "agency.branch", agency.branch, "a state body; schools only of the state"
    )


def valid_personal_id(digits: str) -> bool:
    """13 digits with the check digit of Thai personal and juristic ids."""
    return len(digits) == 13 and digits.isdigit() and fields.has_check_digit(digits)
