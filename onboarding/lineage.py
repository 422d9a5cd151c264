"""Lineage: the successions that the state store remembers, on both sides of each.

One document a day of effect, ``succession-<date>``, the same for everybody in it. Of agencies that
go on, ``former`` holds names in certificates and ``authorities`` the names that their CAs keep;
``certificates`` is the trail as it was seen when it was recorded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

from onboarding import errors, succession, tenant
from onboarding.state import interface

_PREFIX = "succession-"
_LONGEST_CHAIN = 50
"""Generations of predecessors that are followed; more can only be a circle of records."""


def document(
    of: succession.Succession,
    trails: Sequence[succession.Trail],
    authorities: Mapping[str, tenant.Authority],
) -> dict[str, Any]:
    """The succession as JSON values; ``authorities`` are the issuing CAs of the old side."""
    return {
        "kind": of.kind.value,
        "gazette": of.basis.gazette,
        "effective": of.basis.effective.isoformat(),
        "before": [_side(one) for one in of.before],
        "after": [_side(one) for one in of.after],
        "predecessors": [one.manifest.id for one in of.predecessors],
        "successors": [one.manifest.id for one in of.successors],
        "goingOn": list(of.going_on),
        "former": succession.former_names(of),
        "authorities": {
            agency: {"commonName": ca.common_name, "organization": ca.organization}
            for agency, ca in authorities.items()
            if agency in of.going_on
        },
        "certificates": [trail(one) for one in trails],
    }


def trail(of: succession.Trail) -> dict[str, str]:
    """One certificate and its fate as JSON values."""
    return {
        "agency": of.agency,
        "signer": of.signer,
        "name": of.name,
        "organization": of.organization,
        "serial": of.serial,
        "notAfter": of.not_after,
        "fate": of.fate.value,
        "reason": of.reason,
        "successor": of.successor,
    }


def _side(of: Any) -> dict[str, Any]:
    one = of.manifest
    return {
        "id": one.id,
        "nameTh": one.agency.name_th,
        "nameEn": one.agency.name_en,
        "users": one.users.initial,
        "mou": one.mou.number,
    }


def parties(of: dict[str, Any]) -> tuple[str, ...]:
    """Every agency of a succession, sorted."""
    return tuple(sorted({one["id"] for side in ("before", "after") for one in of[side]}))


def keep(store: interface.StateStore, tenant_id: str, of: dict[str, Any], by: str) -> bool:
    """Remember a succession with one of its parties, whose lease the caller holds.

    False where it is known already. Raises errors.Refused where another succession of this
    agency takes effect on the same day.
    """
    name = _PREFIX + of["effective"]
    known = store.kept(tenant_id, name)
    if known == of:
        return False
    if known is not None and parties(known) != parties(of):
        raise errors.Refused(
            f"{tenant_id}: another succession takes effect on {of['effective']}",
            details=[f"{known['kind']} of {', '.join(parties(known))}, {known['gazette']}"],
            resolution="Record both as one, or correct the day.",
        )
    store.keep(tenant_id, name, of)
    told = ("kind", "gazette", "effective", "predecessors", "successors", "goingOn")
    store.record(tenant_id, "succession-recorded", by=by, **{key: of[key] for key in told})
    return True


def of(store: interface.StateStore, tenant_id: str) -> tuple[dict[str, Any], ...]:
    """Every succession that an agency is a party of, oldest first."""
    names = [name for name in store.kept_names(tenant_id) if name.startswith(_PREFIX)]
    found = (store.kept(tenant_id, name) for name in sorted(names))
    return tuple(one for one in found if one is not None)


def former_names(store: interface.StateStore, tenant_id: str) -> dict[str, tuple[str, ...]]:
    """Earlier names in certificates by body id, those of the agency itself by ""."""
    found: dict[str, tuple[str, ...]] = {}
    for one in of(store, tenant_id):
        for unit, names in one["former"].get(tenant_id, {}).items():
            found[unit] = (*found.get(unit, ()), *names)
    return found


def authority(store: interface.StateStore, tenant_id: str) -> tenant.Authority | None:
    """The names that the agency's CA keeps; None where the agency never changed its own."""
    for one in of(store, tenant_id):
        kept = one["authorities"].get(tenant_id)
        if kept is not None:
            return tenant.Authority(kept["commonName"], kept["organization"])
    return None


def predecessors(store: interface.StateStore, tenant_id: str) -> tuple[str, ...]:
    """Who came before an agency, and before those, nearest first."""
    return _followed(store, tenant_id, _before)


def family(store: interface.StateStore, tenant_id: str) -> frozenset[str]:
    """Who came before an agency and who came after it: they hold some things one after another."""
    return frozenset((*predecessors(store, tenant_id), *_followed(store, tenant_id, successors)))


def _followed(
    store: interface.StateStore,
    tenant_id: str,
    step: Callable[[interface.StateStore, str], Iterable[str]],
) -> tuple[str, ...]:
    found = list(dict.fromkeys(step(store, tenant_id)))
    for one in found:
        if len(found) > _LONGEST_CHAIN:
            break
        found += [other for other in step(store, one) if other not in (*found, tenant_id)]
    return tuple(found)


def successors(store: interface.StateStore, tenant_id: str) -> tuple[str, ...]:
    """Who gets the records of an agency that ends."""
    return tuple(
        dict.fromkeys(
            agency
            for one in of(store, tenant_id)
            if tenant_id in one["predecessors"]
            for agency in (*one["successors"], *one["goingOn"])
        )
    )


def refuse_too_early(store: interface.StateStore, tenant_id: str, today: date) -> None:
    """Raise ``errors.Refused`` for an agency that the law lets serve for some days yet."""
    for one in of(store, tenant_id):
        effective = date.fromisoformat(one["effective"])
        if tenant_id in one["predecessors"] and today < effective:
            heirs = ", ".join(successors(store, tenant_id))
            raise errors.Refused(
                f"{tenant_id} serves until its {one['kind']} takes effect on {effective}",
                details=[f"{one['gazette']}; successors: {heirs}"],
                resolution=f"Let it leave from {effective} on.",
            )


def _before(store: interface.StateStore, tenant_id: str) -> Iterator[str]:
    for one in of(store, tenant_id):
        if tenant_id in (*one["successors"], *one["goingOn"]):
            yield from one["predecessors"]
