"""The lab's volume provisioner: gives every claim of the lab's storage class a volume.

A process of its own (``python -m onboarding.lab.volumes``) that lists once and then watches;
between events it sleeps in the kernel. Pods on fake nodes never write, so a volume is only the
object that a claim is bound to.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from onboarding import errors
from onboarding.lab import wire

PROVISIONER = "gdcc.go.th/lab"
STORAGE_CLASS = "gdcc-encrypted"
PROVISIONED_BY = "pv.kubernetes.io/provisioned-by"
_WATCH_SECONDS = 300
_PAUSE_SECONDS = 2.0


def volume_for(claim: dict[str, Any]) -> dict[str, Any] | None:
    """The volume a claim waits for; None where it is not ours, is bound, or is going."""
    spec, metadata = claim["spec"], claim["metadata"]
    waiting = claim.get("status", {}).get("phase") == "Pending" and not spec.get("volumeName")
    if spec.get("storageClassName") != STORAGE_CLASS or not waiting:
        return None
    if metadata.get("deletionTimestamp"):
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
            "hostPath": {"path": f"/var/lib/onboard-lab/{metadata['uid']}"},
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": STORAGE_CLASS,
            "volumeMode": spec.get("volumeMode", "Filesystem"),
        },
    }


def is_released(volume: dict[str, Any]) -> bool:
    """True for a volume of ours whose claim is gone."""
    made_by = volume["metadata"].get("annotations", {}).get(PROVISIONED_BY)
    phase = volume.get("status", {}).get("phase")
    return made_by == PROVISIONER and phase in ("Released", "Failed")


def main(server: str, ca: str, certificate: str, key: str, sign: str) -> None:
    """Watch claims and volumes until SIGTERM; ``sign`` exists while the claims are watched."""
    trust = wire.Trust(Path(ca), Path(certificate), Path(key))
    watching = Path(sign)
    watching.unlink(missing_ok=True)

    def end(*_: object) -> None:
        watching.unlink(missing_ok=True)
        raise SystemExit(0)

    signal.signal(signal.SIGTERM, end)
    base = f"{server}/api/v1"

    def bind(claim: dict[str, Any]) -> None:
        volume = volume_for(claim)
        if volume:
            _send("POST", f"{base}/persistentvolumes", trust, volume)

    def discard(volume: dict[str, Any]) -> None:
        if is_released(volume):
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
