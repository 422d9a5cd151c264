"""Workload: the system itself, its pods, their volume and the way in."""

from __future__ import annotations

from onboarding.stacks import part


class Workload(part.Part):
    """Configuration and volume before the pods that need them."""

    stages = (
        ("ConfigMap", "PersistentVolumeClaim"),
        ("StatefulSet", "Deployment", "Service", "Ingress", "PodDisruptionBudget"),
    )
