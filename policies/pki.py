"""PKI: the agency's certificate authority: mount, issuer, anchor, keys, revocation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from onboarding import item, policy, tenant
from onboarding.desired import pki_profile
from onboarding.policies import certificate, judge, load
from onboarding.policy import Stage

VAULT = item.EngineName.VAULT
DEFAULT_ISSUER = "default"
_LATER = "made by this run; judged on the live system"


def has_signing(of: tenant.Tenant) -> str:
    return "" if of.manifest.signing else "the manifest has no signing"


def _later(value: Any) -> bool:
    return bool(value == item.KNOWN_AFTER_APPLY)


def _issuers(view: policy.View) -> tuple[item.Item, ...]:
    return tuple(i for i in view.items(VAULT, "Issuer") if i.ref.scope == view.tenant.pki_mount)


def own_mount(view: policy.View) -> Iterator[policy.Result]:
    """A PKI mount of the agency's own, with one default issuer that is not self-signed."""
    mount = view.tenant.pki_mount
    found = next((i for i in view.items(VAULT, "Mount") if i.ref.name == mount), None)
    if found is None:
        yield judge.fails(f"Mount {mount}", None, "present")
        return
    kind = found.fields.get("type")
    yield judge.that(kind == "pki", f"Mount {mount}", kind, "pki")
    issuers = _issuers(view)
    default = [i for i in issuers if i.ref.name == DEFAULT_ISSUER]
    wrong = [] if len(default) == 1 else [f"{len(default)} default issuers"]
    for issuer in issuers:
        subject, by = issuer.fields.get("subject"), issuer.fields.get("issuer")
        if not _later(subject) and (not subject or subject == by):
            wrong.append(f"subject and issuer are both {judge.show(subject)}")
    yield judge.problems(f"Issuer of {mount}", wrong, "one intermediate")


def anchor_pinned(view: policy.View) -> Iterator[policy.Result]:
    """The issuer's signature verifies to the environment's root, or to a root of NRCA."""
    issuers = _issuers(view)
    if not issuers:
        yield judge.fails(f"Issuer of {view.tenant.pki_mount}", None, "present")
    for issuer in issuers:
        subject, pem = str(issuer.ref), issuer.fields.get("certificate")
        if _later(pem):
            yield judge.not_applicable(subject, _LATER)
        elif not pem:
            yield judge.unknown(subject, "its certificate was not seen")
        else:
            yield _anchored(view, subject, str(pem))


def _anchored(view: policy.View, subject: str, pem: str) -> policy.Result:
    signing = view.tenant.manifest.signing
    roots = [
        certificate.load(str(i.fields["certificate"]))
        for i in view.shared(VAULT, "RootIssuer")
        if i.fields.get("certificate")
    ]
    if not roots:
        return judge.unknown(subject, "the environment's root was not seen")
    issuer = certificate.load(pem)
    anchor = next((root for root in roots if certificate.issued_by(issuer, root)), None)
    if anchor is None:
        return judge.fails(subject, "not signed by the environment's root", "a pinned root")
    found = certificate.sha256(anchor)
    if signing is None or signing.trust == "gdcc":
        return judge.passes(subject, f"signed by the environment's root {found}")
    if found in {root["sha256"] for root in load.read("nrca.yaml")["roots"]}:
        return judge.passes(subject, f"signed by the NRCA root {found}")
    if signer_certificates(view):
        return judge.fails(subject, f"root {found}, and officials' certificates", "a root of NRCA")
    return judge.not_applicable(
        subject,
        "awaiting trust: until a member CA of NRCA has signed the intermediate, no official "
        f"gets a certificate (for now under the environment's root {found})",
    )


def ca_profile(view: policy.View) -> Iterator[policy.Result]:
    domains = view.tenant.domains
    good = f"CA, path length 0, names limited to {', '.join(sorted(domains))}"
    for issuer in _issuers(view):
        pem = issuer.fields.get("certificate")
        if _retired(issuer):
            yield judge.passes(str(issuer.ref), "a former one: it can sign no certificate")
            continue
        if pem and not _later(pem):
            wrong = certificate.ca_flaws(certificate.load(str(pem)), domains)
        else:
            wrong = _planned_ca_flaws(issuer.fields, domains)
        yield judge.problems(str(issuer.ref), wrong, good)
    yield from judge.absent(view, VAULT, "Issuer")


def _retired(issuer: item.Item) -> bool:
    """A former CA: what it signed stands, so that its certificate and list stay."""
    usage = issuer.fields.get("usage")
    return (
        issuer.ref.name != DEFAULT_ISSUER and usage is not None and pki_profile.ISSUES not in usage
    )


def _planned_ca_flaws(fields: Mapping[str, Any], domains: tuple[str, ...]) -> list[str]:
    wrong = []
    if fields.get("isCa") is not True:
        wrong.append("not a CA")
    if fields.get("pathLength") != 0:
        wrong.append(f"path length {judge.show(fields.get('pathLength'))}")
    if set(fields.get("permittedNames") or ()) != set(domains):
        wrong.append(f"permitted names {judge.show(fields.get('permittedNames'))}")
    return wrong


