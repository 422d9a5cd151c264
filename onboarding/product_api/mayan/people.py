"""Accounts of staff in Mayan EDMS: without a password, as people sign in by OIDC alone."""

from __future__ import annotations

from onboarding import errors, product_api
from onboarding.product_api.mayan import reading
from onboarding.product_api.mayan.api import Api


def admitted(
    place: product_api.Place, account: product_api.Account, agency: str, email: str, role: str
) -> None:
    """See ``product_api.Access.admit``."""
    with Api(place, account) as door:
        groups = reading.known(door, agency).groups
        group = groups.get(f"{agency}:{role}")
        if group is None:
            raise errors.UsageError(
                f"{place.namespace}: the e-Office has no group {agency}:{role}",
                details=["its groups of this agency:", *(f"  {name}" for name in sorted(groups))],
                resolution="Name one of these roles, or run apply where a group is missing.",
            )
        # Whoever signs in is looked up without regard to case: two that differ in it let nobody in.
        users = {user["email"].lower(): user for user in door.every("/users/")}
        made = {"username": email, "email": email}
        user = users.get(email.lower()) or door.make("/users/", made)
        door.make(f"/groups/{group['id']}/users/add/", {"user": user["id"]})
