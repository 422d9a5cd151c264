"""Whom the identity provider may let in: the agency's own staff, by an address that was verified.

Mayan knows people by their e-mail address alone. Whoever runs another system of the realm, or has
an account in it, must not come in by naming that of somebody else.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from mayan.apps.authentication_oidc import django_authentication_backends as of_mayan

GROUPS = os.environ["OIDC_GROUP_PREFIX"]
"""How the names of all groups of the agency begin."""


class AgencyStaff(of_mayan.DjangoAuthenticationBackendOIDC):
    def verify_claims(self, claims: Mapping[str, Any]) -> bool:
        theirs = [str(name) for name in claims.get("groups") or ()]
        return (
            bool(super().verify_claims(claims))
            and claims.get("email_verified") is True
            and any(name.startswith(GROUPS) for name in theirs)
        )
