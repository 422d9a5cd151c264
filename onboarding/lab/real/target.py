"""The lab as a target where a real node stands: addresses for pods, their volumes, their size."""

from __future__ import annotations

from onboarding import environment
from onboarding.lab import component, volumes
from onboarding.lab.real import disk, place

SCALE = 0.05
"""Of the requests that a manifest asks for; a whole ministry does not fit on this computer."""


def with_node(lab: component.Lab, wanted: environment.Environment) -> environment.Environment:
    """``wanted`` with what a real node changes.

    Its volumes count as encrypted only where the computer's disk is seen to be.
    """
    encrypted = disk.is_encrypted(place.volumes(lab.home))
    kind = "encrypted_storage_classes" if encrypted else "plain_storage_classes"
    cluster = wanted.cluster.model_copy(
        update={
            "storage_class": volumes.NODE_CLASS,
            kind: (*getattr(wanted.cluster, kind), volumes.NODE_CLASS),
            "node_pools": (*wanted.cluster.node_pools, place.POOL),
            # Pods come to Keycloak and OpenBao through the gate.
            "egress_cidrs": (f"{lab.host}/32",),
        }
    )
    return wanted.model_copy(
        update={
            "cluster": cluster,
            "scale": SCALE,
            "attestations": tuple(_honest(lab, one, encrypted) for one in wanted.attestations),
        }
    )


def _honest(
    lab: component.Lab, one: environment.Attestation, encrypted: bool
) -> environment.Attestation:
    if one.subject != "encryption-at-rest":
        return one
    how = "is encrypted by dm-crypt" if encrypted else "is not seen to be encrypted"
    statement = (
        "Secrets are encrypted in etcd (secretbox). Volumes on the real node are folders of this "
        f"computer below {place.volumes(lab.home)}, on a disk that {how}."
    )
    return one.model_copy(update={"statement": statement})
