"""The engines of the test lab: stopped, frozen, killed and brought back."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator

from onboarding import environment, vault
from onboarding.lab import home as homes
from onboarding.lab import state as states
from tests import running


def process(lab: str, component: str) -> int:
    """The process id of a component."""
    return states.load(homes.locate(lab)).started[component].mark.pid


def kill(lab: str, component: str) -> None:
    os.kill(process(lab, component), signal.SIGKILL)


def up(lab: str) -> None:
    done = running.onboard("lab", "up", "--name", lab, timeout=600)
    assert done.code == 0, done.err


@contextlib.contextmanager
def back_again(lab: str) -> Iterator[None]:
    """Whatever happens inside, the lab is whole afterwards."""
    try:
        yield
    finally:
        up(lab)


def frozen(lab: str, component: str, seconds: float) -> threading.Thread:
    """SIGSTOP now, SIGCONT later: it holds its connections and answers nothing."""
    target = process(lab, component)
    os.kill(target, signal.SIGSTOP)

    def thaw() -> None:
        time.sleep(seconds)
        os.kill(target, signal.SIGCONT)

    thread = threading.Thread(target=thaw)
    thread.start()
    return thread


_SEAL = 'path "sys/seal" {\n  capabilities = ["update", "sudo"]\n}\n'


@contextlib.contextmanager
def sealable(target: environment.Environment) -> Iterator[Callable[[], None]]:
    """Gives what seals the Vault; afterwards it is open again.

    Nobody of ours may seal it, so the administrator allows himself to; and without its key file
    it cannot open itself.
    """
    key = homes.locate(target.name).credentials / "vault-seal-key"
    away = key.with_name("away")
    place = "sys/policies/acl/onboard-bootstrap"
    with vault.connect(target, environment.Role.BOOTSTRAP) as door:
        before = (door.read(place) or {})["policy"]
        door.write(place, {"policy": f"{before}\n{_SEAL}"})

        def seal() -> None:
            key.rename(away)
            door.write("sys/seal", {})

        try:
            with back_again(target.name):
                try:
                    yield seal
                finally:
                    if away.exists():
                        away.rename(key)
                        kill(target.name, "openbao")
        finally:
            door.write(place, {"policy": before})
