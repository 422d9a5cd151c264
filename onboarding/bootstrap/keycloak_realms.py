"""Rights of our own service accounts in the realms that agencies have of their own.

Each such realm is made with the rights that were known then. Nobody inside it may give a right
that they lack themselves, so a further one comes from the administrator of all realms.
"""

from __future__ import annotations

from onboarding import environment, labels, progress
from onboarding.desired import realm
from onboarding.identity import keycloak, rights

_KIND = "ServiceAccount"


def mend(target: environment.Environment, report: progress.Progress) -> int:
    """Give what is missing and take what is too much; returns how many accounts were changed."""
    door = keycloak.connect(target, environment.Role.BOOTSTRAP)
    changed = 0
    try:
        for name, owner in _own_realms(door, target).items():
            for account in realm.items(name, "", owner, shared=False):
                if account.ref.kind != _KIND:
                    continue
                found = door.get(name, "/clients", clientId=account.ref.name)
                if not found or rights.read(door, name, found[0]["id"]) == account.fields:
                    continue
                report.note(f"rights of {account.ref.name} in the realm {name}")
                rights.write(door, name, found[0]["id"], account.fields)
                changed += 1
    finally:
        door.close()
    return changed


def _own_realms(door: keycloak.Keycloak, target: environment.Environment) -> dict[str, str]:
    """Agencies by the names of their realms, by the mark that each carries."""
    found = {}
    for listed in door.get("", "", briefRepresentation="true") or ():
        name = str(listed["realm"])
        if name in (keycloak.MASTER, target.keycloak.shared_realm):
            continue
        marks = (door.get(name, "") or {}).get("attributes") or {}
        owner = labels.owner({key: str(value) for key, value in marks.items()})
        if owner:
            found[name] = owner
    return found
