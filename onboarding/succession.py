"""Succession: agencies renamed, merged or split by law, and what stands in the way of it. Pure.

An id that stands on both sides goes on: its agency is amended in place. The others on the old
side end (predecessors), those on the new side begin (successors).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from onboarding import change_rules, errors, links, strict_yaml, tenant
from onboarding.manifest import model
from onboarding.pki import listing


class Kind(StrEnum):
    RENAME = "rename"
    MERGE = "merge"
    SPLIT = "split"


@dataclass(frozen=True, slots=True)
class Basis:
    """The law: where it stands in the Royal Gazette, and since when it holds."""

    gazette: str
    effective: date


@dataclass(frozen=True, slots=True)
class Succession:
    """``before`` and ``after`` are the manifests of both sides with their documents."""

    kind: Kind
    basis: Basis
    before: tuple[links.Declared, ...]
    after: tuple[links.Declared, ...]

    @property
    def ids_before(self) -> tuple[str, ...]:
        return tuple(one.manifest.id for one in self.before)

    @property
    def ids_after(self) -> tuple[str, ...]:
        return tuple(one.manifest.id for one in self.after)

    @property
    def going_on(self) -> tuple[str, ...]:
        return tuple(i for i in self.ids_before if i in self.ids_after)

    @property
    def predecessors(self) -> tuple[links.Declared, ...]:
        return tuple(one for one in self.before if one.manifest.id not in self.ids_after)

    @property
    def successors(self) -> tuple[links.Declared, ...]:
        return tuple(one for one in self.after if one.manifest.id not in self.ids_before)


class Fate(StrEnum):
    """What becomes of a certificate that stands."""

    STAYS = "stays"
    """The same name, the same agency."""
    FORMER_NAME = "former-name"
    """Valid until its end under the former name, or issued anew before."""
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Trail:
    """One standing certificate of a person and what becomes of it on the day of effect.

    ``signer`` is "" where the manifest names nobody for it. ``reason`` is one of RFC 5280, 5.3.1;
    ``successor`` the agency in which the same person signs from then on.
    """

    agency: str
    signer: str
    name: str
    organization: str
    serial: str
    not_after: str
    fate: Fate
    reason: str = ""
    successor: str = ""


def problems(
    of: Succession,
    others: Iterable[links.Declared],
    here: Iterable[str],
    gone: Iterable[str],
    heirs: Iterable[str] = (),
) -> tuple[errors.Problem, ...]:
    """Everything that stands in the way, with the place in the file.

    ``others`` are all other known manifests, ``here`` the ids of agencies that were applied,
    ``gone`` those that have left with a tombstone, ``heirs`` who is known as a successor already.
    """
    listed = tuple(others)
    return (
        *_ids(of, set(here), set(gone), set(heirs)),
        *_sums(of),
        *_bodies(of),
        *_hosts(of),
        *_named(of, listed),
    )


def _ids(
    of: Succession, here: set[str], gone: set[str], heirs: set[str]
) -> Iterator[errors.Problem]:
    path: strict_yaml.KeyPath = ("metadata", "id")
    for side in (of.before, of.after):
        for one in side:
            if sum(o.manifest.id == one.manifest.id for o in side) > 1:
                yield _at(one, path, f"{one.manifest.id!r} stands twice on one side", "")
    for one in of.predecessors:
        if one.manifest.id not in here:
            yield _at(one, path, f"{one.manifest.id!r} was never applied here", "name who is")
    for one in of.successors:
        name = one.manifest.id
        if name in here - heirs:
            yield _at(one, path, f"the id {name!r} is that of another agency here", "take another")
        if name in gone:
            message = f"the id {name!r} has a tombstone: an agency of this id has left"
            yield _at(one, path, message, "take another; records of two agencies never mix")


def _sums(of: Succession) -> Iterator[errors.Problem]:
    before = sum(one.manifest.users.initial for one in of.before)
    after = sum(one.manifest.users.initial for one in of.after)
    if before != after:
        message = f"{after:,} users on the new side, {before:,} on the old one"
        remedy = "nobody is lost or won by a succession: amend the number before or after it"
        yield _at(of.after[0], ("users", "initial"), message, remedy)


def _bodies(of: Succession) -> Iterator[errors.Problem]:
    old = {b.id: (b, one) for one in of.before for b in one.manifest.tenancy.sub_tenants}
    told: dict[str, links.Declared] = {}
    for one in of.after:
        for index, body in enumerate(one.manifest.tenancy.sub_tenants):
            path: strict_yaml.KeyPath = ("tenancy", "subTenants", index, "id")
            if body.id in told:
                where = told[body.id].file
                yield _at(one, path, f"the body {body.id!r} is in {where} too", "put it in one")
            elif body.id not in old and old:
                yield _at(one, path, f"the body {body.id!r} is on no old side", "amend it later")
            elif body.id in old and old[body.id][0].users != body.users:
                message = f"{body.id!r} has {body.users} users, before {old[body.id][0].users}"
                yield _at(one, path, message, "amend the number before or after it")
            told[body.id] = one
    into = {one.manifest.id for one in of.after}
    for body, one in old.values():
        if body.id not in told | dict.fromkeys(into):
            index = [b.id for b in one.manifest.tenancy.sub_tenants].index(body.id)
            path = ("tenancy", "subTenants", index, "id")
            yield _at(one, path, f"the body {body.id!r} is in no successor", "put it in one")


def _hosts(of: Succession) -> Iterator[errors.Problem]:
    taken = {
        instance.host: one.manifest.id
        for one in of.predecessors
        for instance in tenant.resolve(one.manifest).instances
        if instance.host
    }
    for one in of.successors:
        shared = sorted({i.host for i in tenant.resolve(one.manifest).instances} & taken.keys())
        for host in shared:
            message = f"{host} serves {taken[host]} until it has left"
            remedy = "give the successor a domain of its own, first in the list"
            yield _at(one, ("agency", "domains", 0), message, remedy)


def _named(of: Succession, others: Sequence[links.Declared]) -> Iterator[errors.Problem]:
    """Who still names an id that ends: peers of links, and agencies below it."""
    ending = {one.manifest.id for one in of.predecessors}
    into = " or ".join(of.ids_after)
    for one in (*others, *of.after):
        if one.manifest.id in ending:
            continue
        for index, link in enumerate(one.manifest.links):
            if link.peer in ending:
                message = f"link {link.id!r} of {one.manifest.id} still names {link.peer!r}"
                yield _at(one, ("links", index, "peer"), message, f"write {into}, apply it first")
        parent = one.manifest.agency.parent
        if parent in ending:
            message = f"the parent of {one.manifest.id} is still {parent!r}"
            yield _at(one, ("agency", "parent"), message, f"write {into}, apply it first")


def _at(of: links.Declared, path: strict_yaml.KeyPath, message: str, remedy: str) -> errors.Problem:
    if of.document is None:
        return errors.Problem(of.file, 0, 0, ".".join(map(str, path)), message, remedy)
    return strict_yaml.problem(of.document, model.AgencyMou, path, message, remedy)


def left_behind(of: Succession) -> tuple[str, ...]:
    """Systems of predecessors that no successor has: only their export goes on."""
    kept = {(s.name, s.kind) for one in of.after for s in one.manifest.systems}
    return tuple(
        f"{one.manifest.id}: {system.name}"
        for one in of.predecessors
        for system in one.manifest.systems
        if (system.name, system.kind) not in kept
    )


def former_names(of: Succession) -> dict[str, dict[str, list[str]]]:
    """Names in certificates that change, by agency that goes on, then by body ("" for itself)."""
    after = {one.manifest.id: _organizations(one.manifest) for one in of.after}
    found: dict[str, dict[str, list[str]]] = {}
    for one in of.before:
        name = one.manifest.id
        for unit, organization in _organizations(one.manifest).items():
            if after.get(name, {}).get(unit, organization) != organization:
                found.setdefault(name, {})[unit] = [organization]
    return found


def _organizations(of: model.AgencyMou) -> dict[str, str]:
    agency = of.agency
    bodies = {b.id: b.certificate_name or b.name_th for b in of.tenancy.sub_tenants}
    return {"": agency.certificate_name or agency.name_th, **bodies}


def trail(
    of: Succession, standing: Mapping[str, Sequence[listing.Certificate]], now: datetime
) -> tuple[Trail, ...]:
    """What becomes of each certificate that stands; ``standing`` by agency of the old side."""
    found = []
    for one in of.before:
        before = tenant.resolve(one.manifest)
        for certificate in standing.get(before.id, ()):
            if certificate.is_valid(now):
                found.append(_one_trail(of, before, certificate))
    return tuple(found)


def _one_trail(of: Succession, before: tenant.Tenant, one: listing.Certificate) -> Trail:
    signer = next((s for s in before.signers if one.is_for(s)), None)
    name = str(one.facts["commonName"])
    told = (before.id, signer.id if signer else "", name, str(one.facts["organization"]))
    when = (one.serial, str(one.facts["notAfter"]))
    if before.id in of.going_on:
        after = tenant.resolve(_manifest(of.after, before.id))
        same = next((s for s in after.signers if signer and s.id == signer.id), None)
        if same is not None and one.is_for(same):
            return Trail(*told, *when, Fate.STAYS, successor=before.id)
        if same is not None and _nfc(name) == _nfc(same.common_name):
            return Trail(*told, *when, Fate.FORMER_NAME, successor=before.id)
    successor = _signs_in(of, name)
    reason = change_rules.value("revoke.goesOn" if successor else "revoke.leaves")
    return Trail(*told, *when, Fate.REVOKED, reason, successor)


def _signs_in(of: Succession, name: str) -> str:
    """The agency of the new side that names this person as a signer; "" where none does."""
    for one in of.after:
        for signer in tenant.resolve(one.manifest).signers:
            if _nfc(signer.common_name) == _nfc(name):
                return one.manifest.id
    return ""


def _manifest(side: Sequence[links.Declared], agency: str) -> model.AgencyMou:
    return next(one.manifest for one in side if one.manifest.id == agency)


def _nfc(text: str) -> str:
    return unicodedata.normalize("NFC", text)
