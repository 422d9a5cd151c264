"""What no single field can tell: references, unique ids, tenancy, names that would be too long.

Only what would make a manifest ambiguous or impossible to provision is refused here. Rules of
law and good order (signatories, dates in force, sums of users, …) are controls, whose findings
can be waived where the catalogue of controls allows it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from onboarding import catalogue, names, sizing
from onboarding.manifest import checks_systems, model
from onboarding.manifest.contradiction import Mistake, repeated
from onboarding.strict_yaml import KeyPath

__all__ = ["Mistake", "mistakes"]


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
    yield from repeated(tenancy.environments, ("tenancy", "environments"), None)
    yield from repeated([s.id for s in tenancy.shards], ("tenancy", "shards"), "id")
    yield from repeated([s.id for s in tenancy.sub_tenants], ("tenancy", "subTenants"), "id")
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


def _signers(manifest: model.AgencyMou) -> Iterator[Mistake]:
    signers = manifest.signing.signers if manifest.signing else ()
    yield from repeated([signer.id for signer in signers], ("signing", "signers"), "id")
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


_NAMED_BY = frozenset({"metadata", "tenancy", "systems"})
"""The sections that hold the parts of derived names."""
_RULES: tuple[tuple[frozenset[str], Callable[[model.AgencyMou], Iterator[Mistake]]], ...] = (
    (frozenset({"mou"}), _term),
    (frozenset({"tenancy"}), _tenancy),
    (frozenset({"tenancy", "users", "systems"}), _sizes),
    (frozenset({"systems"}), checks_systems.systems),
    (frozenset({"systems", "identity"}), checks_systems.permitted_systems),
    (frozenset({"agency", "systems"}), checks_systems.devices),
    (frozenset({"agency", "links"}), checks_systems.link_names),
    (frozenset({"services"}), checks_systems.services),
    (frozenset({"signing"}), _authority),
    (frozenset({"signing", "tenancy"}), _signers),
    (frozenset({"metadata", "links", "systems"}), checks_systems.links),
    (frozenset({"agency", "tenancy"}), _certificate_names),
)
"""Each rule with the sections it looks at."""
