"""Changes carried out in an order that holds: a realm whole, parents before children."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from onboarding import errors, item, labels, plan, progress
from onboarding.identity.interface import IdentityProvider, KeyOf

_ORDER = (
    "AuthenticationFlow",
    "Realm",
    "ClientScope",
    "Client",
    "ServiceAccount",
    "Organization",
    "IdentityProvider",
    "Group",
)


def run(
    provider: IdentityProvider,
    changes: Sequence[plan.Change],
    key_of: KeyOf,
    report: progress.Progress,
    begin: plan.Begin,
) -> Iterator[plan.Outcome]:
    """An outcome per change as it ends; stops after the first that failed."""
    left = list(changes)
    for realm in [c for c in changes if _creates_realm(c)]:
        later = {c.ref.name for c in left if _asks_for_own_scopes(c)}
        bundle = [c for c in left if c is realm or _inside(c, realm.ref.name, later)]
        left = [c for c in left if c not in bundle]
        report.note(f"realm {realm.ref.name} with {len(bundle) - 1} objects")
        began = time.monotonic()
        failure = _attempt_realm(provider, bundle, key_of, begin)
        seconds = time.monotonic() - began
        yield _outcome(realm, failure, seconds)
        if failure:
            return
        yield from (_outcome(c, None, 0.0) for c in bundle if c is not realm)
    removed = [c for c in left if _removes_realm(c)]
    # What is in a realm goes with it, our own client last of all.
    within = {r.ref: [c for c in left if c.ref.scope == r.ref.name] for r in removed}
    gone = {c.ref for of in within.values() for c in of} | within.keys()
    left = [c for c in left if c.ref not in gone]
    for change in sorted(left, key=_place) + removed:
        report.note(f"{change.action.value} {change.ref}")
        began = time.monotonic()
        failure = _attempt(provider, change, key_of, begin)
        yield _outcome(change, failure, time.monotonic() - began)
        if failure:
            return
        yield from (_outcome(c, None, 0.0) for c in within.get(change.ref, ()))


def _removes_realm(change: plan.Change) -> bool:
    return change.ref.kind == "Realm" and change.action is plan.Action.DELETE


def _creates_realm(change: plan.Change) -> bool:
    return change.ref.kind == "Realm" and change.action is plan.Action.CREATE


def _inside(change: plan.Change, realm: str, later: set[str]) -> bool:
    """Organizations and identity providers are not part of a realm's representation here.

    Nor are client scopes: a representation that names any leaves out Keycloak's own.
    """
    return (
        change.ref.scope == realm
        and change.action is plan.Action.CREATE
        and change.ref.kind not in ("Organization", "ClientScope", "IdentityProvider")
        and change.ref.name not in later
    )


def _asks_for_own_scopes(change: plan.Change) -> bool:
    """Whether it is a client of a link, whose scopes must be there before it."""
    wanted = change.desired
    marks = wanted.fields.get("attributes", {}) if wanted else {}
    return change.ref.kind == "Client" and labels.LINK in marks


def _attempt_realm(
    provider: IdentityProvider, bundle: Sequence[plan.Change], key_of: KeyOf, begin: plan.Begin
) -> errors.OnboardError | None:
    try:
        for change in bundle:
            begin(change)
        provider.create_realm([c.desired for c in bundle if c.desired is not None], key_of)
    except errors.OnboardError as problem:
        return problem
    return None


def _attempt(
    provider: IdentityProvider, change: plan.Change, key_of: KeyOf, begin: plan.Begin
) -> errors.OnboardError | None:
    try:
        begin(change)
        if change.desired is None:
            provider.delete(change.ref)
        elif change.action is plan.Action.CREATE:
            provider.create(change.desired, key_of)
        else:
            provider.update(change.desired, key_of)
    except errors.OnboardError as problem:
        return problem
    return None


def _outcome(
    change: plan.Change, failure: errors.OnboardError | None, seconds: float
) -> plan.Outcome:
    status = plan.Status.FAILED if failure else plan.Status.APPLIED
    return plan.Outcome(change, status, seconds, failure)


def _place(change: plan.Change) -> tuple[bool, int, int, item.Ref]:
    """Deletions come last and turn the order round; a group's parent is made before it."""
    deletes = change.action is plan.Action.DELETE
    order, depth = _ORDER.index(change.ref.kind), change.ref.name.count(":")
    if deletes:
        order, depth = -order, -depth
    return deletes, order, depth, change.ref
