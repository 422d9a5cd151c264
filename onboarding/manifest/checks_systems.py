"""Contradictions of what is asked for: systems with their options, services and links."""

from __future__ import annotations

from collections.abc import Iterator

from onboarding import catalogue, errors, names
from onboarding.manifest import fields, model
from onboarding.manifest.contradiction import Mistake, repeated
from onboarding.strict_yaml import KeyPath


def systems(manifest: model.AgencyMou) -> Iterator[Mistake]:
    """Names of their own, one e-Office, and the blocks that each kind has."""
    yield from repeated([system.name for system in manifest.systems], ("systems",), "name")
    offices = [i for i, system in enumerate(manifest.systems) if system.kind == names.E_OFFICE]
    for index in offices[1:]:
        yield Mistake(("systems", index), "a second e-office", "an agency has one e-Office")
    for index, system in enumerate(manifest.systems):
        if system.name == names.LINK:
            yield Mistake(
                ("systems", index, "name"),
                f"{names.LINK!r} is kept for the names of links in certificates",
                "give the system another name",
            )
        try:
            entry = catalogue.get(system.kind)
        except errors.InvalidInput as error:
            yield Mistake(("systems", index, "kind"), error.message, error.resolution)
            continue
        yield from _options(system, entry, ("systems", index))


def permitted_systems(manifest: model.AgencyMou) -> Iterator[Mistake]:
    """A permit of ThaID is for systems that exist."""
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


def devices(manifest: model.AgencyMou) -> Iterator[Mistake]:
    """X.520 limits the name in a certificate to 64 characters."""
    for index, system in enumerate(manifest.systems):
        ids = system.telemetry.devices.all() if system.telemetry else ()
        longest = max(ids, key=len, default="")
        name = names.device(longest, system.name, manifest.agency.domains[0])
        if longest and len(name) > fields.LONGEST_CERTIFICATE_NAME:
            yield Mistake(
                ("systems", index, "telemetry", "devices"),
                _too_long(name),
                "shorten the device ids or the system's name",
            )


def link_names(manifest: model.AgencyMou) -> Iterator[Mistake]:
    """X.520 limits the name in a certificate to 64 characters."""
    for index, link in enumerate(manifest.links):
        name = names.link_host(link.id, manifest.agency.domains[0])
        if len(name) > fields.LONGEST_CERTIFICATE_NAME:
            yield Mistake(("links", index, "id"), _too_long(name), "shorten the link's id")


def _too_long(name: str) -> str:
    return (
        f"makes the name {name!r} of {len(name)} characters for a certificate;"
        f" {fields.LONGEST_CERTIFICATE_NAME} are possible"
    )


def services(manifest: model.AgencyMou) -> Iterator[Mistake]:
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


def links(manifest: model.AgencyMou) -> Iterator[Mistake]:
    """Ids of their own, another agency at the other end, and the block of their kind."""
    yield from repeated([link.id for link in manifest.links], ("links",), "id")
    systems = {system.name for system in manifest.systems}
    for index, link in enumerate(manifest.links):
        path: KeyPath = ("links", index)
        yield from repeated(link.scopes, (*path, "scopes"), None)
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
