"""PKI: officials' certificates against who may sign, and who may ask for certificates at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

from onboarding import clock, counted, item, policy, tenant
from onboarding.desired import vault_policies
from onboarding.policies import certificate, judge, mou, pki, pki_roles

VAULT = item.EngineName.VAULT
_PATH_WORD = re.compile(r"\bpath\b")
_SIGNATURE_USAGE = {"digital_signature", "content_commitment"}
DANGEROUS = ("sign-verbatim", "sign-intermediate", "sign-self-issued", "root", "keys")


def _now(view: policy.View) -> datetime:
    return datetime.fromtimestamp(view.now_epoch, UTC)


def _belongs(leaf: item.Item, signer: tenant.Signer) -> bool:
    return (
        leaf.fields.get("commonName") == signer.common_name
        and leaf.fields.get("organization") in signer.organizations
    )


def _authorised(signer: tenant.Signer, view: policy.View) -> bool:
    return signer.authority_from <= view.today <= signer.authority_to


def _signer_of(leaf: item.Item, view: policy.View) -> tenant.Signer | None:
    return next((s for s in view.tenant.signers if _belongs(leaf, s)), None)


def validity(view: policy.View) -> Iterator[policy.Result]:
    """No longer than the ceiling and the authority; an ended authority allows no certificate.

    Where no signer is named nobody has an authority, so that no certificate may stand at all.
    """
    longest = timedelta(days=view.thresholds["pki.leafLongestDays"])
    leaves = pki.signer_certificates(view)
    if not view.tenant.signers:
        for leaf in leaves:
            yield judge.fails(str(leaf.ref), "no signer is named", "an authority in force")
        if not leaves:
            yield judge.not_applicable(
                view.tenant.pki_mount, "no signer is named, and no official has a certificate"
            )
    for signer in view.tenant.signers:
        ends = f"{signer.authority_to} (B.E. {clock.buddhist_year(signer.authority_to)})"
        subject = f"signer {signer.id}"
        own = [leaf for leaf in leaves if _belongs(leaf, signer)]
        if signer.authority_to < view.today:
            yield judge.fails(subject, f"authority ended on {ends}", "an authority in force")
        elif not own:
            yield judge.not_applicable(subject, f"no certificate yet; at most until {ends}")
        for leaf in own:
            begins = certificate.moment(str(leaf.fields.get("notBefore")))
            after = certificate.moment(str(leaf.fields.get("notAfter")))
            wrong = []
            # Backdating and the second of the end are not part of a day's count.
            if after - begins > longest + timedelta(days=1):
                wrong.append(f"valid for {(after - begins).days} days")
            if after.astimezone(clock.BANGKOK).date() > signer.authority_to:
                wrong.append(f"valid until {after.date()}, authority until {ends}")
            yield judge.problems(str(leaf.ref), wrong, f"within the authority until {ends}")


def key_usage(view: policy.View) -> Iterator[policy.Result]:
    yield from _each_leaf(view, _usage_flaws, "digitalSignature and nonRepudiation, critical")


def _usage_flaws(leaf: item.Item, view: policy.View) -> list[str]:
    used = set(leaf.fields.get("keyUsage") or ())
    wrong = [] if used == _SIGNATURE_USAGE else [f"key usage {', '.join(sorted(used)) or 'none'}"]
    if leaf.fields.get("keyUsageCritical") is not True:
        wrong.append("key usage is not critical")
    return wrong


def purpose(view: policy.View) -> Iterator[policy.Result]:
    yield from _each_leaf(view, _purpose_flaws, "document signing only")


def _purpose_flaws(leaf: item.Item, view: policy.View) -> list[str]:
    allowed = set(view.thresholds["pki.signingPurposes"])
    found = set(leaf.fields.get("extendedKeyUsage") or ())
    if not found:
        return ["no extended key usage, so any purpose"]
    return [f"purpose {oid}" for oid in sorted(found - allowed)]


def subject_name(view: policy.View) -> Iterator[policy.Result]:
    yield from _each_leaf(view, _subject_flaws, "country, organisation and person as agreed")


def _subject_flaws(leaf: item.Item, view: policy.View) -> list[str]:
    fields = leaf.fields
    who = str(fields.get("organization") or "")
    wrong = [] if fields.get("country") == "TH" else [f"C={judge.show(fields.get('country'))}"]
    names = {*pki_roles.organizations(view.tenant).values()}
    names |= {former for signer in view.tenant.signers for former in signer.former_organizations}
    if who not in names:
        wrong.append(f"O={who}")
    if unicodedata.normalize("NFC", who) != who:
        wrong.append("O is not in Unicode normal form C")
    if fields.get("commonName") not in {s.common_name for s in view.tenant.signers}:
        wrong.append(f"CN={judge.show(fields.get('commonName'))} is no signer of the manifest")
    return wrong


def no_citizen_id(view: policy.View) -> Iterator[policy.Result]:
    """The digits themselves are never repeated in a report."""
    yield from _each_leaf(view, _citizen_id_flaws, "no personal id")


def _citizen_id_flaws(leaf: item.Item, _: policy.View) -> list[str]:
    fields = leaf.fields
    names = ("emails", "dnsNames", "otherNames")
    texts = [str(fields.get("subject") or ""), *(t for k in names for t in fields.get(k) or ())]
    runs = [run for text in texts for run in _digit_runs(text)]
    return ["holds a 13-digit personal id"] if any(mou.valid_personal_id(r) for r in runs) else []


def _digit_runs(text: str) -> list[str]:
    return "".join(c if c.isdigit() else " " for c in text).split()


def _each_leaf(
    view: policy.View, flaws: Callable[[item.Item, policy.View], list[str]], good: str
) -> Iterator[policy.Result]:
    leaves = pki.signer_certificates(view)
    for leaf in leaves:
        yield judge.problems(str(leaf.ref), flaws(leaf, view), good)
    if not leaves:
        yield judge.not_applicable(view.tenant.pki_mount, "no official has a certificate yet")


def signer_has_certificate(view: policy.View) -> Iterator[policy.Result]:
    """Each standing certificate has its authorised signer; each signer at most one."""
    standing = pki.signer_certificates(view)
    for leaf in standing:
        signer = _signer_of(leaf, view)
        ok = signer is not None and _authorised(signer, view)
        seen = f"signer {signer.id}" if signer else f"CN={leaf.fields.get('commonName')}"
        yield judge.that(ok, str(leaf.ref), seen, "an authorised signer of the manifest")
    if not standing and not view.tenant.signers:
        yield judge.not_applicable(view.tenant.pki_mount, "no signer, and no certificate of one")
    for signer in view.tenant.signers:
        count = sum(_belongs(leaf, signer) for leaf in standing)
        if not count:
            yield judge.not_applicable(f"signer {signer.id}", "awaiting enrolment")
        else:
            yield judge.that(
                count == 1,
                f"signer {signer.id}",
                counted.of(count, "certificate"),
                "one certificate",
            )


def leaver_revoked(view: policy.View) -> Iterator[policy.Result]:
    """A day after an authority ended, or a signer left the manifest, nothing of theirs stands."""
    grace = timedelta(hours=view.thresholds["pki.revokeHours"])
    left = [leaf for leaf in pki.ever_issued(view) if not _may_still_stand(leaf, view, grace)]
    for leaf in left:
        stands = pki.stands(leaf, view)
        seen = "stands" if stands else "revoked or expired"
        yield judge.that(not stands, str(leaf.ref), seen, "revoked within 24 hours")
    if not left:
        yield judge.not_applicable(view.tenant.pki_mount, "no certificate of anybody who left")


def _may_still_stand(leaf: item.Item, view: policy.View, grace: timedelta) -> bool:
    signer = _signer_of(leaf, view)
    if signer is None:
        return False
    end = datetime.combine(signer.authority_to, datetime.max.time(), clock.BANGKOK)
    return _now(view) <= end + grace


def _policies(view: policy.View) -> Iterator[tuple[item.Item, list[str]]]:
    """Each policy of the agency with its paths; one that cannot be read whole says so."""
    for one in view.items(VAULT, "Policy"):
        yield one, list(rules_of(one))


def rules_of(one: item.Item) -> dict[str, list[str]]:
    """Capabilities by path. Raises ValueError where the text holds more than could be read."""
    text = str(one.fields.get("document") or "")
    rules = vault_policies.rules_in(text)
    lines = [line.strip() for line in text.splitlines() if not line.strip().startswith("#")]
    if sum(len(_PATH_WORD.findall(line)) for line in lines) != len(rules):
        raise ValueError(f"{one.ref}: not every rule of its text could be read")
    return rules


def grants(pattern: str, path: str) -> bool:
    """Whether a policy's path reaches a request: ``+`` is a segment, a last ``*`` the rest."""
    prefix = pattern.endswith("*")
    wanted, have = pattern.rstrip("*").split("/"), path.split("/")
    if len(wanted) > len(have) or (not prefix and len(wanted) != len(have)):
        return False
    for index, (want, got) in enumerate(zip(wanted, have, strict=False)):
        last = index == len(wanted) - 1
        if want not in ("+", got) and not (prefix and last and got.startswith(want)):
            return False
    return True


