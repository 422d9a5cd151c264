"""A test person of an agency: an account where people sign in, and one in each of its e-Offices.

Elsewhere administrators make people's accounts; the tool makes groups alone.
"""

from __future__ import annotations

import secrets
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from onboarding import environment, errors, product_api, product_login, tenant
from onboarding.desired import office
from onboarding.identity import keycloak
from onboarding.lab import home as homes


@dataclass(frozen=True, slots=True)
class Person:
    """Who signs in; the password, which has to be changed then, lies in a file.

    ``authorities``: files with who vouches for the addresses, and for where people sign in.
    """

    username: str
    password_file: Path
    addresses: tuple[str, ...]
    authorities: tuple[Path, ...]


def make(
    home: homes.Home,
    target: environment.Environment,
    of: tenant.Tenant,
    role: str,
    body: str = "",
) -> Person:
    """Make the person, or give the one there is another password and a first sign-in again.

    ``body``: of the bodies that share the e-Office, the id of the one whose role it is.

    Raises ``errors.UsageError`` where the agency has no such role or body, or no e-Office that
    runs.
    """
    about, instances = target.e_office, office.instances(of)
    if about is None or not instances:
        raise errors.UsageError(
            f"{of.id} has no e-Office on {target.name} to sign in to",
            resolution="See docs/how-to/instance.md for what makes one run.",
        )
    unit = _unit(of, body)
    email = f"trial.{'.'.join(filter(None, (body, role)))}@{of.domains[0]}"
    # One body alone has the roles of the agency.
    right = f"{unit}:{role}" if len(of.bodies) > 1 else role
    access, places = product_api.of(about.product), []
    for instance in instances:
        place = product_api.place(about, target, instance)
        access.admit(place, product_login.administrator(of, target, instance), of.id, email, right)
        places.append(place)
    password = secrets.token_urlsafe(12)
    with closing(keycloak.connect(target, environment.Role.BOOTSTRAP)) as admin:
        _known_to_keycloak(admin, of, [name for name in (role, unit) if name], email, password)
    file = home.credentials / f"{email}.password"
    homes.write(file, f"{password}\n")
    vouching = dict.fromkeys([*(place.ca_file for place in places), target.keycloak.ca_file])
    return Person(email, file, tuple(place.address for place in places), tuple(vouching))


def _unit(of: tenant.Tenant, body: str) -> str:
    """The group of a body's people, without the agency's own part; "" for an agency of none."""
    bodies = [one.id for one in of.bodies]
    if body in bodies:
        return f"unit:{body}"
    if not bodies and not body:
        return ""
    raise errors.UsageError(
        f"{of.id} has no body {body!r}" if body else f"{of.id} has {len(bodies)} bodies",
        details=[f"  {one}" for one in bodies],
        resolution="Name one of them with --body." if bodies else "Leave --body away.",
    )


def _known_to_keycloak(
    admin: keycloak.Keycloak, of: tenant.Tenant, roles: list[str], email: str, password: str
) -> None:
    groups = [f"/{of.id}/{of.id}:{role}" for role in roles]
    for group in groups:
        if admin.get(of.realm, f"/group-by-path{group}") is None:
            raise errors.UsageError(f"{of.id} has no group {group} in the realm {of.realm}")
    for user in admin.get(of.realm, "/users", username=email, exact="true") or ():
        admin.delete(of.realm, f"/users/{user['id']}")
    account = {
        "username": email,
        "email": email,
        "emailVerified": True,
        "enabled": True,
        "firstName": "ทดสอบ",
        "lastName": "ระบบ",
        "groups": groups,
        "credentials": [{"type": "password", "value": password, "temporary": True}],
    }
    admin.post(of.realm, "/users", account)
