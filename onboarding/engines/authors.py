"""Who changed an object last, asked of the systems' own records; what they do not tell is unknown.

Kubernetes tells it with the object itself (field managers). Keycloak keeps admin events. OpenBao
writes audit logs to files of its own host, which are read where this user may read them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from onboarding import environment, item

_APPLIER = "onboard-applier"
MOST_ASKED = 100
"""Objects of Keycloak that are asked about, one or two requests each."""


@dataclass(frozen=True, slots=True)
class Who:
    """``name`` as the system spells it, ``how`` (its word for the write), ``when`` (ISO 8601)."""

    name: str
    how: str
    when: str
    source: str


def last(
    target: environment.Environment, role: environment.Role, refs: Iterable[item.Ref]
) -> dict[item.Ref, Who]:
    """The last writer of each object, where a record of the system is readable.

    Where that was our own applier, nobody wrote to the object since, and nobody is named.
    """
    from onboarding.identity import events
    from onboarding.vault import audit

    wanted = list(refs)
    in_vault = [r for r in wanted if r.engine is item.EngineName.VAULT]
    in_keycloak = [r for r in wanted if r.engine is item.EngineName.SSO][:MOST_ASKED]
    found: dict[item.Ref, Who] = {}
    if in_vault:
        for ref, line in audit.last_writes(target, role, in_vault).items():
            found[ref] = Who(line.name, line.operation, line.time, "audit log")
    if in_keycloak:
        for ref, event in events.last_writes(target, role, in_keycloak).items():
            found[ref] = Who(event.name, event.operation, event.time, "admin events")
    return {ref: who for ref, who in found.items() if _APPLIER not in who.name}
