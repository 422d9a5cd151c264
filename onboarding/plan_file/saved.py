"""What a plan file holds, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from onboarding import item, plan, policy, safety


@dataclass(frozen=True, slots=True)
class Source:
    """A manifest as it was written. ``commit``: git revision of its folder, "" where unknown."""

    file: str
    text: str
    commit: str = ""


@dataclass(frozen=True, slots=True)
class Judged:
    """A finding of manifest or plan that stands open; ``gates``: it would block an apply."""

    control: str
    title_en: str
    title_th: str
    severity: policy.Severity
    verdict: policy.Verdict
    subject: str
    seen: str
    gates: bool

    @classmethod
    def of(cls, found: policy.Finding) -> Judged:
        control, result = found.control, found.result
        return cls(
            control.id,
            control.title_en,
            control.title_th,
            control.severity,
            result.verdict,
            result.subject,
            result.seen,
            found.gates,
        )


@dataclass(frozen=True, slots=True)
class Part:
    """The plan of one agency, complete with desired items, and what it was made from.

    ``peers``: the manifests of agencies that it has links with, by agency id.
    """

    plan: plan.Plan
    name_en: str
    name_th: str
    manifest: Source
    peers: tuple[tuple[str, Source], ...] = ()
    findings: tuple[Judged, ...] = ()
    hazards: tuple[safety.Hazard, ...] = ()

    @property
    def tenant_id(self) -> str:
        return self.plan.tenant_id

    @property
    def digest(self) -> str:
        """64 hexadecimal digits; what is approved, expected and recorded."""
        return self.plan.digest


@dataclass(frozen=True, slots=True)
class Made:
    """Where, when and by whom a plan was made; all times are in UTC."""

    environment: str
    production: bool
    by: str
    created: datetime
    expires: datetime
    as_of: date


@dataclass(frozen=True, slots=True)
class Saved:
    """A whole plan file; ``parts`` in the order of agency ids."""

    digest: str
    made: Made
    parts: tuple[Part, ...]


def digest_of(digests: Sequence[tuple[str, str]]) -> str:
    """The digest of plans given as (agency id, digest): of one its own, else of the list."""
    if len(digests) == 1:
        return digests[0][1]
    return item.content_hash(sorted(map(list, digests)))


def seal(made: Made, parts: Sequence[Part]) -> Saved:
    """The plan file of these parts, with its digest."""
    ordered = tuple(sorted(parts, key=lambda part: part.tenant_id))
    return Saved(digest_of([(p.tenant_id, p.digest) for p in ordered]), made, ordered)
