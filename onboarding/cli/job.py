"""What ``plan``, ``apply`` and ``verify`` work on: a manifest, its peers, and the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from onboarding import (
    clock,
    environment,
    lineage,
    links,
    manifest,
    plan_file,
    revision,
    strict_yaml,
    tenant,
)
from onboarding.cli import options, peers
from onboarding.leaving import records
from onboarding.manifest import model
from onboarding.state import interface, opening


@dataclass(frozen=True, slots=True)
class Job:
    """One manifest against one environment.

    ``peers``: the manifests at the other end of its links, by agency id; ``file`` is "" for one
    that was not given but is the last that was applied.
    """

    others: tuple[tenant.Tenant, ...]
    tenant: tenant.Tenant
    file: str
    text_of_manifest: str
    peers: Mapping[str, plan_file.Source]
    environment: environment.Environment
    store: interface.StateStore
    now: clock.Clock
    output: str
    language: str
    commit: str | None = None
    standing: records.Standing = records.HERE

    @property
    def text(self) -> bool:
        return self.output == "text"

    @property
    def basis(self) -> dict[str, str]:
        """What a plan of this job rests on."""
        texts = {agency: peer.text for agency, peer in self.peers.items()}
        return plan_file.basis(self.environment, self.text_of_manifest, texts)

    def source(self) -> plan_file.Source:
        """The manifest with its git revision, which is asked for only here."""
        commit = revision.of(Path(self.file)) if self.commit is None else self.commit
        return plan_file.Source(self.file, self.text_of_manifest, commit)


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
    found = peers.declared({link.peer for link in read.links}, given, {})
    return _made(read, document, found, target, store, now, output, language)


def resumed(
    part: plan_file.Part,
    target: environment.Environment,
    now: clock.Clock,
    output: str,
    language: str,
) -> Job:
    """The job that a part of a plan file was made from, with the manifests that it holds.

    Of peers whose manifest was not given then, the last applied one is taken as it is now.
    """
    text, file = part.manifest.text, part.manifest.file
    given = {agency: _declared(peer.text, peer.file) for agency, peer in part.peers if peer.file}
    store = opening.of(target)
    job = _made(*_read(text, file), given, target, store, now, output, language)
    return replace(job, commit=part.manifest.commit)


def _read(text: str, name: str) -> tuple[model.AgencyMou, strict_yaml.Document]:
    return manifest.loads(text, name), strict_yaml.loads(text, name)


def _declared(text: str, name: str) -> links.Declared:
    return links.Declared(*_read(text, name))


def _made(
    read: model.AgencyMou,
    document: strict_yaml.Document,
    given: Mapping[str, links.Declared],
    target: environment.Environment,
    store: interface.StateStore,
    now: clock.Clock,
    output: str,
    language: str,
) -> Job:
    stands = records.standing(store, read.id)
    applied = records.manifests(store)
    missing = {link.peer for link in read.links} - given.keys()
    declared = {**given, **peers.declared(missing, (), applied)}
    resolved = tenant.resolve(
        read,
        target,
        declared=links.Declared(read, document),
        peers=declared,
        today=now.today(),
        former=lineage.former_names(store, read.id),
        authority=lineage.authority(store, read.id),
    )
    of = tenant.standing(resolved, stands.phase, stands.generation)
    others = tuple(
        tenant.resolve(manifest.loads(text, f"last manifest of {agency}"), target)
        for agency, text in applied.items()
        if agency != of.id
    )
    family = lineage.family(store, of.id)
    others = tuple(o for o in others if o.id not in family or _shares_a_host(of, o))
    sources = {
        agency: plan_file.Source(one.file if agency in given else "", _text(one))
        for agency, one in declared.items()
    }
    return Job(
        others,
        of,
        document.name,
        document.text,
        sources,
        target,
        store,
        now,
        output,
        language,
        standing=stands,
    )


def _shares_a_host(one: tenant.Tenant, other: tenant.Tenant) -> bool:
    """A successor may have codes and numbers of its predecessor, but never answer in its place."""
    return bool({i.host for i in one.instances if i.host} & {i.host for i in other.instances})


def _text(of: links.Declared) -> str:
    return of.document.text if of.document else ""


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
