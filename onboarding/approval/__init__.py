"""The second person: an approval signed by somebody else than who made or applies a plan.

It holds for one plan (by its digest), one agency, one target, one use, and for an hour. Who may
give one stands in the environment file (``approvers``); what needs one, and of which role, comes
with the hazard (``onboarding.safety``). The run of a plan that was begun under an approval and
did not come to its end is continued under the same one.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from onboarding import environment, errors, plan
from onboarding.approval import record, signatures
from onboarding.safety import table
from onboarding.safety.words import Hazard
from onboarding.state import interface as state

Approval = record.Approval

GIVEN, REFUSED, USED = "approval-given", "approval-refused", "approval-used"
_NAME = "approval-"
_ENDED = ("apply-ended", "destroy-ended")


def approver(target: environment.Environment, identity: str = "") -> environment.Approver:
    """The approver of that name; without a name, the only one whom the file can sign for.

    Raises ``errors.UsageError`` where there is none, or more than one.
    """
    known = target.approvers
    found = [a for a in known if a.identity == identity] if identity else list(known)
    if len(found) == 1:
        return found[0]
    names = ", ".join(a.identity for a in known)
    if not known:
        raise errors.UsageError(
            f"environment {target.name!r} names nobody who may approve",
            resolution="Add approvers to the environment file; see docs/how-to/approve.md.",
        )
    raise errors.UsageError(
        f"environment {target.name!r} has no approver {identity!r}"
        if identity
        else "several persons may approve here",
        details=[f"approvers: {names}"],
        resolution="Say who you are: --as IDENTITY",
    )


@dataclass(frozen=True, slots=True)
class Case:
    """A plan with its hazards, on its target, and who made it (see ``onboarding.actor``).

    ``reviewed`` is the digest that was approved, where what is left of a begun run is planned.
    """

    target: environment.Environment
    store: state.StateStore
    plan: plan.Plan
    hazards: tuple[Hazard, ...]
    made_by: str
    reviewed: str = ""

    @property
    def tenant_id(self) -> str:
        return self.plan.tenant_id

    @property
    def digest(self) -> str:
        return self.reviewed or self.plan.digest

    @property
    def name(self) -> str:
        """Of the document that keeps the approvals of this plan."""
        return _NAME + self.digest


def approve(
    case: Case,
    by: environment.Approver,
    *,
    account: str,
    now: datetime,
    ssh_key: Path | None = None,
) -> Approval:
    """Sign, check and keep the approval of one plan. ``account``: under whom ``by`` works here.

    Raises ``errors.Refused`` where ``by`` made the plan, or where the signature is not theirs.
    """
    refuse_own(case, by)
    moment = now.astimezone(UTC).replace(microsecond=0)
    unsigned = Approval(
        id=secrets.token_hex(16),
        tenant=case.tenant_id,
        digest=case.digest,
        environment=case.target.name,
        target=case.target.pins(),
        purpose=case.plan.purpose.value,
        rules=tuple(h.rule for h in case.hazards if h.needs_second_person),
        identity=by.identity,
        account=account,
        at=moment,
        expires=moment + timedelta(seconds=table.threshold("approvalSeconds")),
    )
    signature = signatures.sign(case.target, by, unsigned.text(), ssh_key)
    if not signatures.fits(case.target, by, unsigned.text(), signature):
        raise errors.Refused(
            f"the signature is not that of {by.identity}",
            resolution="Sign with the key that the environment file names for this approver.",
        )
    signed = replace(unsigned, signature=signature)
    kept = case.store.kept(case.tenant_id, case.name) or {"approvals": []}
    approvals = [*kept["approvals"], signed.document()]
    case.store.keep(case.tenant_id, case.name, {"approvals": approvals})
    case.store.record(
        case.tenant_id,
        GIVEN,
        id=signed.id,
        digest=case.digest,
        by=by.identity,
        account=account,
        expires=signed.expires.isoformat(),
    )
    return signed


def refuse_own(case: Case, by: environment.Approver) -> None:
    """Raise ``errors.Refused`` where the approver made the plan."""
    if is_same(by, case.made_by):
        raise errors.Refused(
            f"{case.tenant_id}: {by.identity} made this plan and cannot approve it",
            details=[f"made by {case.made_by}"],
            resolution="Ask another approver of the environment.",
        )


def is_same(by: environment.Approver, who: str) -> bool:
    """Whether ``who`` (see ``onboarding.actor``) is a name of this approver."""
    whole, _, person = who.partition(" for ")
    names = {whole, whole.partition("@")[0], person}
    return bool({n.casefold() for n in names if n} & {n.casefold() for n in _names(by)})


def _names(by: environment.Approver) -> tuple[str, ...]:
    return (by.identity, by.identity.partition("@")[0], *by.accounts)


def roles_wanted(case: Case) -> frozenset[str]:
    """The roles of the second persons that a plan needs; none where it needs nobody."""
    return frozenset(h.approver for h in case.hazards if h.needs_second_person)


def valid(
    case: Case, now: datetime, applied_by: str = ""
) -> tuple[tuple[Approval, ...], tuple[str, ...]]:
    """The approvals of a plan that hold now, and why the others do not."""
    kept = case.store.kept(case.tenant_id, case.name) or {"approvals": []}
    journal = case.store.journal(case.tenant_id)
    good, bad = [], []
    for document in kept["approvals"]:
        try:
            given = record.read(document)
        except (ValueError, KeyError, TypeError) as damaged:
            bad.append(f"an approval of this plan cannot be read: {damaged}")
            continue
        flaw = next(_flaws(case, given, journal, now, applied_by), "")
        if flaw:
            bad.append(flaw)
        else:
            good.append(given)
    return tuple(good), tuple(bad)


def _flaws(
    case: Case, of: Approval, journal: Sequence[state.Entry], now: datetime, applied_by: str
) -> Iterator[str]:
    """Why this approval does not count. What it says is believed only if its signature fits."""
    by = next((a for a in case.target.approvers if a.identity == of.identity), None)
    if by is None:
        yield f"{of.identity} is no approver of environment {case.target.name!r}"
        return
    if not signatures.fits(case.target, by, of.text(), of.signature):
        yield f"the signature of {of.identity} does not fit: the record was changed"
    if (of.tenant, of.digest) != (case.tenant_id, case.digest):
        yield f"{of.identity} approved another plan: {of.tenant} sha256:{of.digest}"
    if of.environment != case.target.name or dict(of.target) != case.target.pins():
        yield f"{of.identity} approved it for another target, {of.environment!r}"
    for did, who in (("made", case.made_by), ("applies", applied_by)):
        if is_same(by, who):
            yield f"{of.identity} {did} this plan ({who}), and is no second person"
    if _used(journal, of.id):
        yield f"the approval of {of.identity} was used already"
    if now > of.expires:
        yield f"the approval of {of.identity} expired at {of.expires:%Y-%m-%d %H:%M:%S} UTC"
    ahead = (of.at - now).total_seconds()
    if ahead > table.threshold("skewSeconds"):
        yield f"the approval of {of.identity} is dated {ahead:.0f} s ahead of this clock"


def _used(journal: Sequence[state.Entry], approval_id: str) -> bool:
    """Whether a run that this approval was used for has come to its end."""
    begun = False
    for entry in journal:
        if entry.event == USED and entry.details.get("id") == approval_id:
            begun = True
        elif begun and entry.event in _ENDED:
            return True
    return False


def require(case: Case, applied_by: str, now: datetime) -> tuple[Approval, ...]:
    """The approvals under which this plan may be written; called right before it is.

    Each is marked as used in the journal. Raises ``errors.Refused`` saying why nobody's counts.
    """
    wanted = roles_wanted(case)
    if not wanted:
        return ()
    good, bad = valid(case, now, applied_by)
    roles = {a.identity: a.roles for a in case.target.approvers}
    taken = {role: [a for a in good if role in roles[a.identity]] for role in sorted(wanted)}
    missing = [role for role, found in taken.items() if not found]
    if missing:
        why = [f"{h.approver}: {h.message}" for h in case.hazards if h.approver in missing]
        why += [f"{a.identity} has not the role {role}" for a in good for role in missing]
        why += [*bad, *_of_other_plans(case)]
        case.store.record(case.tenant_id, REFUSED, digest=case.digest, by=applied_by, why=why)
        raise errors.Refused(
            f"{case.tenant_id}: this plan needs the approval of a second person "
            f"({', '.join(missing)})",
            details=why,
            resolution="Write the plan to a file (onboard plan FILE -o PLAN); another person "
            "runs: onboard approve PLAN",
        )
    used = {found[0].id: found[0] for found in taken.values()}
    for one in used.values():
        case.store.record(case.tenant_id, USED, id=one.id, digest=case.digest, by=one.identity)
    return tuple(used.values())


def _of_other_plans(case: Case) -> list[str]:
    """What people ask first where theirs is not found."""
    names = (n for n in case.store.kept_names(case.tenant_id) if n.startswith(_NAME))
    others = [n.removeprefix(_NAME) for n in names if n != case.name]
    return [f"another plan was approved: sha256:{digest}" for digest in others]
