"""Access: who may do what in a namespace."""

from __future__ import annotations

from onboarding.stacks import part


class Access(part.Part):
    """Roles, their bindings to the agency's OIDC groups, and service accounts.

    A binding comes after its role: the API server checks the rights of whoever binds.
    """

    stages = (("Role", "ServiceAccount"), ("RoleBinding",))
