"""NetworkRules: who may talk to whom."""

from __future__ import annotations

from onboarding.stacks import part


class NetworkRules(part.Part):
    """Default deny and the few ways that are open."""

    stages = (("NetworkPolicy",),)
