"""What no single field can tell: references, unique ids, tenancy, names that would be too long.

Only what would make a manifest ambiguous or impossible to provision is refused here. Rules of
law and good order (signatories, dates in force, sums of users, …) are controls, whose findings
can be waived where the catalogue of controls allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from typing import NamedTuple

from onboarding import catalogue, errors, names, sizing
from onboarding.manifest import fields, model
from onboarding.strict_yaml import KeyPath


class Mistake(NamedTuple):
    """A contradiction at ``path`` (keys as written in the file)."""

    path: KeyPath
    message: str
    remedy: str


def mistakes(
    manifest: model.AgencyMou, faulty: Collection[str] = frozenset()
) -> tuple[Mistake, ...]:
    """Every contradiction in a manifest; empty where it can be resolved.

    A rule is left out where a section it looks at is ``faulty`` (not well-shaped), so nothing
    told here only follows from a mistake of the shape.
    """
    found: list[Mistake] = []
    for sections, rule in _RULES:
        if not sections.intersection(faulty):
            found += rule(manifest)
    ids = _NAMED_BY.intersection(faulty) or any(one.path[0] in _NAMED_BY for one in found)
    # Names are only worth checking once the ids they are made from are.
    return tuple(found) if ids else (*found, *_names(manifest))


def _term(manifest: model.AgencyMou) -> Iterator[Mistake]:
    mou = manifest.mou
    if mou.effective_to < mou.effective_from:
        yield Mistake(
            ("mou", "effectiveTo"),
            f"{mou.effective_to} is before effectiveFrom {mou.effective_from}",
            "correct one of the two dates",
        )


def _authority(manifest: model.AgencyMou) -> Iterator[Mistake]:
    for index, signer in enumerate(manifest.signing.signers if manifest.signing else ()):
        if signer.authority_to < signer.authority_from:
            yield Mistake(
                ("signing", "signers", index, "authorityTo"),
                f"{signer.authority_to} is before authorityFrom {signer.authority_from}",
                "correct one of the two dates",
            )


def _tenancy(manifest: model.AgencyMou) -> Iterator[Mistake]:
    tenancy = manifest.tenancy
    yield from _repeated(tenancy.environments, ("tenancy", "environments"), None)
    yield from _repeated([s.id for s in tenancy.shards], ("tenancy", "shards"), "id")
    yield from _repeated([s.id for s in tenancy.sub_tenants], ("tenancy", "subTenants"), "id")
    wanted = {"federated": "shards", "pooled": "subTenants"}.get(tenancy.isolation, "")
    for key, entries in (("shards", tenancy.shards), ("subTenants", tenancy.sub_tenants)):
        if entries and key != wanted:
            yield Mistake(
                ("tenancy", key),
                f"isolation {tenancy.isolation} has no {key}",
                "remove them or change the isolation",
            )
        if key == wanted and not entries:
            yield Mistake(
                ("tenancy", "isolation"),
                f"isolation {tenancy.isolation} needs {key}",
                f"list them under tenancy.{key}",
            )


def _sizes(manifest: model.AgencyMou) -> Iterator[Mistake]:
    limit = sizing.max_users_per_instance()
    tenancy = manifest.tenancy
    for index, shard in enumerate(tenancy.shards):
        if shard.users > limit:
            yield Mistake(
                ("tenancy", "shards", index, "users"),
                f"{shard.users:,} users are more than a shard holds ({limit:,})",
                "split it into several shards",
            )
    if tenancy.isolation != "federated" and manifest.users.initial > limit:
        yield Mistake(
            ("users", "initial"),
            f"{manifest.users.initial:,} users are more than one instance holds ({limit:,})",
            "use tenancy.isolation: federated with shards",
        )
    for index, system in enumerate(manifest.systems):
        if system.kind == names.E_OFFICE:
            if system.users is not None:
                yield Mistake(
                    ("systems", index, "users"),
                    "the e-Office is sized by users.initial",
                    "remove it here",
                )
        elif (system.users or manifest.users.initial) > limit:
            yield Mistake(
                ("systems", index),
                f"{system.name} would have more users than one instance holds ({limit:,})",
                "say how many people use it, with users: N",
            )


def _systems(manifest: model.AgencyMou) -> Iterator[Mistake]:
    yield from _repeated([system.name for system in manifest.systems], ("systems",), "name")
    offices = [i for i, system in enumerate(manifest.systems) if system.kind == names.E_OFFICE]
    for index in offices[1:]:
        yield Mistake(("systems", index), "a second e-office", "an agency has one e-Office")
    for index, system in enumerate(manifest.systems):
        try:
            entry = catalogue.get(system.kind)
        except errors.InvalidInput as error:
            yield Mistake(("systems", index, "kind"), error.message, error.resolution)
            continue
        yield from _options(system, entry, ("systems", index))


def _permitted_systems(manifest: model.AgencyMou) -> Iterator[Mistake]:
    names_of_systems = {system.name for system in manifest.systems}
    thaid = manifest.identity.thaid
    for index, name in enumerate(thaid.systems if thaid else ()):
        if name not in names_of_systems:
            yield Mistake(
                ("identity", "thaid", "systems", index),
                f"no system is named {name!r}",
                f"use one of: {', '.join(sorted(names_of_systems))}",
            )


def _options(system: model.System, entry: catalogue.Entry, at: KeyPath) -> Iterator[Mistake]:
    """The blocks that only some kinds have, and what a kind rules out."""
    keys = {option.key for each in catalogue.offered() for option in each.options}
    given = {key for key in keys if _is_given(system, key)}
    allowed = {option.key for option in entry.options}
    for key in sorted(given - allowed):
        yield Mistake((*at, key), f"a {system.kind} has no {key}", "remove it")
    for option in entry.options:
        if option.required and option.key not in given:
            yield Mistake(
                at, f"a system of kind {system.kind} needs {option.key}", f"add {option.key}: …"
            )
    if system.personal_data and not entry.personal_data:
        yield Mistake(
            (*at, "personalData"),
            f"a system of kind {system.kind} holds no personal data",
            "remove it; devices are known by their id only",
        )
    if system.public and entry.closed:
        yield Mistake(
            (*at, "public"), f"a system of kind {system.kind} is never public", "remove it"
        )


def _is_given(system: model.System, key: str) -> bool:
    """Whether an option says anything; of ``features`` an empty block says nothing."""
    by_alias = {about.alias: name for name, about in type(system).model_fields.items()}
    value = getattr(system, by_alias[key])
    return value is not None and any(part is not None for _, part in value)


def _devices(manifest: model.AgencyMou) -> Iterator[Mistake]:
    """X.520 limits the name in a certificate to 64 characters."""
    for index, system in enumerate(manifest.systems):
        ids = system.telemetry.devices.all() if system.telemetry else ()
        longest = max(ids, key=len, default="")
        name = names.device(longest, system.name, manifest.agency.domains[0])
        if longest and len(name) > fields.LONGEST_CERTIFICATE_NAME:
            yield Mistake(
                ("systems", index, "telemetry", "devices"),
                f"makes the name {name!r} of {len(name)} characters for a certificate;"
                f" {fields.LONGEST_CERTIFICATE_NAME} are possible",
                "shorten the device ids or the system's name",
            )


def _services(manifest: model.AgencyMou) -> Iterator[Mistake]:
    """Each kind of service has what it is about, and nothing of the other."""
    needs = {"mail": "centralAddress", "shared-data-centre": "site"}
    for index, service in enumerate(manifest.services):
        given = {"centralAddress": service.central_address, "site": service.site}
        for key, value in given.items():
            needed = needs[service.kind] == key
            if needed and value is None:
                yield Mistake(
                    ("services", index), f"a service {service.kind} needs {key}", f"add {key}"
                )
            if not needed and value is not None:
                yield Mistake(
                    ("services", index, key), f"a service {service.kind} has no {key}", "remove it"
                )


def _signers(manifest: model.AgencyMou) -> Iterator[Mistake]:
    signers = manifest.signing.signers if manifest.signing else ()
    yield from _repeated([signer.id for signer in signers], ("signing", "signers"), "id")
    bodies = {body.id for body in manifest.tenancy.sub_tenants}
    pooled = manifest.tenancy.isolation == "pooled"
    for index, signer in enumerate(signers):
        path: KeyPath = ("signing", "signers", index)
        if pooled and signer.body is None:
            yield Mistake(
                path, "does not say for which body", "add body: with an id of tenancy.subTenants"
            )
        elif pooled and signer.body not in bodies:
            yield Mistake(
                (*path, "body"), f"no body has the id {signer.body!r}", "use an id of subTenants"
            )
        elif not pooled and signer.body is not None:
            yield Mistake((*path, "body"), "only a pooled agency has bodies", "remove it")


def _links(manifest: model.AgencyMou) -> Iterator[Mistake]:
    yield from _repeated([link.id for link in manifest.links], ("links",), "id")
    systems = {system.name for system in manifest.systems}
    for index, link in enumerate(manifest.links):
        path: KeyPath = ("links", index)
        if link.peer == manifest.id:
            yield Mistake((*path, "peer"), "an agency cannot link to itself", "name the other one")
        if link.system is not None and link.system not in systems:
            known = ", ".join(sorted(systems))
            yield Mistake((*path, "system"), f"no system is named {link.system!r}", f"use {known}")
        blocks = {"healthLink": link.health_link, "portal": link.portal, "intake": link.intake}
        for key, value in blocks.items():
            wanted = {"healthLink": "health-link"}.get(key, key)
            if value is not None and link.kind != wanted:
                yield Mistake((*path, key), f"a link {link.kind} has no {key}", "remove it")
        for key in ("portal", "intake"):
            if link.kind == key and blocks[key] is None:
                yield Mistake(path, f"a link {key} needs the block {key}", f"add {key}: {{…}}")
        if link.portal and link.portal.operator not in (manifest.id, link.peer):
            yield Mistake(
                (*path, "portal", "operator"),
                f"{link.portal.operator!r} is neither this agency nor the peer",
                f"name {manifest.id} or {link.peer}",
            )


def _certificate_names(manifest: model.AgencyMou) -> Iterator[Mistake]:
    """X.520 limits O to 64 characters; a name is never cut, its owner gives the short form."""
    remedy = "add certificateName with an official name of at most 64 characters"
    agency = manifest.agency
    if len(agency.name_th) > 64 and agency.certificate_name is None:
        yield Mistake(("agency", "nameTh"), "is too long for a certificate", remedy)
    for index, body in enumerate(manifest.tenancy.sub_tenants):
        if len(body.name_th) > 64 and body.certificate_name is None:
            path: KeyPath = ("tenancy", "subTenants", index, "nameTh")
            yield Mistake(path, "is too long for a certificate", remedy)


def _names(manifest: model.AgencyMou) -> Iterator[Mistake]:
    """Every derived name is a DNS label, and no two of the agency are alike."""
    shards = [shard.id for shard in manifest.tenancy.shards]
    seen: dict[str, str] = {}
    for index, system in enumerate(manifest.systems):
        per_shard = bool(shards) and catalogue.get(system.kind).per_shard
        for number, shard in enumerate(shards if per_shard else [""]):
            path: KeyPath = ("tenancy", "shards", number, "id") if shard else ("systems", index)
            for environment in manifest.tenancy.environments:
                parts = (manifest.id, shard, environment, system.name, system.kind)
                namespace, host = names.namespace(*parts), names.host_label(*parts)
                for name in (namespace, host):
                    if not names.is_dns_label(name):
                        yield Mistake(
                            path,
                            f"makes the name {name!r} of {len(name)} characters;"
                            f" {names.MAX_LABEL} are possible",
                            "shorten the ids",
                        )
                    used_by = f"{shard or system.name} in {environment}"
                    if name in seen:
                        yield Mistake(
                            path, f"makes the name {name!r} twice (also {seen[name]})", "rename it"
                        )
                    seen[name] = used_by


def _repeated(ids: Iterable[str], path: KeyPath, key: str | None) -> Iterator[Mistake]:
    seen: set[str] = set()
    for index, identifier in enumerate(ids):
        if identifier in seen:
            where: KeyPath = (*path, index) if key is None else (*path, index, key)
            yield Mistake(where, f"{identifier!r} stands here twice", "give each its own")
        seen.add(identifier)


_NAMED_BY = frozenset({"metadata", "tenancy", "systems"})
"""The sections that hold the parts of derived names."""
_RULES: tuple[tuple[frozenset[str], Callable[[model.AgencyMou], Iterator[Mistake]]], ...] = (
    (frozenset({"mou"}), _term),
    (frozenset({"tenancy"}), _tenancy),
    (frozenset({"tenancy", "users", "systems"}), _sizes),
    (frozenset({"systems"}), _systems),
    (frozenset({"systems", "identity"}), _permitted_systems),
    (frozenset({"agency", "systems"}), _devices),
    (frozenset({"services"}), _services),
    (frozenset({"signing"}), _authority),
    (frozenset({"signing", "tenancy"}), _signers),
    (frozenset({"metadata", "links", "systems"}), _links),
    (frozenset({"agency", "tenancy"}), _certificate_names),
)
"""Each rule with the sections it looks at."""
