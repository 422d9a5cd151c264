"""What in a plan is dangerous, said before anything is written.

Pure. Each rule has an id, a message and a flag of its own; destructive plans also need a second
person (``onboarding.approval``). The rule for what is new: an agency's first plan is reviewed as
a whole, with its MOU, so its network paths and rights are no hazards; whatever opens or loosens
after that is one. Deletions, replacements and conflicts are hazards at any time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from onboarding import errors, item, plan
from onboarding.safety import opening, quota, removal, settings, table, words
from onboarding.state import interface as state

if TYPE_CHECKING:
    from onboarding import environment, tenant

Hazard = words.Hazard
Facts = words.Facts
FLAGS = words.FLAGS
MANY_TENANTS = words.MANY_TENANTS


def judge(of: plan.Plan, facts: Facts) -> tuple[Hazard, ...]:
    """Every hazard of a plan, the gravest first; a rule speaks once, for all that it found."""
    found = [*removal.conflicts(of), *removal.ending(of, facts)]
    found += [*removal.shrinking(of), *removal.lasting(of)]
    if of.purpose is plan.Purpose.DESTROY:
        message = f"the plan destroys everything of {of.tenant_id}: {len(of.changes)} object(s)"
        found.append(Hazard(words.DESTROY, message, changes=of.changes))
    else:
        found += [*removal.deletions(of, facts), *removal.replacements(of)]
        found += removal.vanished(of)
        found += quota.below_use(of, facts)
        if facts.established:
            found += _opened(of, facts)
    return tuple(h for h in (_allowed_by(h, facts) for h in found) if h is not None)


def _opened(of: plan.Plan, facts: Facts) -> Iterator[Hazard]:
    yield from settings.loosened(of, facts, words.SHORTER_RETENTION)
    yield from opening.openings(of, facts)
    yield from settings.loosened(of, facts, words.LOOSER_IDENTITY)
    yield from quota.raised(of, facts)
    for role, lines in sorted(facts.amended.items()):
        message = f"the MOU changes in {len(lines)} point(s) that the {role} approves"
        yield Hazard(words.AMENDMENT, message, lines, approver=role)


def many(tenants: Sequence[str], most: int = 0) -> tuple[Hazard, ...]:
    """The hazard of a run that changes more than ``most`` agencies (0: as the policy says)."""
    most = most or int(table.threshold("mostTenants"))
    if len(tenants) <= most:
        return ()
    flag, _ = FLAGS[words.MANY_TENANTS]
    message = f"the run would change {len(tenants)} agencies, more than {most}"
    return (Hazard(words.MANY_TENANTS, message, tuple(sorted(tenants)), flag=flag),)


def gather(
    of: tenant.Tenant,
    observed: Iterable[item.Item],
    store: state.StateStore,
    target: environment.Environment,
) -> Facts:
    """The facts about one agency, from what was read of it and what is remembered of it."""
    live = {i.ref: i for i in observed if i.owner == of.id}
    applied = {i.ref: i for i in store.applied(of.id)}
    return Facts(
        live=live,
        applied=applied,
        established=bool(live or applied) and _established(store.journal(of.id)),
        roles=frozenset(role for a in target.approvers for role in a.roles),
        amended=_amended(of, store),
    )


def _amended(of: tenant.Tenant, store: state.StateStore) -> Mapping[str, tuple[str, ...]]:
    """What of the MOU changed since it was applied last, by the role that approves it."""
    from onboarding import agreed, amendment

    found = agreed.since(store, of.manifest).found
    by_role: dict[str, list[str]] = {}
    for act, changes in amendment.to_sign(found):
        lines = by_role.setdefault(act.approver, [])
        lines += [f"{a.path} is {a.way.value}" for a in changes]
    return {role: tuple(dict.fromkeys(lines)) for role, lines in by_role.items()}


def _established(journal: Sequence[state.Entry]) -> bool:
    """Whether an apply has ended since the agency began or was destroyed.

    A first apply that was killed is still the first one. Without any record of a beginning, what
    is live was made by someone else's run: the cautious answer is yes.
    """
    begun = ended = False
    for entry in journal:
        if entry.event == "apply-begun":
            begun = True
        elif entry.event == "apply-ended":
            ended = entry.details.get("purpose") != plan.Purpose.DESTROY.value
            begun = ended
    return ended or not begun


def never(hazards: Iterable[Hazard]) -> tuple[Hazard, ...]:
    """Those that neither a flag nor a second person allows."""
    return tuple(h for h in hazards if h.rule in words.NEVER)


def refuse(hazards: Iterable[Hazard], allowed: frozenset[str], tenant_id: str = "") -> None:
    """Raise ``errors.Refused``, naming the agency, unless every hazard's flag is in ``allowed``.

    What only a second person allows is checked by ``approval``, right before writing.
    """
    refused = [h for h in hazards if h.flag not in allowed and not (h.approver and not h.flag)]
    if not refused:
        return
    flags = [h.flag for h in refused if h.flag]
    hopeless = never(refused)
    if hopeless:
        resolution = " ".join(words.NEVER[h.rule] for h in hopeless)
    else:
        resolution = f"Review them, then add {' '.join(dict.fromkeys(flags))}."
    first = refused[0]
    details = [
        line for h in refused for line in ((h.message,) if h is not first else ()) + h.details
    ]
    message = f"{tenant_id}: {first.message}" if tenant_id else first.message
    raise errors.Refused(message, details=details, resolution=resolution)


def released(of: plan.Plan, hazards: Iterable[Hazard]) -> plan.Plan:
    """The plan, with leave to lose the data that its hazards name; for what was approved."""
    losing = [h for h in hazards if h.rule in (words.DATA_DELETION, words.REPLACEMENT)]
    lost = {c.ref for h in losing for c in h.changes}
    changes = (replace(c, released=True) if c.ref in lost else c for c in of.changes)
    return replace(of, changes=tuple(changes))


def _allowed_by(hazard: Hazard, facts: Facts) -> Hazard | None:
    """The hazard with its flag and the role of its second person; None where nobody need care.

    A role that nobody in the environment has asks for nothing, but for what destroys.
    """
    flag, _ = FLAGS.get(hazard.rule, ("", ""))
    wanted = table.approver(hazard.rule)
    role = hazard.approver or str(wanted.get("role", ""))
    asked = bool(wanted.get("always")) or role in facts.roles
    if not flag and role and not asked:
        return None
    return replace(hazard, flag=flag, approver=role if asked else "")
