"""GuardRails: what a namespace may use at most."""

from __future__ import annotations

from onboarding.stacks import part


class GuardRails(part.Part):
    """Quotas for compute and objects, and the limits of a container."""

    stages = (("ResourceQuota", "LimitRange"),)
