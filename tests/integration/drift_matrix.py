"""The mutation matrix: every field of an agency changed by hand, and whether drift tells it.

In rounds: in each, one field of every object that has fields left is changed by hand, drift must
name exactly those, one apply must bring them back, and drift must be silent again.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from onboarding import applied, drift, environment, errors, item, normal_form, plan, progress
from onboarding.desired import everything
from onboarding.engines import table
from onboarding.state import opening
from tests.integration import hands, mutations
from tests.integration.breaking import Refused, World
from tests.integration.mutations import Mutation

WITH: Mapping[str, frozenset[str]] = {
    "Policy": frozenset({"document", "rules"}),
    "Settings": frozenset({"contentHash"}),
    "Client": frozenset({"publicKey", "attributes.jwks·string"}),
    "Issuer": frozenset({"*"}),
    "TlsSecret": frozenset({"*"}),
}
"""Fields that say the same as others: a document and its rules, a hash, a key and its fingerprint.
``*``: a certificate, which is another one as a whole."""

_ROUNDS_TO_SETTLE = 3


@dataclass
class Tally:
    """What became of the mutations."""

    found: list[Mutation] = field(default_factory=list)
    refused: dict[Mutation, str] = field(default_factory=dict)
    missed: list[Mutation] = field(default_factory=list)
    locked_out: list[Mutation] = field(default_factory=list)
    """Found, in that nothing could be read any more: our own way in was changed."""
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

    def drift(self) -> drift.Drift:
        of = self.world.of
        seen = drift.read([self.auditor], self.world.target, [of], progress.Silent())
        return drift.compare(of.id, self.applied, seen)

    def locked_out(self) -> bool:
        """Whether the auditor cannot read, or the applier, who would mend it."""
        try:
            self.applier.observe([self.world.of])
        except errors.OnboardError:
            return True
        return bool(self.drift().unread)

    def repair(self) -> list[str]:
        """Apply as the command does; what could not be written."""
        of = self.world.of
        seen = self.applier.observe([of]).of(of.id)
        made = plan.diff(of.id, self.desired, seen, self.applied, target={})
        if not made.changes:
            return []
        outcomes = list(self.applier.apply(of, made.changes, progress.Silent()))
        ours = applied.after(self.desired, seen, made.changes, outcomes, self.applied)
        live = {i.ref: i for i in self.applier.observe([of]).of(of.id)}
        self.applied = [
            replace(i, fields=normal_form.decided(i.fields, live[i.ref].fields))
            if i.ref in live
            else i
            for i in ours
        ]
        return [f"{o.change.ref}: {o.error}" for o in outcomes if o.error]

    def run(self, *, most_rounds: int = 10_000) -> Tally:
        tally = Tally()
        began = time.monotonic()
        waiting = mutations.chosen(self.desired)
        for _ in range(most_rounds):
            made = self._round(waiting, tally)
            if made is None:
                break
            if self.locked_out():
                made = self._one_by_one(made, tally)
            self._judge(made, tally)
            self._settle(made, tally)
        tally.seconds = time.monotonic() - began
        return tally

    def _round(
        self, waiting: dict[item.Ref, list[Mutation]], tally: Tally
    ) -> dict[Mutation, hands.Json] | None:
        """One mutation on every object that has some left; each with the object as it was."""
        made: dict[Mutation, hands.Json] = {}
        tried = False
        for left in waiting.values():
            while left:
                tried = True
                mutation = left.pop()
                before = self.hand.view(mutation.ref)
                assert before is not None, mutation
                why = self._attempt(mutation, before)
                if not why:
                    made[mutation] = before
                    break
                tally.refused[mutation] = why
        return made if tried else None

    def _attempt(self, mutation: Mutation, before: hands.Json) -> str:
        """Why the system declined, by every value that was tried; "" where it took one."""
        why = "no such field in what the system tells"
        for after in mutations.mutated(before, mutation):
            try:
                self.hand.write(mutation.ref, before, after)
            except (Refused, errors.OnboardError) as refused:
                why = str(refused)[:200]
                continue
            now = self.hand.view(mutation.ref)
            if hands.steady(now) != hands.steady(before):
                return ""
            why = "the system kept the value"
        return why

    def _one_by_one(
        self, made: Mapping[Mutation, hands.Json], tally: Tally
    ) -> dict[Mutation, hands.Json]:
        """Which mutations of a round locked us out; they are undone, the others made again."""
        for mutation in made:
            self._undo(mutation.ref, made)
        left = {}
        for mutation, before in made.items():
            assert not self._attempt(mutation, self.hand.view(mutation.ref) or {})
            if self.locked_out():
                tally.locked_out.append(mutation)
                self._undo(mutation.ref, made)
            else:
                left[mutation] = before
        return left

    def _judge(self, made: Mapping[Mutation, hands.Json], tally: Tally) -> None:
        told = {d.ref: d for d in self.drift().differences}
        for mutation in made:
            one = told.pop(mutation.ref, None)
            if one is None:
                tally.missed.append(mutation)
                continue
            tally.found.append(mutation)
            beyond = [leaf.path for leaf in one.leaves if not related(mutation, leaf.path)]
            if beyond or (one.what is drift.What.CHANGED and not one.leaves):
                tally.false.append(f"{mutation}: also {beyond}")
        tally.false += [f"beside all mutations: {d.what} {d.ref}" for d in told.values()]

    def _settle(self, made: Mapping[Mutation, hands.Json], tally: Tally) -> None:
        """Back to what was applied: by apply, and where that may not, by the hand itself."""
        left = self.drift().differences
        for one in left:
            if one.what is drift.What.TAKEN:
                self._undo(one.ref, made)
        problems: list[str] = []
        for _ in range(_ROUNDS_TO_SETTLE):
            problems = self.repair()
            left = self.drift().differences
            if not left:
                return
        for one in left:
            paths = [leaf.path for leaf in one.leaves]
            tally.unrepaired.append(f"{one.what} {one.ref} {paths} {problems}")
            self._undo(one.ref, made)
        if self.drift().differences:
            self.repair()

    def _undo(self, ref: item.Ref, made: Mapping[Mutation, hands.Json]) -> None:
        for mutation, before in made.items():
            now = self.hand.view(ref)
            if mutation.ref == ref and now is not None:
                kept = dict(before)
                if "metadata" in now and "resourceVersion" in now["metadata"]:
                    version = now["metadata"]["resourceVersion"]
                    kept["metadata"] = {**before["metadata"], "resourceVersion": version}
                self.hand.write(ref, now, kept)


def related(mutation: Mutation, path: str) -> bool:
    """Whether drift names the field itself, what is in it, or what it is in."""
    same = WITH.get(mutation.ref.kind, frozenset())
    if "*" in same:
        return True
    own = normal_form.joined(mutation.path)
    alias = any(path == s or path.startswith(f"{s}.") for s in same)
    return alias or _within(path, own) or _within(own, path)


def _within(inner: str, outer: str) -> bool:
    return inner == outer or inner.startswith(f"{outer}.")


def kinds(items: Sequence[item.Item]) -> set[str]:
    return {i.ref.kind for i in items}
