"""What ``plan``, ``apply`` and ``verify`` work on: a manifest, its peers, and the environment."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onboarding import clock, environment, links, manifest, tenant
from onboarding.cli import options, peers
from onboarding.state import interface, opening


@dataclass(frozen=True, slots=True)
class Job:
    """One manifest against one environment."""

    others: tuple[tenant.Tenant, ...]
    tenant: tenant.Tenant
    text_of_manifest: str
    environment: environment.Environment
    store: interface.StateStore
    now: clock.Clock
    output: str
    language: str

    @property
    def text(self) -> bool:
        return self.output == "text"


def start(
    file: Path,
    wanted: str | None,
    given: tuple[Path, ...],
    now: clock.Clock,
    output: str,
    language: str,
) -> Job:
    """Read the manifest in ``file`` and what others declare; ``given`` is where peers may be."""
    read, document = manifest.read(file)
    target = options.target(wanted)
    store = opening.of(target)
    applied = store.manifests()
    of = tenant.resolve(
        read,
        target,
        declared=links.Declared(read, document),
        peers=peers.declared({link.peer for link in read.links}, given, applied),
        today=now.today(),
    )
    others = tuple(
        tenant.resolve(manifest.loads(text, f"last manifest of {agency}"), target)
        for agency, text in applied.items()
        if agency != of.id
    )
    return Job(others, of, document.text, target, store, now, output, language)


def title(job: Job) -> str:
    """The agency and where it is looked at, as the first line of a report."""
    agency = job.tenant.manifest.agency
    if job.language == "th":
        kind = "" if job.environment.production else " (มิใช่ระบบใช้งานจริง)"
        return f"{agency.name_th} ({job.tenant.id}) ในสภาพแวดล้อม {job.environment.name}{kind}"
    kind = "" if job.environment.production else " (not production)"
    return (
        f"{agency.name_en} · {agency.name_th} ({job.tenant.id})"
        f" on environment {job.environment.name}{kind}"
    )
