"""The step that hands an agency its records: one bag, checked, and its digest as evidence."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from onboarding import desired, environment, errors, item, kube, lineage, tenant, vault
from onboarding.identity import events as identity_events
from onboarding.leaving import bag, counting, export, product_records, run, sources, steps

Source = Callable[[run.Case], sources.RecordsSource]


def stores(case: run.Case) -> sources.RecordsSource:
    """The product's own API where the environment names it; else only what is provably empty."""
    cluster = kube.connect(case.target, environment.Role.AUDITOR)
    applied = case.store.applied(case.of.id)
    filled = frozenset(i.ref.scope for i in applied if i.ref.kind == "PersistentVolumeClaim")
    simulated = sources.SimulatedStores(cluster, filled)
    about = case.target.e_office
    if about is None:
        return simulated
    return product_records.ProductStores(case.target, about, cluster, simulated)


def name(case: run.Case, leaving: steps.Leaving) -> str:
    """Name of the folder of an agency's export, the same at every attempt."""
    return f"{case.of.id}-{case.of.generation}-export-{leaving.begun[:10]}"


def look(
    case: run.Case, source: Source = stores, *, allow_empty: bool = False
) -> tuple[sources.Contents, ...]:
    """What the stores hold, before anything is written. Raises where that cannot be told."""
    asked = source(case)
    held = tuple(asked.count(case.of, instance) for instance in case.of.instances)
    counting.keep(case.store, case.of.id, held, allow_empty=allow_empty)
    return held


def moved(case: run.Case, exported: steps.Evidence, source: Source = stores) -> tuple[str, ...]:
    """What the products that still stand hold otherwise than the export, as lines for a person.

    Raises ``errors.OnboardError`` where one of them cannot be asked.
    """
    asked = source(case)
    now = [asked.recount(case.of, instance) for instance in case.of.instances]
    return counting.differences(exported.facts["letters"], [one for one in now if one])


def carry_out(
    case: run.Case, place: Path, source: Source = stores, *, allow_empty: bool = False
) -> bag.Sealed:
    """Write the bag to ``place``, read it again, and keep what proves it."""
    leaving = run.begin(case)
    identifier = f"{case.of.id}-{case.of.generation} {leaving.begun}"
    place.parent.mkdir(parents=True, exist_ok=True)
    with case.report.step("Export"), bag.making(place, identifier) as folder:
        held, counted = _fill(case, folder, source)
        counting.keep(case.store, case.of.id, held, allow_empty=allow_empty)
        agency = case.of.manifest.agency
        heirs = lineage.successors(case.store, case.of.id)
        bag.seal(
            folder,
            {
                **({"Records-Receiver": ", ".join(heirs)} if heirs else {}),
                "Source-Organization": agency.name_en,
                "External-Description": f"Records of {agency.name_th} ({agency.name_en})",
                "External-Identifier": identifier,
                "Bagging-Date": leaving.begun[:10],
                "Bag-Software-Agent": f"onboard {case.basis.get('tool', '')}",
            },
        )
    made = bag.sealed(place)
    wrong = bag.problems(place, made.digest)
    if wrong:
        raise errors.EngineFailed(
            f"{place} was not written as it should be",
            details=wrong[:20],
            resolution="Run the same command again, perhaps with another --bundle.",
        )
    facts = {
        "bundle": str(place.absolute()),
        "digest": made.digest,
        "files": made.files,
        "octets": made.octets,
        "letters": [asdict(one) for one in held],
        **counted,
    }
    run.conclude(case, leaving, steps.Step.EXPORT, facts)
    return made


def _fill(
    case: run.Case, folder: Path, source: Source
) -> tuple[tuple[sources.Contents, ...], dict[str, int]]:
    content = folder / "data"
    held = export.letters(case.of, source(case), content)
    frozen = desired.everything(case.at(tenant.Phase.FROZEN), case.target)
    export.configuration(frozen, content)
    with vault.connect(case.target, environment.Role.AUDITOR) as door:
        counted = export.certificates(door, case.of, content)
    counted["journal"] = export.history(case.store, case.of.id, case.manifest, content)
    events = _sign_in_events(case, frozen)
    counted["events"] = sum(len(found) for found in events.values())
    export.sign_in_events(events, content)
    about = {"letters": [asdict(one) for one in held], **counted}
    export.cover(case.of, case.target, about, folder)
    return held, counted


def _sign_in_events(case: run.Case, items: tuple[item.Item, ...]) -> dict[str, list[Any]]:
    """By object: a realm's events are of all agencies in it, so each object is asked about."""
    own = {"Organization", "Group", "Client", "IdentityProvider", "ClientScope"}
    refs = [i.ref for i in items if i.ref.kind in own and i.ref.engine is item.EngineName.SSO]
    told = identity_events.trails(case.target, environment.Role.AUDITOR, refs)
    return {str(ref): [*found] for ref, found in told.items() if found}
