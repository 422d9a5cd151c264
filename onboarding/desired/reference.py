"""Reference data for the hand-over kit: authorities with their time limits, records for mail."""

from __future__ import annotations

from dataclasses import dataclass

from onboarding import strict_yaml, tenant
from onboarding.manifest import model

AUTHORITIES = "policies/data/authorities.yaml"
MAIL = "policies/data/mail.yaml"
UNCONFIRMED = "confirm"


@dataclass(frozen=True, slots=True)
class Authority:
    """An authority of the state; ``hours`` to tell it, None where no limit is known.

    ``contact`` is ``confirm`` until somebody has taken it from the authority itself.
    """

    id: str
    name_th: str
    name_en: str
    told_th: str
    told_en: str
    hours: int | None
    source: str
    contact: str


@dataclass(frozen=True, slots=True)
class Record:
    """A DNS record that the agency publishes; ``id`` says what it is for: spf, dkim, dmarc."""

    id: str
    name: str
    type: str
    value: str


def authorities() -> tuple[Authority, ...]:
    """Every authority that a manifest may name."""
    return tuple(
        Authority(
            one["id"], one["nameTh"], one["nameEn"], one["toldTh"], one["toldEn"],
            one["hours"], one["source"], one["contact"],
        )
        for one in strict_yaml.shipped(AUTHORITIES)["authorities"]
    )  # fmt: skip


def authority(wanted: str) -> Authority:
    """Raises KeyError for an id that the data lacks."""
    for one in authorities():
        if one.id == wanted:
            return one
    raise KeyError(wanted)


def hours(wanted: str) -> int:
    """Within how many hours an authority must be told. Raises ValueError where none is set."""
    found = authority(wanted).hours
    if found is None:
        raise ValueError(f"no limit is known for {wanted}")
    return found


def latest_days() -> int:
    """Days after which a breach can no longer be notified at all, even with reasons."""
    days: int = strict_yaml.shipped(AUTHORITIES)["breachNotice"]["latestDays"]
    return days


def mail(of: tenant.Tenant) -> model.Service | None:
    """The mail service that the agency asks for."""
    return next((s for s in of.manifest.services if s.kind == "mail"), None)


def mail_records(of: tenant.Tenant) -> tuple[Record, ...]:
    """What the agency publishes for the mail it asked for; DMARC only beside SPF and DKIM."""
    service = mail(of)
    if service is None or service.central_address is None:
        return ()
    domain = service.central_address.rpartition("@")[2]
    asked = {"spf": service.spf, "dkim": service.dkim, "dmarc": service.spf and service.dkim}
    parts = {
        "domain": domain,
        "dashed": domain.replace(".", "-"),
        "address": service.central_address,
    }
    return tuple(
        Record(one["id"], one["name"].format(**parts), one["type"], one["value"].format(**parts))
        for one in strict_yaml.shipped(MAIL)["records"]
        if asked[one["id"]]
    )


def mail_confirm() -> str:
    """What a person has to confirm about the records."""
    return str(strict_yaml.shipped(MAIL)["confirm"])
