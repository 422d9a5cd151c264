"""Rule, Facts and Hazard: the words in which the safety rules speak."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from onboarding import item, plan

CONFLICT = "conflict"
DELETION = "deletion"
DATA_DELETION = "data-deletion"
REPLACEMENT = "replacement"
MASS_DELETION = "mass-deletion"
QUOTA_BELOW_USE = "quota-below-use"
SHORTER_RETENTION = "shorter-retention"
NETWORK_OPENING = "network-opening"
LOOSER_IDENTITY = "looser-identity"
MANY_TENANTS = "many-tenants"
QUOTA_INCREASE = "quota-increase"
AMENDMENT = "amendment"
DESTROY = "destroy"
SHRINKING = "shrinking"
LASTING = "lasting"
ENDING = "ending"
VANISHED = "vanished"

FLAGS: Mapping[str, tuple[str, str]] = {
    DELETION: ("--allow-delete", "Allow the plan to delete objects of this agency."),
    DATA_DELETION: ("--allow-data-loss", "Allow the plan to delete what holds data."),
    REPLACEMENT: ("--allow-replace", "Allow the plan to replace what holds data."),
    VANISHED: ("--allow-empty", "Allow the plan to make anew, and empty, what held records."),
    MASS_DELETION: ("--allow-mass-delete", "Allow the plan to delete a large part at once."),
    QUOTA_BELOW_USE: ("--allow-quota-below-use", "Allow a quota below what is in use."),
    SHORTER_RETENTION: ("--allow-shorter-retention", "Allow records to be kept for less time."),
    NETWORK_OPENING: ("--allow-opening", "Allow the plan to open a network path or a link."),
    LOOSER_IDENTITY: ("--allow-looser-identity", "Allow a sign-in setting or right to loosen."),
    MANY_TENANTS: ("--allow-many-tenants", "Allow one run to change more agencies than usual."),
}
"""The flag that allows what a rule found, and its line of help.

A rule without a flag is allowed by a second person, or by nothing.
"""

NEVER: Mapping[str, str] = {
    CONFLICT: "Rename or remove the objects, or give the agency another metadata.id.",
    SHRINKING: "Keep the manifest's numbers that asked for the size there is, or, where a hand "
    "enlarged it, raise them until the plan asks for that much: it can only grow.",
    ENDING: "Copy what they hold first, for it goes with them: a volume as soon as no pod uses it "
    "any more. Then let them go, and run the same command again.",
    LASTING: "Find out who made them and what for; then remove them by hand, or take the agency's "
    "mark off them.",
}
"""What to do where nothing allows what a rule found."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rules look at besides the plan.

    ``live`` is what was read of this agency, ``applied`` what was written for it last.
    ``established``: a first apply has come to its end, so that what opens now opens later than
    what was reviewed with the agency as a whole. ``roles`` are those that approvers of the
    environment have. ``amended`` tells, by the role that approves it, what of the MOU changed.
    """

    live: Mapping[item.Ref, item.Item] = field(default_factory=dict)
    applied: Mapping[item.Ref, item.Item] = field(default_factory=dict)
    established: bool = True
    roles: frozenset[str] = frozenset()
    amended: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def before(self, ref: item.Ref) -> item.Item | None:
        """What was agreed so far: as applied last, else as it is live.

        Hand-made drift is no agreement: undoing it opens nothing, and asking for it later does.
        """
        return self.applied.get(ref) or self.live.get(ref)


@dataclass(frozen=True, slots=True)
class Hazard:
    """What one rule found in one plan.

    ``details`` are lines that name the objects and what is wrong with each. ``flag`` is the
    option that allows it, "" where none does. ``approver`` is the role a second person must
    have, "" where nobody else is asked.
    """

    rule: str
    message: str
    details: tuple[str, ...] = ()
    changes: tuple[plan.Change, ...] = ()
    flag: str = ""
    approver: str = ""

    @classmethod
    def of(cls, rule: str, message: str, told: Sequence[tuple[str, plan.Change]]) -> Hazard:
        """Of lines, each with the change that it is about."""
        return cls(rule, message, tuple(line for line, _ in told), tuple(c for _, c in told))

    @property
    def needs_second_person(self) -> bool:
        return bool(self.approver)
