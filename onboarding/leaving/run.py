"""A leaving carried out: each step planned, written under the lease, proven, and recorded.

The order of things that are kept makes every step repeatable after a kill: first the effect, then
what proves it in the journal, then the document that says so.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from onboarding import clock, environment, errors, item, plan, progress, reconcile, tenant, vault
from onboarding.desired import phases
from onboarding.engines import pulumi_stack, table
from onboarding.leaving import records, retention, steps
from onboarding.pki import listing, revocation
from onboarding.state import interface as state

_E = item.EngineName
FREEZE_ORDER = (_E.SSO, _E.VAULT, _E.CLUSTER, _E.INGRESS_TLS, _E.SETTINGS)
DESTROY_ORDER = (_E.SETTINGS, _E.INGRESS_TLS, _E.CLUSTER, _E.SSO, _E.VAULT)
"""What people use goes before what it stands on; Vault, which proves the rest, goes last."""

_PURPOSE = {
    steps.Step.FREEZE: plan.Purpose.FREEZE,
    steps.Step.REVOKE: plan.Purpose.REVOKE,
    steps.Step.DESTROY: plan.Purpose.DESTROY,
}


@dataclass(frozen=True, slots=True)
class Case:
    """One agency that leaves one environment. ``of`` is in the phase PRESENT."""

    of: tenant.Tenant
    target: environment.Environment
    store: state.StateStore
    now: clock.Clock
    report: progress.Progress
    manifest: str
    basis: Mapping[str, str]
    warrant: reconcile.Warrant

    def at(self, phase: tenant.Phase) -> tenant.Tenant:
        return replace(self.of, phase=phase)

    @property
    def stands(self) -> records.Standing:
        return records.standing(self.store, self.of.id)


def prepare(case: Case, step: steps.Step) -> reconcile.Prepared:
    """What a step would change, read with the planner's rights (certificates: the auditor's)."""
    if step is steps.Step.REVOKE:
        return _revocations(case)
    phase = tenant.Phase.GONE if step is steps.Step.DESTROY else tenant.Phase.FROZEN
    return _planned(case, phase, _PURPOSE[step])


def prepare_return(case: Case) -> reconcile.Prepared:
    """What an agency that stays after all would get back."""
    return _planned(case, tenant.Phase.PRESENT, plan.Purpose.THAW)


def _planned(case: Case, phase: tenant.Phase, purpose: plan.Purpose) -> reconcile.Prepared:
    return reconcile.prepare(
        case.at(phase),
        case.target,
        table.of(case.target, environment.Role.PLANNER),
        case.store,
        case.now,
        case.report,
        purpose=purpose,
        basis=case.basis,
    )


def _revocations(case: Case) -> reconcile.Prepared:
    of = case.at(tenant.Phase.FROZEN)
    with vault.connect(case.target, environment.Role.AUDITOR) as door:
        open_ones = revocation.standing(listing.leaves(door, of))
    now = [_certificate(of, one, revoked=False) for one in open_ones]
    wanted = [_certificate(of, one, revoked=True) for one in open_ones]
    made = plan.diff(
        of.id,
        wanted,
        now,
        target=case.target.pins(),
        purpose=plan.Purpose.REVOKE,
        basis=case.basis,
    )
    kept = case.store.applied(of.id)
    seen = {_E.VAULT: item.Observation({of.id: tuple(now)}, frozenset({"Certificate"}))}
    return reconcile.Prepared(of, case.target, kept, seen, made, ())


def _certificate(of: tenant.Tenant, one: listing.Certificate, *, revoked: bool) -> item.Item:
    ref = item.Ref(_E.VAULT, "Certificate", of.pki_mount, one.serial)
    about = {key: one.facts[key] for key in ("commonName", "organization", "notAfter")}
    return item.Item(ref, {**about, "revoked": revoked}, of.id)


def begin(case: Case) -> steps.Leaving:
    """The leaving that is under way, or a new one. Raises ``errors.Refused`` after its end."""
    stands = case.stands
    if stands.tombstone is not None:
        records.refuse_unless_present(stands, case.of.id)
    if stands.leaving is not None:
        if stands.leaving.cancelling:
            raise errors.Refused(
                f"{case.of.id}: its leaving is being cancelled",
                resolution="Go on with: onboard offboard FILE --cancel",
            )
        return stands.leaving
    case.store.record(case.of.id, "leaving-begun", by=case.warrant.by)
    made = steps.Leaving(begun=_stamp())
    records.keep(case.store, case.of.id, made)
    return made


def freeze(case: Case, prepared: reconcile.Prepared) -> reconcile.Run:
    """Take away sign-in, writing and signing, and prove by another reading that they are gone."""
    leaving = begin(case)
    run = _carry_out(case, prepared, FREEZE_ORDER)
    if run.failure is not None:
        return run
    again = prepare(case, steps.Step.FREEZE)
    _all_done(again.plan, "frozen")
    today = case.now.today()
    until = retention.until(case.of, today)
    off = [i for i in again.desired if i.fields.get("enabled") is False and i.ref.engine is _E.SSO]
    facts = {
        "plan": prepared.plan.digest,
        "objects": len(again.desired),
        "signInOff": sorted(str(i.ref) for i in off),
        "frozenOn": today.isoformat(),
        "retainUntil": until.isoformat(),
    }
    conclude(case, replace(leaving, frozen_on=today, retain_until=until), steps.Step.FREEZE, facts)
    return run


def revoke(case: Case, prepared: reconcile.Prepared) -> reconcile.Run:
    """Revoke whatever could still be used, and publish the list that says so."""
    leaving = begin(case)
    run = _carry_out(case, prepared, item.ENGINE_ORDER)
    if run.failure is not None:
        return run
    # A certificate is an event, not something to be held as it is: no record of what was applied.
    held = [i for i in case.store.applied(case.of.id) if i.ref.kind != "Certificate"]
    case.store.keep_applied(case.of.id, held)
    with vault.connect(case.target, environment.Role.APPLIER) as door:
        listed = revocation.publish(door, case.of)
        issued = listing.leaves(door, case.of)
    left = revocation.standing(issued)
    if left:
        raise errors.EngineFailed(
            f"{case.of.id}: {len(left)} certificate(s) were issued meanwhile",
            details=[f"{c.facts['commonName']}, serial {c.serial}" for c in left],
            resolution="Run the same command again.",
        )
    revoked = [c for c in issued if c.revoked_at]
    facts = {
        "plan": prepared.plan.digest,
        "revoked": [
            {"serial": c.serial, "commonName": c.facts["commonName"], "at": c.revoked_at}
            for c in revoked
        ],
        "ended": len(issued) - len(revoked),
        "list": list_facts(listed),
    }
    conclude(case, leaving, steps.Step.REVOKE, facts)
    return run


def list_facts(of: Mapping[str, revocation.Published]) -> dict[str, Any]:
    """Revocation lists as evidence: the CA's, and under ``former`` those of CAs before it."""
    first, *former = (_list_facts(one) for one in of.values())
    return {**first, "former": former} if former else first


