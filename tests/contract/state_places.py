"""The three places of a state store, as an environment file names them."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from onboarding import environment
from onboarding.state import opening, store
from tests.contract.servers import postgres, s3
from tests.running import ROOT

KINDS = ("files", "postgres", "s3")

_HOLDER = """
import json, os, sys, time
from onboarding import environment, errors
from onboarding.state import opening, owner
if os.environ.get("ELSEWHERE"):
    # What another computer's process looks like from here: nothing can be said about it.
    found = owner._here
    owner._here = lambda: {**found(), "boot": os.environ["ELSEWHERE"]}
store = opening.at(environment.State.model_validate_json(sys.stdin.readline()))
try:
    with store.lease("moph"):
        print("held", flush=True)
        for line in sys.stdin:
            try:
                if line.strip() == "check":
                    store.check_lease("moph")
                else:
                    store.record("moph", line.strip())
                print("done", flush=True)
            except errors.LeaseLost as lost:
                print("lost", lost.details[0], flush=True)
except errors.Refused as refused:
    print("refused", refused.details[0], flush=True)
"""


def states(kind: str, folder: Path, fixture: Callable[[str], Any]) -> environment.State:
    """A new, empty store of that kind; its leases last 5 seconds. ``fixture`` starts servers."""
    name = f"t{secrets.token_hex(4)}"
    if kind == "files":
        return environment.State(store=f"file://{folder / name}", lease_seconds=5)
    if kind == "postgres":
        postgres_server: postgres.Server = fixture("postgres_server")
        return environment.State(
            store=f"{postgres_server.url()}&schema={name}",
            credentials_file=postgres_server.passfile,
            lease_seconds=5,
        )
    s3_server: s3.Server = fixture("s3_server")
    return environment.State(
        store=s3_server.url(name),
        credentials_file=s3_server.credentials,
        ca_file=s3_server.ca,
        lease_seconds=5,
    )


def opened(state: environment.State) -> store.Store:
    return opening.at(state)


class Other:
    """Another process that wants the tenant ``moph`` of a store."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child

    def heard(self) -> str:
        assert self.child.stdout is not None
        return self.child.stdout.readline().strip()

    def told(self, line: str) -> str:
        """Record an event there ("check": look at the lease only), and what came of it."""
        assert self.child.stdin is not None
        self.child.stdin.write(f"{line}\n")
        self.child.stdin.flush()
        return self.heard()


@contextmanager
def other(state: environment.State, *, elsewhere: str = "") -> Iterator[Other]:
    """Start it; with ``elsewhere`` as if on another computer."""
    import os

    child = subprocess.Popen(
        [sys.executable, "-c", _HOLDER],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
        env={**os.environ, "ELSEWHERE": elsewhere},
    )  # fmt: skip
    try:
        assert child.stdin is not None
        child.stdin.write(json.dumps(state.model_dump(mode="json")) + "\n")
        child.stdin.flush()
        yield Other(child)
    finally:
        child.kill()
        child.wait()
        for stream in (child.stdin, child.stdout):
            if stream is not None:
                stream.close()
