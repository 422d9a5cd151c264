"""Holding a run to what was reviewed: by a plan file, or by the digest of a plan."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onboarding import environment, errors, plan_file, strict_yaml
from onboarding.cli import job as jobs

if TYPE_CHECKING:
    from onboarding import reconcile

KEPT = "plan-begun"
"""Name of the document in the state store: the reviewed plan whose run was begun last."""


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What somebody looked at: the digest, and the plan itself where a file holds it.

    ``by`` made that file; "" where there is none. ``whole``: the digest of all that were reviewed
    as one; "" for one alone.
    """

    digest: str
    part: plan_file.Part | None = None
    created: datetime | None = None
    by: str = ""
    whole: str = ""


def digest(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """The 64 hexadecimal digits of ``--expect sha256:…``."""
    if value is None:
        return None
    found = re.fullmatch(r"(?:sha256:)?([0-9a-f]{64})", value.strip().lower())
    if found is None:
        raise click.BadParameter(f"{value!r} is no digest; write it as plan shows it: sha256:…")
    return found[1]


def opened(path: Path, target: environment.Environment, expected: str | None) -> plan_file.Saved:
    """The plan file, sound, for this target, not expired, and the one that was expected."""
    saved = plan_file.read(path)
    if expected not in (None, saved.digest):
        raise errors.Mismatch(
            f"{path} is not the plan that was expected",
            details=[f"expected sha256:{expected}", f"it is    sha256:{saved.digest}"],
            resolution="Name the plan file that was reviewed.",
        )
    plan_file.check_file(saved, target, datetime.now(UTC))
    return saved


def resumed(part: plan_file.Part, start: Callable[[plan_file.Part], jobs.Job]) -> jobs.Job:
    """The job of a part, unless a manifest it was made from reads differently by now."""
    given = [part.manifest, *(peer for _, peer in part.peers if peer.file)]
    moved = [line for source in given for line in _rewritten(source)]
    if moved:
        raise errors.Mismatch(
            f"{part.tenant_id}: the manifest was changed after the plan was made",
            details=moved,
            resolution="Make a new plan and review it: onboard plan FILE -o PLAN",
        )
    return start(part)


def _rewritten(source: plan_file.Source) -> list[str]:
    path = Path(source.file)
    if not path.is_file():
        # Planned on another computer: what was reviewed is what the plan file holds.
        return []
    now = strict_yaml.survey(path).text
    return [
        f"{source.file}: {line}" for line in plan_file.differences(source.text, now, source.file)
    ]


def hold(job: jobs.Job, prepared: reconcile.Prepared, reviewed: Reviewed) -> str:
    """Raise ``errors.Mismatch`` unless the plan of now is what was reviewed, or the rest of it.

    Returns what to say where it was carried out before and nothing is left to do; else "".
    """
    of, now = job.tenant.id, prepared.plan
    past = plan_file.standing(job.store.journal(of), reviewed.digest)
    part = reviewed.part or _kept(job, reviewed.digest)
    done = bool(past.done) and (reviewed.created is None or _before(reviewed.created, past.done))
    if done and not now.changes and not now.conflicts:
        return f"this plan was applied already, on {past.done} by {past.by or 'an unnamed run'}"
    if done and part is not None and reviewed.created is not None:
        raise plan_file.already_done(part, now, past.done, past.by)
    if now.digest == reviewed.digest:
        return ""
    if part is not None:
        plan_file.check(part, now, begun=past.begun)
        return ""
    raise errors.Mismatch(
        f"{of}: the plan is not the one that was reviewed; nothing was written",
        details=[f"reviewed sha256:{reviewed.digest}", f"now      sha256:{now.digest}"],
        resolution="Make a new plan and review it; what moved is told where the plan was kept as"
        " a file (onboard plan FILE -o PLAN, onboard apply --plan PLAN).",
    )


def _before(created: datetime, done: str) -> bool:
    return created <= datetime.fromisoformat(done)


def keep(job: jobs.Job, part: plan_file.Part) -> None:
    """Remember the reviewed plan, so that a run that is stopped can go on with its rest."""
    job.store.keep(job.tenant.id, KEPT, plan_file.part_document(part))


def _kept(job: jobs.Job, digest: str) -> plan_file.Part | None:
    kept = job.store.kept(job.tenant.id, KEPT)
    if kept is None or kept.get("digest") != f"sha256:{digest}":
        return None
    return plan_file.part_of(kept)
