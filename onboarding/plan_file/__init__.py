"""The plan file: a reviewed plan that can be kept, shown, approved and applied exactly.

It holds one part for each agency. A part's digest is that of its plan; the digest of a file of
several parts covers the sorted list of theirs. No digest covers when the plan was made, when it
ends or as of which day its findings were judged; a checksum over the whole file does.
"""

from __future__ import annotations

from onboarding.plan_file.conversion import document, part_document, part_of
from onboarding.plan_file.files import read, refuse_another_in_place, write
from onboarding.plan_file.form import schema
from onboarding.plan_file.moved import already_done, check, check_file, differences, expired
from onboarding.plan_file.origin import basis, peer_of
from onboarding.plan_file.saved import Judged, Made, Part, Saved, Source, digest_of, seal
from onboarding.plan_file.standing import Standing, reviewed_in
from onboarding.plan_file.standing import of as standing

__all__ = [
    "Judged",
    "Made",
    "Part",
    "Saved",
    "Source",
    "Standing",
    "already_done",
    "basis",
    "check",
    "check_file",
    "differences",
    "digest_of",
    "document",
    "expired",
    "part_document",
    "part_of",
    "peer_of",
    "read",
    "refuse_another_in_place",
    "reviewed_in",
    "schema",
    "seal",
    "standing",
    "write",
]
