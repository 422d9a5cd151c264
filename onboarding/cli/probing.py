"""``--probe``: what would be tried, the question whether to, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onboarding import pause, policy
from onboarding.cli import console, exchange
from onboarding.cli import job as jobs
from onboarding.leaving import records

if TYPE_CHECKING:
    from onboarding.probes import probe, running

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "ran": "Probe {name}: {seconds:.1f} s, findings: {count}, begun "
        "{began:%Y-%m-%d %H:%M:%S} UTC",
        "left": "  May be left, the next run tries again: {id}: {why}",
        "kept": "  Not given back, so it may stay in the records there: {id}: {why}",
        "confirm": "  No public text establishes, and has to be confirmed:",
    },
    "th": {
        "ran": "การทดสอบ {name}: {seconds:.1f} วินาที ผล {count} รายการ เริ่มเมื่อ "
        "{began:%Y-%m-%d %H:%M:%S} UTC",
        "left": "  อาจมีสิ่งที่ใช้ทดสอบค้างอยู่ การทดสอบครั้งถัดไปจะดำเนินการอีกครั้ง: {id}: {why}",
        "kept": "  ระบบมิได้คืนสิ่งที่ใช้ทดสอบ จึงอาจคงอยู่ในทะเบียนของระบบ: {id}: {why}",
        "confirm": "  ยังไม่มีเอกสารเผยแพร่ที่ยืนยันข้อมูลต่อไปนี้ และต้องได้รับการยืนยัน:",
    },
}


def agreed(job: jobs.Job, secret_file: Path | None, *, yes: bool) -> tuple[probe.Probe, ...]:
    """The probes of the agency, once somebody agreed to what they send and make.

    Raises ``errors.UsageError`` where nobody can be asked, ``pause.Paused``, ``errors.Refused``.
    """
    from onboarding.probes import table

    records.refuse_unless_present(job.standing, job.tenant.id)
    pause.refuse(job.store, job.tenant.id, job.now.today())
    secret = exchange.account_secret(secret_file)
    probes = table.of(job.tenant, job.environment, job.store, job.now, secret)
    shown = [line for one in probes if one.does for line in (*one.does, "")]
    if shown and not yes:
        console.hint("\n".join([jobs.title(job), "", *shown]))
        console.refuse_without_asking("Read what would be sent")
        console.accept_plan("Probe so?")
    return probes


def run(job: jobs.Job, probes: Sequence[probe.Probe]) -> tuple[running.Ran, ...]:
    """Run them under the agency's lease."""
    from onboarding.probes import running

    with job.store.lease(job.tenant.id):
        return running.run(job.tenant.id, probes, console.progress())


def findings(job: jobs.Job, ran: Sequence[running.Ran]) -> tuple[policy.Finding, ...]:
    """What they found; a waiver counts here as for every control."""
    from onboarding import verify
    from onboarding.probes import running

    return verify.waive(running.findings(ran), job.tenant.manifest.waivers, job.now.today())


def text(job: jobs.Job, ran: Sequence[running.Ran]) -> str:
    """What is to be said beside the findings; "" where nothing is."""
    lines = [line for one in ran for line in _told(one, _WORDS[job.language])]
    return "\n".join(["", "", *lines]) if lines else ""


def _told(one: running.Ran, words: Mapping[str, str]) -> Iterator[str]:
    outcome = one.outcome
    if one.of.does:
        yield words["ran"].format(
            name=one.of.name,
            count=len(outcome.findings),
            seconds=(one.ended - one.began).total_seconds(),
            began=one.began,
        )
    for word, listed in (("left", outcome.left), ("kept", outcome.kept)):
        yield from (words[word].format(id=name, why=why) for name, why in listed.items())
    if outcome.confirm:
        yield words["confirm"]
        yield from (f"    - {point}" for point in outcome.confirm)


def as_json(ran: Sequence[running.Ran]) -> list[dict[str, Any]]:
    """Each probe: what it did, when, and what may be left, is kept, or is to be confirmed."""
    return [
        {
            "name": one.of.name,
            "did": [line for line in one.of.does if line],
            "began": one.began.isoformat(),
            "ended": one.ended.isoformat(),
            "left": dict(one.outcome.left),
            "kept": dict(one.outcome.kept),
            "confirm": list(one.outcome.confirm),
        }
        for one in ran
    ]
