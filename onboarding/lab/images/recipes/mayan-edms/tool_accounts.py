"""Signing in to the API by a password, for what the tool itself made and nobody else.

A person with a password in Mayan would get round the identity provider and its second factor.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend

OURS = ("onboard-", "onboardprobe")
"""How names of the accounts of the tool begin, and those of the people that a probe makes up."""


class ToolAccounts(ModelBackend):
    def user_can_authenticate(self, user: Any) -> bool:
        active: bool = super().user_can_authenticate(user)
        return active and user.get_username().startswith(OURS)