def _list_facts(of: revocation.Published) -> dict[str, Any]:
    return {
        "number": of.number,
        "thisUpdate": of.this_update,
        "nextUpdate": of.next_update,
        "revoked": len(of.serials),
        "sha256": of.sha256,
    }


def destroy(
    case: Case,
    prepared: reconcile.Prepared,
    approvals: list[dict[str, Any]],
    before: Mapping[str, int],
    hand_over: Callable[[Mapping[str, Any]], None],
) -> tuple[reconcile.Run, Mapping[str, Any]]:
    """Remove everything but the proof of signatures; the tombstone is {} where the run failed.

    ``hand_over`` gives the tombstone to the agency before the leaving has ended: where it cannot,
    the same command does it again.

    What is about to be destroyed is recorded before the first of it goes, so that a run that was
    stopped goes on with the rest, and a new thing is never taken along.
    """
    leaving = begin(case)
    if leaving.destruction is None:
        refs = tuple(sorted(str(c.ref) for c in prepared.plan.changes))
        doomed = steps.Destruction(
            prepared.plan.digest, refs, {"approvals": approvals, "before": dict(before)}
        )
        case.store.record(
            case.of.id,
            "destroy-begun",
            evidence=item.content_hash(steps.to_json(doomed)),
            objects=len(refs),
            by=case.warrant.by,
        )
        leaving = replace(leaving, destruction=doomed)
        records.keep(case.store, case.of.id, leaving)
    digest = leaving.destruction.digest if leaving.destruction else ""
    doing = replace(case, warrant=replace(case.warrant, digest=digest))
    run = _carry_out(doing, prepared, DESTROY_ORDER)
    if run.failure is not None:
        return run, {}
    again = prepare(case, steps.Step.DESTROY)
    _all_done(again.plan, "destroyed")
    left = counts(again)
    pulumi_stack.PulumiStack(case.target, environment.Role.APPLIER).forget(prepared.tenant)
    with vault.connect(case.target, environment.Role.APPLIER) as door:
        listed = revocation.published(door, case.of.pki_mount)
    facts = {
        "plan": digest,
        "asOf": case.now.today().isoformat(),
        "list": list_facts(listed),
        "after": left,
    }
    ended = conclude(case, leaving, steps.Step.DESTROY, facts)
    tombstone = _tombstone(case, ended)
    hand_over(tombstone)
    case.store.record(case.of.id, "leaving-ended", tombstone=item.content_hash(tombstone))
    records.bury(case.store, case.of.id, tombstone)
    return run, tombstone