def key_flaws(fields: Mapping[str, Any], view: policy.View) -> Iterator[str]:
    """What is too weak about a key and the signature over it."""
    rules = view.thresholds
    security = view.tenant.manifest.agency.branch == "security"
    least = rules["pki.rsaLeastBitsSecurity" if security else "pki.rsaLeastBits"]
    algorithm, bits = fields.get("keyAlgorithm"), fields.get("keyBits") or 0
    if algorithm == "rsa" and bits < least:
        yield f"RSA {bits}, at least {least}"
    if algorithm == "ec" and f"P-{bits}" not in rules["pki.curves"]:
        yield f"curve P-{bits}"
    if algorithm not in ("rsa", "ec"):
        yield f"key {judge.show(algorithm)}"
    digest = fields.get("signatureHash")
    if not _later(digest) and digest not in ("sha256", "sha384", "sha512"):
        yield f"signed over {judge.show(digest)}"


def keys(view: policy.View) -> Iterator[policy.Result]:
    for issuer in _issuers(view):
        wrong = list(key_flaws(issuer.fields, view))
        seen = f"{issuer.fields.get('keyAlgorithm')} {issuer.fields.get('keyBits')}"
        yield judge.problems(str(issuer.ref), wrong, seen)
    yield from judge.absent(view, VAULT, "Issuer")
    if view.stage is Stage.LIVE:
        for leaf in signer_certificates(view):
            yield judge.problems(str(leaf.ref), list(key_flaws(leaf.fields, view)), "strong key")


def revocation(view: policy.View) -> Iterator[policy.Result]:
    """Where to ask is published, lists are rebuilt by themselves; each issuer's is fresh."""
    mount = view.tenant.pki_mount
    listed = {i.ref.name for i in view.items(VAULT, "Crl") if i.ref.scope == mount}
    for issuer in _issuers(view):
        if issuer.ref.name not in listed | {DEFAULT_ISSUER}:
            yield judge.fails(f"Crl {mount}/{issuer.ref.name}", None, "present")
    for kind in ("IssuingUrls", "CrlConfig", "Crl"):
        found = [i for i in view.items(VAULT, kind) if i.ref.scope == mount]
        if not found:
            yield judge.fails(f"{kind} {mount}", None, "present")
        for one in found:
            flaws = {"IssuingUrls": _url_flaws, "CrlConfig": _crl_config_flaws}.get(kind)
            wrong = flaws(one.fields) if flaws else _crl_flaws(one.fields, view)
            yield judge.problems(str(one.ref), wrong, "revocation can be asked for")


def _url_flaws(fields: Mapping[str, Any]) -> list[str]:
    return [
        f"{key}={judge.show(fields.get(key))}"
        for key in ("issuing_certificates", "crl_distribution_points", "ocsp_servers")
        if not [u for u in fields.get(key) or () if str(u).startswith("http")]
    ]


def _crl_config_flaws(fields: Mapping[str, Any]) -> list[str]:
    wrong = [f"{key} is on" for key in ("disable", "ocsp_disable") if fields.get(key)]
    if fields.get("auto_rebuild") is not True:
        wrong.append("auto_rebuild is off")
    return wrong


def _crl_flaws(fields: Mapping[str, Any], view: policy.View) -> list[str]:
    now = datetime.fromtimestamp(view.now_epoch, UTC)
    wrong = []
    if not fields.get("thisUpdate") or certificate.moment(fields["thisUpdate"]) > now:
        wrong.append(f"thisUpdate {judge.show(fields.get('thisUpdate'))}")
    if not fields.get("nextUpdate") or certificate.moment(fields["nextUpdate"]) <= now:
        wrong.append(f"nextUpdate {judge.show(fields.get('nextUpdate'))}")
    return wrong


def root_issues_no_leaf(view: policy.View) -> Iterator[policy.Result]:
    issued = view.shared(VAULT, "RootIssuedCertificate")
    leaves = [i for i in issued if i.fields.get("isCa") is not True and stands(i, view)]
    for leaf in leaves:
        yield judge.fails(str(leaf.ref), f"subject {leaf.fields.get('subject')}", "an intermediate")
    if issued and not leaves:
        yield judge.passes("certificates of the root", f"{len(issued)} issued, only CAs stand")


SERVER_AUTH = "1.3.6.1.5.5.7.3.1"
CLIENT_AUTH = "1.3.6.1.5.5.7.3.2"


def stands(leaf: item.Item, view: policy.View) -> bool:
    """Neither revoked nor expired."""
    now = datetime.fromtimestamp(view.now_epoch, UTC)
    return not leaf.fields.get("revoked") and certificate.moment(str(leaf.fields["notAfter"])) > now


def signer_certificates(view: policy.View) -> tuple[item.Item, ...]:
    """Certificates of officials that stand."""
    return tuple(leaf for leaf in ever_issued(view) if stands(leaf, view))


def ever_issued(view: policy.View) -> tuple[item.Item, ...]:
    """All certificates of officials: issued by the agency's mount, not only for its hosts.

    A client certificate of a link is one for a host: its CN is its own DNS name.
    """
    return tuple(
        i
        for i in view.items(VAULT, "Certificate")
        if i.ref.scope == view.tenant.pki_mount
        and i.fields.get("isCa") is not True
        and i.fields.get("extendedKeyUsage") != [SERVER_AUTH]
        and not _of_a_client(i.fields)
    )


def _of_a_client(fields: Mapping[str, Any]) -> bool:
    return fields.get("extendedKeyUsage") == [CLIENT_AUTH] and (
        fields.get("commonName") in (fields.get("dnsNames") or ())
    )