def _reaches(pattern: str, folder: str) -> bool:
    """Whether a policy's path reaches a folder of requests, or anything below it."""
    tails = ("", "/x", "/x/y")
    return pattern.startswith(f"{folder}/") or any(grants(pattern, folder + t) for t in tails)


def sole_control(view: policy.View) -> Iterator[policy.Result]:
    """Nobody of the agency may have Vault make a key for a certificate (``issue``)."""
    folder = f"{view.tenant.pki_mount}/issue"
    for one, paths in _policies(view):
        wrong = [f"path {path}" for path in paths if _reaches(path, folder)]
        yield judge.problems(str(one.ref), wrong, "no path reaches issue")
    yield from judge.absent(view, VAULT, "Policy")


def dangerous_paths_closed(view: policy.View) -> Iterator[policy.Result]:
    folders = [f"{view.tenant.pki_mount}/{part}" for part in DANGEROUS]
    for one, paths in _policies(view):
        wrong = [f"path {path}" for path in paths if any(_reaches(path, f) for f in folders)]
        yield judge.problems(str(one.ref), wrong, "no path signs without a role or reaches keys")
    yield from judge.absent(view, VAULT, "Policy")


def duties_split(view: policy.View) -> Iterator[policy.Result]:
    manifest = view.tenant.manifest
    if manifest.signing is None:
        return
    least = view.thresholds["pki.leastIal"]
    if not manifest.signing.signers:
        yield judge.not_applicable("signing.signers", "no signer is named")
    for signer in manifest.signing.signers:
        wrong = []
        if not signer.requested_by:
            wrong.append("nobody requested it")
        elif signer.requested_by == manifest.signing.ra.approver:
            wrong.append(f"requested and approved by {signer.requested_by}")
        if manifest.identity.required_ial < least:
            wrong.append(f"IAL {manifest.identity.required_ial}, at least {least}")
        wrong += [
            f"no {what}"
            for what, value in (
                ("evidence of identity", signer.ial_evidence_ref),
                ("order of appointment", signer.order_ref),
            )
            if not value
        ]
        yield judge.problems(f"signer {signer.id}", wrong, "requested, proven and approved")


def leaf_outlives_nothing(view: policy.View) -> Iterator[policy.Result]:
    for issuer in view.items(VAULT, "Issuer"):
        got = issuer.fields.get("leafNotAfterBehavior")
        yield judge.that(got in ("err", "truncate"), str(issuer.ref), got, "err or truncate")
    yield from judge.absent(view, VAULT, "Issuer")
