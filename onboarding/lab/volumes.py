"""The lab's volume provisioner: gives every claim of the lab's storage class a volume.

A process of its own (``python -m onboarding.lab.volumes``) that lists once and then watches;
between events it sleeps in the kernel. Pods on simulated nodes never write, so their volume is
only the object that a claim is bound to; on the real node it is a folder, made with the volume and
deleted with it.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onboarding import errors
from onboarding.lab import wire
from onboarding.lab.real import place

PROVISIONER = "gdcc.go.th/lab"
STORAGE_CLASS = "gdcc-encrypted"
NODE_CLASS = "gdcc-node"
"""Its claims wait until their pod has a node, which may be the real one."""
SELECTED_NODE = "volume.kubernetes.io/selected-node"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_WATCH_SECONDS = 300
_PAUSE_SECONDS = 2.0


def volume_for(claim: dict[str, Any], folder: Path | None = None) -> dict[str, Any] | None:
    """The volume a claim waits for; None where it is not ours, is bound, or is going.

    ``folder`` holds the volumes of the real node, where there is one.
    """
    spec, metadata = claim["spec"], claim["metadata"]
    waiting = claim.get("status", {}).get("phase") == "Pending" and not spec.get("volumeName")
    node = metadata.get("annotations", {}).get(SELECTED_NODE)
    ready = {STORAGE_CLASS: True, NODE_CLASS: bool(node)}.get(spec.get("storageClassName"), False)
    if not (waiting and ready) or metadata.get("deletionTimestamp"):
        return None
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {
            "name": f"pvc-{metadata['uid']}",
            "annotations": {PROVISIONED_BY: PROVISIONER},
        },
        "spec": {
            "accessModes": spec["accessModes"],
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "claimRef": {
                "apiVersion": "v1",
                "kind": "PersistentVolumeClaim",
                "namespace": metadata["namespace"],
                "name": metadata["name"],
                "uid": metadata["uid"],
            },
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": spec["storageClassName"],
            "volumeMode": spec.get("volumeMode", "Filesystem"),
            **_source(metadata["uid"], folder, here=node == place.NODE),
        },
    }


def _source(uid: str, folder: Path | None, *, here: bool) -> dict[str, Any]:
    """``here``: on the real node. A volume that is only an object must not be used there."""
    if folder is None:
        return {"hostPath": {"path": f"/var/lib/onboard-lab/{uid}"}}
    where = {
        "key": "kubernetes.io/hostname",
        "operator": "In" if here else "NotIn",
        "values": [place.NODE],
    }
    # Other than a hostPath, a local volume is handed to the group of the pod (fsGroup).
    kind, path = ("local", folder / uid) if here else ("hostPath", f"/var/lib/onboard-lab/{uid}")
    return {
        kind: {"path": str(path)},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [where]}]}},
    }


def folder_of(volume: dict[str, Any], folder: Path | None) -> Path | None:
    """The folder behind a volume of the real node; None for every other volume."""
    path = Path(volume["spec"].get("local", {}).get("path", "/"))
    return path if folder is not None and path.parent == folder else None


def is_released(volume: dict[str, Any]) -> bool:
    """True for a volume of ours whose claim is gone."""
    made_by = volume["metadata"].get("annotations", {}).get(PROVISIONED_BY)
    phase = volume.get("status", {}).get("phase")
    return made_by == PROVISIONER and phase in ("Released", "Failed")


def main(server: str, ca: str, certificate: str, key: str, sign: str, volumes: str = "") -> None:
    """Watch claims and volumes until SIGTERM; ``sign`` exists while the claims are watched.

    ``volumes`` is the folder of the real node's volumes, "" where there is no real node.
    """
    folder = Path(volumes) if volumes else None
    trust = wire.Trust(Path(ca), Path(certificate), Path(key))
    watching = Path(sign)
    watching.unlink(missing_ok=True)

    def end(*_: object) -> None:
        watching.unlink(missing_ok=True)
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    base = f"{server}/api/v1"

    def bind(claim: dict[str, Any]) -> None:
        volume = volume_for(claim, folder)
        if volume:
            if path := folder_of(volume, folder):
                path.mkdir(mode=0o770, exist_ok=True)
            _send("POST", f"{base}/persistentvolumes", trust, volume)

    def discard(volume: dict[str, Any]) -> None:
        if is_released(volume):
            if path := folder_of(volume, folder):
                shutil.rmtree(path, ignore_errors=True)
            _send("DELETE", f"{base}/persistentvolumes/{volume['metadata']['name']}", trust, None)

    threading.Thread(
        target=_follow, args=(f"{base}/persistentvolumes", trust, discard, None), daemon=True
    ).start()
    _follow(f"{base}/persistentvolumeclaims", trust, bind, watching)


def _send(method: str, url: str, trust: wire.Trust, body: Any) -> None:
    answer = wire.request(method, url, trust, body=body, timeout=15)
    # 409: an earlier run of ours made the volume. 404: it is already gone.
    if answer.status not in (200, 201, 202, 404, 409):
        raise errors.EngineFailed(f"{method} {url} answers {answer.status}: {answer.body[:300]!r}")


def _follow(
    url: str, trust: wire.Trust, act: Callable[[dict[str, Any]], None], sign: Path | None
) -> None:
    """List, then watch from there; again whenever the server ends or breaks the watch."""
    while True:
        try:
            answer = wire.request("GET", url, trust, timeout=15)
            if answer.status != 200:
                raise errors.EngineFailed(f"GET {url} answers {answer.status}")
            listed = answer.json()
            for entry in listed["items"]:
                act(entry)
            if sign:
                sign.touch()
            _watch(url, trust, act, listed["metadata"]["resourceVersion"])
        except errors.OnboardError as error:
            if sign:
                sign.unlink(missing_ok=True)
            sys.stderr.write(f"{error}\n")
            sys.stderr.flush()
            time.sleep(_PAUSE_SECONDS)


def _watch(
    url: str, trust: wire.Trust, act: Callable[[dict[str, Any]], None], version: str
) -> None:
    query = f"?watch=1&resourceVersion={version}&timeoutSeconds={_WATCH_SECONDS}"
    for line in wire.lines(url + query, trust, timeout=_WATCH_SECONDS + 30):
        event = json.loads(line)
        if event["type"] in ("ADDED", "MODIFIED"):
            act(event["object"])
        elif event["type"] == "ERROR":
            return


if __name__ == "__main__":
    main(*sys.argv[1:])
