"""The lab as a target where a real node stands: addresses for pods, their volumes, their size."""

from __future__ import annotations

from onboarding import environment
from onboarding.lab import component, volumes
from onboarding.lab.real import place

SCALE = 0.05
"""Of the requests that a manifest asks for; a whole ministry does not fit on this computer."""


def with_node(lab: component.Lab, wanted: environment.Environment) -> environment.Environment:
    """``wanted`` with what a real node changes."""
    cluster = wanted.cluster.model_copy(
        update={
            "storage_class": volumes.NODE_CLASS,
            "encrypted_storage_classes": (
                *wanted.cluster.encrypted_storage_classes,
                volumes.NODE_CLASS,
            ),
            "node_pools": (*wanted.cluster.node_pools, place.POOL),
            # Pods come to Keycloak and OpenBao through the gate.
            "egress_cidrs": (f"{lab.host}/32",),
        }
    )
    return wanted.model_copy(
        update={
            "cluster": cluster,
            "scale": SCALE,
            "attestations": tuple(_honest(lab, one) for one in wanted.attestations),
        }
    )


def _honest(lab: component.Lab, one: environment.Attestation) -> environment.Attestation:
    if one.subject != "encryption-at-rest":
        return one
    statement = (
        "Secrets are encrypted in etcd (secretbox). Volumes on the real node are folders of this "
        f"computer below {place.volumes(lab.home)}: as encrypted as its disk is, by nothing else."
    )
    return one.model_copy(update={"statement": statement})