def counts(of: reconcile.Prepared) -> dict[str, int]:
    """Objects of the agency in each engine, the kept chain left out."""
    return {
        name.value: sum(
            i.owner == of.tenant.id and i.ref.kind not in phases.CHAIN
            for i in seen.of(of.tenant.id)
        )
        for name, seen in of.observed.items()
    }


def _tombstone(case: Case, of: steps.Leaving) -> dict[str, Any]:
    agency = case.of.manifest.agency
    return {
        "agency": case.of.id,
        "nameTh": agency.name_th,
        "nameEn": agency.name_en,
        "environment": case.target.name,
        "generation": case.of.generation,
        "at": _stamp(),
        "pkiMount": case.of.pki_mount,
        "leaving": steps.to_json(of),
    }


def refuse_to_cancel(case: Case) -> steps.Leaving:
    """The leaving that can be cancelled. Raises ``errors.Refused`` where there is none."""
    leaving = case.stands.leaving
    if leaving is None:
        raise errors.Refused(f"{case.of.id} is not leaving; there is nothing to cancel")
    if leaving.destruction is not None:
        raise errors.Refused(
            f"{case.of.id}: destroying has begun, it cannot be cancelled any more",
            resolution="Go on with: onboard offboard FILE",
        )
    return leaving


def cancel(case: Case, prepared: reconcile.Prepared) -> reconcile.Run:
    """Give back what the manifest describes; revoked certificates stay revoked (RFC 5280)."""
    leaving = refuse_to_cancel(case)
    if not leaving.cancelling:
        case.store.record(case.of.id, "cancel-begun", by=case.warrant.by)
        records.keep(case.store, case.of.id, replace(leaving, cancelling=True))
    run = _carry_out(case, prepared, item.ENGINE_ORDER)
    if run.failure is None:
        _all_done(prepare_return(case).plan, "given back")
        case.store.record(case.of.id, "cancel-ended", by=case.warrant.by)
        case.store.forget(case.of.id, records.LEAVING)
    return run


def _carry_out(
    case: Case, prepared: reconcile.Prepared, order: tuple[item.EngineName, ...]
) -> reconcile.Run:
    return reconcile.carry_out(
        prepared,
        table.of(case.target, environment.Role.APPLIER),
        case.store,
        case.report,
        order=order,
        warrant=case.warrant,
    )


def _all_done(left: plan.Plan, what: str) -> None:
    """Raise ``errors.EngineFailed`` unless another reading finds nothing left to do."""
    if left.changes or left.conflicts:
        refs = [str(c.ref) for c in left.changes] + [str(c.ref) for c in left.conflicts]
        raise errors.EngineFailed(
            f"{left.tenant_id}: not everything is {what}: {len(refs)} object(s) differ again",
            details=refs[:20],
            resolution="Somebody else writes to them. Run the same command again.",
        )


def conclude(
    case: Case, leaving: steps.Leaving, step: steps.Step, facts: Mapping[str, Any]
) -> steps.Leaving:
    """Keep what proves a step: in the journal first, without which no evidence counts."""
    evidence = steps.Evidence(step, _stamp(), case.warrant.by, facts)
    case.store.record(case.of.id, f"{step.value}-ended", evidence=evidence.digest, by=evidence.by)
    ended = leaving.with_evidence(evidence)
    records.keep(case.store, case.of.id, ended)
    return ended


def _stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
