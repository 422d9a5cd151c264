"""The mutation matrix: every field of an agency changed by hand, and whether drift tells it.

In rounds: in each, some fields of every object that has fields left are changed by hand, one after
the other and apart from each other, drift must name exactly those, one apply must bring them back,
and drift must be silent again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from onboarding import (
    applied,
    drift,
    environment,
    errors,
    item,
    normal_form,
    plan,
    progress,
)
from onboarding.desired import everything
from onboarding.engines import table
from onboarding.safety import removal
from onboarding.state import opening
from tests.integration import drift_telling as telling
from tests.integration import hands, mutations
from tests.integration.breaking import Refused, World
from tests.integration.mutations import Mutation

ALONE = frozenset({"AuthenticationFlow", "Issuer", "KeyPair", "Mount", "Policy", "TlsSecret"})
"""Kinds of which one field is changed at a time: another would hide behind it."""

APPLIER = "onboard-applier"
"""Our own writer: a right that it lost it cannot give back to itself; bootstrap does."""

_ROUNDS_TO_SETTLE = 3


@dataclass
class Tally:
    """What became of the mutations."""

    found: list[Mutation] = field(default_factory=list)
    refused: dict[Mutation, str] = field(default_factory=dict)
    missed: list[Mutation] = field(default_factory=list)
    locked_out: list[Mutation] = field(default_factory=list)
    """Found, in that nothing could be read any more: our own way in was changed, or the system
    answers nobody about a value that it took."""
    false: list[str] = field(default_factory=list)
    unrepaired: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def size(self) -> int:
        return len(self.found) + len(self.locked_out) + len(self.refused) + len(self.missed)

    def __str__(self) -> str:
        return (
            f"{self.size} mutations: {len(self.found)} found, {len(self.locked_out)} told as "
            f"unreadable, {len(self.refused)} refused by the system, {len(self.missed)} missed, "
            f"{len(self.false)} false, "
            f"{len(self.unrepaired)} not repaired, {self.seconds:.0f} s"
        )


class Bench:
    """One engine of one agency, changed by hand and looked at by drift."""

    def __init__(self, world: World, name: item.EngineName, hand: hands.Hand) -> None:
        self.world, self.hand, self.name = world, hand, name
        target = world.target
        applier = {e.name: e for e in table.of(target, environment.Role.APPLIER)}
        auditor = {e.name: e for e in table.of(target, environment.Role.AUDITOR)}
        self.applier, self.auditor = applier[name], auditor[name]
        self.desired = [i for i in everything(world.of, target) if i.ref.engine is name]
        kept = opening.of(target).applied(world.of.id)
        self.applied = [i for i in kept if i.ref.engine is name]

    def look(self) -> drift.Drift:
        of = self.world.of
        seen = drift.read([self.auditor], self.world.target, [of], progress.Silent())
        return drift.compare(of.id, self.applied, seen)

    def locked_out(self) -> bool:
        """Whether the auditor cannot read, or the applier, who would mend it."""
        try:
            self.applier.observe([self.world.of])
        except errors.OnboardError:
            return True
        return bool(self.look().unread)

    def repair(self) -> list[str]:
        """Apply as the command does; what could not be written."""
        of = self.world.of
        seen = self.applier.observe([of]).of(of.id)
        made = plan.diff(of.id, self.desired, seen, self.applied, target={})
        if not made.changes:
            return []
        outcomes = list(self.applier.apply(of, made.changes, progress.Silent()))
        ours = applied.after(self.desired, seen, made.changes, outcomes, self.applied, {})
        live = {i.ref: i for i in self.applier.observe([of]).of(of.id)}
        self.applied = [
            replace(i, fields=normal_form.decided(i.fields, live[i.ref].fields))
            if i.ref in live
            else i
            for i in ours
        ]
        return [f"{o.change.ref}: {o.error}" for o in outcomes if o.error]

    def run(self, *, most_rounds: int = 10_000, at_once: int = 8) -> Tally:
        tally = Tally()
        began = time.monotonic()
        waiting = mutations.chosen(self.desired)
        for _ in range(most_rounds):
            made = self._round(waiting, tally, at_once)
            if made is None:
                break
            self._judge(made, tally)
            self._settle(made, tally)
            tally.seconds = time.monotonic() - began
            print(f"{self.name}: {tally}, {sum(map(len, waiting.values()))} left", flush=True)  # noqa: T201
        return tally

    def _round(
        self, waiting: dict[item.Ref, list[Mutation]], tally: Tally, at_once: int
    ) -> dict[Mutation, hands.Json] | None:
        """Mutations of every object that has some left; each with the object as it was."""
        made: dict[Mutation, hands.Json] = {}
        tried = False
        for ref, left in waiting.items():
            most = 1 if ref.kind in ALONE else at_once
            here: list[Mutation] = []
            before = self.hand.view(ref) if left else None
            for mutation in [*left]:
                if len(here) == most or any(not telling.apart(mutation, other) for other in here):
                    continue
                tried = True
                left.remove(mutation)
                now = self.hand.view(ref)
                assert before is not None, mutation
                assert now is not None, mutation
                why = self._attempt(mutation, now)
                if why:
                    tally.refused[mutation] = why
                elif _way_in(ref) and self.locked_out():
                    seen = self.look()
                    told = seen.unread or any(telling.tells(d, mutation) for d in seen.differences)
                    (tally.locked_out if told else tally.missed).append(mutation)
                    self.hand.write(ref, self._shown(ref) or now, now)
                else:
                    here.append(mutation)
                    made[mutation] = before
        return made if tried else None

    def _attempt(self, mutation: Mutation, before: hands.Json) -> str:
        """Why the system declined, by every value that was tried; "" where it took one."""
        why = (
            hands.WHOLE
            if "*" in telling.WITH.get(mutation.ref.kind, ())
            else "told by the system alone"
        )
        for after in mutations.mutated(before, mutation):
            try:
                self.hand.write(mutation.ref, before, after)
            except (Refused, errors.OnboardError) as refused:
                why = str(refused)[:200]
                continue
            if hands.steady(self._shown(mutation.ref)) != hands.steady(before):
                return ""
            why = "the system kept the value"
        return why

    def _shown(self, ref: item.Ref) -> hands.Json | None:
        """As it is now; None, too, where the system chokes on the value that it took."""
        try:
            return self.hand.view(ref)
        except errors.OnboardError:
            return None

    def _judge(self, made: Mapping[Mutation, hands.Json], tally: Tally) -> None:
        told = {d.ref: d for d in self.look().differences}
        for mutation in made:
            one = told.get(mutation.ref)
            if one is not None and telling.tells(one, mutation):
                tally.found.append(mutation)
            else:
                tally.missed.append(mutation)
        for ref, one in told.items():
            ours = [m for m in made if m.ref == ref or telling.brings(m, ref)]
            beyond = [
                x.path
                for x in one.leaves
                if not any(telling.related(m, x.path) or x.path in telling.along(m) for m in ours)
            ]
            if beyond or not ours:
                tally.false.append(f"{[str(m) for m in ours]}: also {one.what} {ref} {beyond}")

    def _settle(self, made: Mapping[Mutation, hands.Json], tally: Tally) -> None:
        """Back to what was applied: by apply, and where that may not, by the hand itself."""
        left = self.look().differences
        for one in left:
            if one.what is drift.What.TAKEN or one.ref.name == APPLIER:
                self._undo(one.ref, made)
        problems: list[str] = []
        for _ in range(_ROUNDS_TO_SETTLE):
            problems = self.repair()
            left = self.look().differences
            if not left:
                return
        for one in left:
            paths = [leaf.path for leaf in one.leaves]
            tally.unrepaired.append(f"{one.what} {one.ref} {paths} {problems}")
            self._undo(one.ref, made)
        if self.look().differences:
            self.repair()

    def _undo(self, ref: item.Ref, made: Mapping[Mutation, hands.Json]) -> None:
        for mutation, before in made.items():
            now = self.hand.view(ref) if mutation.ref == ref else None
            if now is not None:
                kept = dict(before)
                if "metadata" in now and "resourceVersion" in now["metadata"]:
                    version = now["metadata"]["resourceVersion"]
                    kept["metadata"] = {**before["metadata"], "resourceVersion": version}
                self.hand.write(ref, now, kept)
                return

    def whole_objects(self, tally: Tally) -> None:
        """One object of each kind deleted, then one added that carries the agency's mark."""
        by_kind = {i.ref.kind: i for i in self.desired if i.ref.name != APPLIER}
        for one in by_kind.values():
            self._one_object(one.ref, mutations.Op.DELETE, drift.What.DELETED, tally)
            beside = replace(one.ref, name=_beside(one.ref, self.world.of.id))
            self._one_object(beside, mutations.Op.ADD, drift.What.ADDED, tally, like=one.ref)

    def _one_object(
        self,
        ref: item.Ref,
        op: mutations.Op,
        what: drift.What,
        tally: Tally,
        *,
        like: item.Ref | None = None,
    ) -> None:
        mutation = Mutation(ref, op, ())
        try:
            if like is None:
                self.hand.delete(ref)
            else:
                self.hand.create(ref, self.hand.view(like) or {})
        except (Refused, errors.OnboardError) as refused:
            tally.refused[mutation] = str(refused)[:200]
            return
        if like is None:
            self._until_gone(ref)
        found = self.look().differences
        hit = any(d.ref == ref and d.what is what for d in found)
        (tally.found if hit else tally.missed).append(mutation)
        # What stood on it or in it is gone with it.
        tally.false += [
            f"{mutation}: also {d.what} {d.ref}"
            for d in found
            if d.what is not what and not telling.lost_with(ref, d)
        ]
        if like is not None and any(d.ref == ref for d in found) and self._left_to_a_hand(ref):
            self.hand.delete(ref)
            self._until_gone(ref)
        if like is None and (ending := self.hand.view(ref)) is not None:
            # A volume that pods still use: the plan leaves it to a person to let it go.
            metadata = {k: v for k, v in ending["metadata"].items() if k != "finalizers"}
            self.hand.write(ref, ending, {**ending, "metadata": metadata})
            self._until_gone(ref)
        self._settle({}, tally)

    def _until_gone(self, ref: item.Ref) -> None:
        deadline = time.monotonic() + 60
        while self.hand.view(ref) is not None and time.monotonic() < deadline:
            time.sleep(0.2)

    def _left_to_a_hand(self, ref: item.Ref) -> bool:
        """Whether apply would want a second person's word for its deletion, or refuse it."""
        of = self.world.of
        seen = self.auditor.observe([of]).of(of.id)
        made = plan.diff(of.id, self.desired, seen, self.applied, target={})
        lasting = {c.ref for hazard in removal.lasting(made) for c in hazard.changes}
        return ref in lasting or any(i.ref == ref and i.holds_data for i in seen)


def _way_in(ref: item.Ref) -> bool:
    """Whether we sign in by it, so that a change of it may lock us out."""
    return ref.kind == "Realm" or ref.name.startswith("onboard-")


def _beside(ref: item.Ref, agency: str) -> str:
    """A name under the agency's prefix, as a hand would choose one."""
    match ref.kind:
        case "Group":
            return f"{agency}:by-hand"
        case "KeyPair":
            return f"{ref.name}-by-hand"
        case "Settings":
            return "by-hand-settings"
        case "TlsSecret":
            return "by-hand-tls"
        case "Mount":
            return f"pki-{agency}-by-hand"
    return f"{ref.name}-by-hand"
