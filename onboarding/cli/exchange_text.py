"""What ``onboard exchange check`` shows: what would be sent, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onboarding import policy
from onboarding.cli import console
from onboarding.cli import job as jobs

if TYPE_CHECKING:
    from onboarding.ecms import exercise, trial

_WORDS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "confirm": "No public text establishes, and has to be confirmed:",
        "kept": "Not given back, so it may stay in the records of the exchange: {id}: {why}",
        "left": "May be left at the exchange, the next run tries again: {id}: {why}",
    },
    "th": {
        "confirm": "ยังไม่มีเอกสารเผยแพร่ที่ยืนยันข้อมูลต่อไปนี้ และต้องได้รับการยืนยัน:",
        "kept": "ระบบมิได้คืนหนังสือทดสอบ จึงอาจคงอยู่ในทะเบียนของระบบ: {id}: {why}",
        "left": "อาจมีหนังสือทดสอบค้างอยู่ การตรวจครั้งถัดไปจะดำเนินการอีกครั้ง: {id}: {why}",
    },
}


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check came to; ``seen`` is None where nothing was sent."""

    findings: tuple[policy.Finding, ...]
    seen: exercise.Seen | None = None

    @property
    def left(self) -> Mapping[str, str]:
        return self.seen.left if self.seen else {}

    @property
    def kept(self) -> Mapping[str, str]:
        return self.seen.kept if self.seen else {}


def plan(job: jobs.Job, wish: trial.Trial) -> str:
    """What would be sent, for whoever has to agree to it."""
    from onboarding.ecms import trial

    return "\n".join([jobs.title(job), "", *trial.announce(wish)])


def text(job: jobs.Job, done: Checked) -> str:
    from onboarding.ecms import standard
    from onboarding.report import text as report

    words = _WORDS[job.language]
    lines = [
        jobs.title(job),
        "",
        report.findings(
            done.findings,
            language=job.language,
            verbose=True,
            now=job.now,
            marks=console.marks(),
        ),
    ]
    for kind, listed in (("left", done.left), ("kept", done.kept)):
        lines += [words[kind].format(id=name, why=why) for name, why in listed.items()]
    if done.seen is not None:
        lines += ["", words["confirm"], *(f"  - {point}" for point in standard.confirm())]
    return "\n".join(lines)


def as_json(job: jobs.Job, done: Checked) -> dict[str, Any]:
    """The findings as ``onboard verify`` has them, with ``exchange``."""
    from onboarding.ecms import standard
    from onboarding.report import json as findings_json

    at = job.environment.letter_exchange
    return {
        **findings_json.findings(done.findings, job.tenant, job.environment, job.now),
        "exchange": {
            "address": at.address if at else "",
            "sent": done.seen is not None,
            "left": dict(done.left),
            "kept": dict(done.kept),
            "confirm": list(standard.confirm()),
        },
    }
