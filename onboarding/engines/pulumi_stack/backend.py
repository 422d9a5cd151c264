"""Where Pulumi keeps its state: a folder, PostgreSQL, or S3. What it stores is read by its names.

Pulumi is told where its credential lies, never the credential: no secret is in its URL, in its
arguments or in its environment.
"""

from __future__ import annotations

import json
import os
import socket
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from urllib import parse

from onboarding import environment, errors
from onboarding.engines.pulumi_stack import locks
from onboarding.state import credentials, leases, opening, storage

_IDENTITY = (
    "AWS_REGION",
    "AWS_ROLE_ARN",
    "AWS_ROLE_SESSION_NAME",
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
)
"""How a workload says who it is: names and paths, no secret."""
_LONGEST_WAIT = 20.0
_POLL = 0.5


def url(of: environment.Pulumi) -> str:
    """The backend's URL for Pulumi; a bucket at an endpoint of its own is a path there."""
    if of.backend.startswith("s3:") and credentials.parameter(of.backend, "endpoint"):
        return f"{of.backend}&s3ForcePathStyle=true"
    return of.backend


def variables(of: environment.Pulumi) -> dict[str, str]:
    """What the environment of Pulumi needs so that it can sign in."""
    kind = parse.urlsplit(of.backend).scheme
    file = of.credentials_file
    if file is not None:
        credentials.private(file, "the credential of Pulumi's backend")
    if kind in ("postgres", "postgresql"):
        return _postgres(of, file)
    if kind != "s3":
        return {}
    given = {name: os.environ[name] for name in _IDENTITY if name in os.environ}
    if file is not None:
        given["AWS_SHARED_CREDENTIALS_FILE"] = str(file)
    if of.ca_file is not None:
        given["AWS_CA_BUNDLE"] = str(of.ca_file)
    return given


def _postgres(of: environment.Pulumi, file: Path | None) -> dict[str, str]:
    given = {} if file is None else {"PGPASSFILE": str(file)}
    if of.ca_file is not None:
        given["PGSSLROOTCERT"] = str(of.ca_file)
    if not credentials.here(parse.urlsplit(of.backend).hostname or ""):
        given["PGSSLMODE"] = "verify-full"
    return given


def stored(of: environment.Pulumi) -> storage.Objects:
    """What Pulumi has stored, by its names."""
    return opening.objects(of)


def checkpoint_name(project: str, stack: str) -> str:
    """The name of a stack's state."""
    return f".pulumi/stacks/{project}/{stack}.json"


def clear(target: environment.Environment, project: str, stack: str) -> None:
    """Remove locks that killed runs left; raise ``errors.EngineFailed`` where one may be alive.

    The caller holds the agency's lease. Pulumi's own ``cancel`` would remove every lock there is.
    """
    if locks.folder_of(target.pulumi.backend) is not None:
        locks.clear(target.pulumi.backend, project, stack)
        return
    place = stored(target.pulumi)
    folder = f".pulumi/locks/organization/{project}/{stack}/"
    deadline = time.monotonic() + _LONGEST_WAIT
    while True:
        held = [lock for lock in _locks(place, folder) if not _removed(place, lock, target, stack)]
        if not held:
            return
        elsewhere = any(lock.host != socket.gethostname() for lock in held)
        if elsewhere or time.monotonic() > deadline:
            raise _busy(stack, held[0])
        time.sleep(_POLL)


def _locks(place: storage.Objects, folder: str) -> Iterator[locks.Lock]:
    for name in place.find(folder):
        raw = place.read(name)
        if raw is None or not name.endswith(".json"):
            continue
        try:
            content = json.loads(raw)
            yield locks.Lock(
                Path(name),
                int(content["pid"]),
                str(content["hostname"]),
                str(content["username"]),
                str(content["timestamp"]),
            )
        except (ValueError, KeyError, TypeError):
            yield locks.Lock(Path(name), 0, "an unreadable lock", "", "")


def _removed(
    place: storage.Objects, lock: locks.Lock, target: environment.Environment, tenant_id: str
) -> bool:
    if lock.host == socket.gethostname():
        dead = not locks.alive(lock)
    else:
        dead = _taken_over(target, tenant_id, lock)
    if dead:
        place.delete(str(lock.file))
    return dead


def _taken_over(target: environment.Environment, tenant_id: str, lock: locks.Lock) -> bool:
    """Whether our lease proves it: a run on that computer lost the agency after the lock's time."""
    try:
        since = datetime.fromisoformat(lock.since)
    except ValueError:
        return False
    return any(
        entry.event == leases.STALE
        and entry.details.get("host") == lock.host
        and datetime.fromisoformat(entry.at) >= since
        for entry in opening.of(target).journal(tenant_id)
    )


def _busy(stack: str, lock: locks.Lock) -> errors.EngineFailed:
    return errors.EngineFailed(
        f"another run is writing the stack {stack!r}",
        details=[f"process {lock.pid} of {lock.user} on {lock.host}, since {lock.since}"],
        resolution="Wait for it to end. If it is certainly dead on that host: "
        f"pulumi cancel {stack}",
    )
