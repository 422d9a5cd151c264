"""What remains of an agency that has left: the proof of each step, for the agency to keep."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from onboarding.desired import documents


def text(of: Mapping[str, Any], *, language: str = "en") -> str:
    """The tombstone as a document in one language, from its record in the state store."""
    proofs = {entry["step"]: entry for entry in of["leaving"]["evidence"]}
    destruction = of["leaving"]["destruction"]
    return documents.render(
        f"leaving/tombstone.{language}.md.j2",
        of=of,
        freeze=proofs["freeze"],
        revoke=proofs["revoke"],
        export=proofs["export"],
        destroy=proofs["destroy"],
        destroyed=len(destruction["refs"]),
        approvals=destruction["approval"]["approvals"],
        before=destruction["approval"]["before"],
        after=proofs["destroy"]["facts"]["after"],
    ).rstrip("\n")
