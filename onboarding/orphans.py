"""Orphans: what is there without a manifest, and what should be there and is not. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from onboarding import bootstrap, counted, item
from onboarding.engines import inventory


class Why(StrEnum):
    NO_MANIFEST = "no manifest"
    NOT_MARKED = "under an agency's prefix, without its mark"
    NOT_APPLIED = "marked as an agency's, and nobody applied it"
    NOT_LIVE = "recorded as applied, and nothing of it is live"
    NOT_IN_STACK = "live, and unknown to the stack"
    ONLY_IN_STACK = "in the stack, and not live"
    NO_RECORD = "a record without a manifest"


REMEDIES: Mapping[Why, str] = {
    Why.NO_MANIFEST: "take it over with its manifest (onboard adopt FILE), or let the agency leave "
    "(onboard offboard FILE), or remove it by hand",
    Why.NOT_MARKED: "take it over (onboard adopt FILE), or remove it by hand",
    Why.NOT_APPLIED: "onboard drift shows it and onboard apply removes it; where it stands under a "
    "foreign name it is to be removed by hand",
    Why.NOT_LIVE: "onboard apply FILE makes it again; onboard offboard FILE ends it",
    Why.NOT_IN_STACK: "onboard apply FILE takes it up with the next change",
    Why.ONLY_IN_STACK: "onboard apply FILE refreshes the stack with the next change",
    Why.NO_RECORD: "look at its journal (onboard status), then apply its manifest again, or keep "
    "the folder for the auditors",
}
"""What to do about each."""


@dataclass(frozen=True, slots=True)
class Orphan:
    """Things of one agency in one system that are orphans for one reason."""

    agency: str
    system: str
    why: Why
    things: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of agencies.

    ``manifests``: ids with a manifest; ``applied``: refs by agency; ``records``: ids in the store;
    ``gone``: ids with a tombstone.
    """

    manifests: frozenset[str]
    applied: Mapping[str, frozenset[item.Ref]]
    records: frozenset[str] = frozenset()
    gone: frozenset[str] = frozenset()


_ENGINES = {
    inventory.CLUSTER: item.EngineName.CLUSTER,
    inventory.VAULT: item.EngineName.VAULT,
    inventory.KEYCLOAK: item.EngineName.SSO,
}


def find(
    things: Collection[inventory.Thing], known: Known, *, unread: Collection[str] = ()
) -> tuple[Orphan, ...]:
    """Every orphan; ``unread`` are systems about which nothing may be concluded."""
    found: dict[tuple[str, str, Why], list[str]] = {}
    for agency, thing, why in (
        *_without_manifest(things, known),
        *_stack_beside_cluster(things, known, unread),
    ):
        found.setdefault((agency, thing.system, why), []).append(str(thing))
    for agency in sorted(known.records - known.manifests - known.gone):
        found[agency, inventory.FOLDER, Why.NO_RECORD] = [f"records of {agency}"]
    for agency, system, count in _not_live(things, known, unread):
        found[agency, system, Why.NOT_LIVE] = [counted.of(count, "object")]
    return tuple(
        Orphan(agency, system, why, tuple(sorted(names)))
        for (agency, system, why), names in sorted(found.items())
    )


def _without_manifest(
    things: Iterable[inventory.Thing], known: Known
) -> Iterator[tuple[str, inventory.Thing, Why]]:
    ids = known.manifests | known.gone
    for thing in things:
        agency = thing.agency or _guessed(thing.name, ids)
        if agency in (*known.gone, bootstrap.OWNER) or _is_settings_or_tls(thing):
            continue
        if agency not in known.manifests:
            yield agency, thing, Why.NO_MANIFEST if thing.agency else Why.NOT_MARKED
        elif not thing.agency:
            if not _is_applied(thing, agency, known):
                yield agency, thing, Why.NOT_MARKED
        elif _may_be_applied(thing) and not _is_applied(thing, agency, known):
            yield agency, thing, Why.NOT_APPLIED


def _guessed(name: str, ids: Collection[str]) -> str:
    """The agency whose prefix a name has; the longest, since ids may begin alike."""
    bare = name.removeprefix("pki-").removeprefix("ga-")
    fits = [i for i in ids if bare == i or bare.startswith(f"{i}-")]
    return max(fits, key=len, default=bare.partition("-")[0])


def _is_settings_or_tls(thing: inventory.Thing) -> bool:
    """ConfigMaps of other engines than the stack have refs of other kinds; drift judges them."""
    return thing.kind == "ConfigMap" and (
        thing.name.endswith("-settings") or thing.name.endswith("-tls-certificate")
    )


def _may_be_applied(thing: inventory.Thing) -> bool:
    return thing.system in _ENGINES and thing.kind not in ("KvPrefix", "Realm")


def _ref(thing: inventory.Thing) -> item.Ref:
    return item.Ref(_ENGINES[thing.system], thing.kind, thing.scope, thing.name)


def _is_applied(thing: inventory.Thing, agency: str, known: Known) -> bool:
    return _ref(thing) in known.applied.get(agency, frozenset())


def _stack_beside_cluster(
    things: Iterable[inventory.Thing], known: Known, unread: Collection[str]
) -> Iterator[tuple[str, inventory.Thing, Why]]:
    """A stack and the cluster, object by object, of agencies with a manifest."""
    if inventory.CLUSTER in unread or inventory.PULUMI in unread:
        return
    live, stacks = {}, {}
    for thing in things:
        place = (thing.agency, thing.kind, thing.scope, thing.name)
        if thing.agency in known.manifests and not _is_settings_or_tls(thing):
            if thing.system == inventory.CLUSTER:
                live[place] = thing
            elif thing.system == inventory.PULUMI and thing.kind != "Stack":
                stacks[place] = thing
    for place in stacks.keys() - live.keys():
        if (place[1], place[3]) != ("ServiceAccount", "default"):
            yield place[0], stacks[place], Why.ONLY_IN_STACK
    for place in live.keys() - stacks.keys():
        if _is_applied(live[place], place[0], known):
            yield place[0], live[place], Why.NOT_IN_STACK


def _not_live(
    things: Iterable[inventory.Thing], known: Known, unread: Collection[str]
) -> Iterator[tuple[str, str, int]]:
    seen = {(t.agency, t.system) for t in things}
    for agency, refs in sorted(known.applied.items()):
        for system, engine in _ENGINES.items():
            count = sum(ref.engine is engine for ref in refs)
            if count and system not in unread and (agency, system) not in seen:
                yield agency, system, count
