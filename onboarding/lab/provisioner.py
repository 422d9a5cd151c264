"""The lab's volume provisioner as a component: a small process of our own with its own rights."""

from __future__ import annotations

import sys
from pathlib import Path

import onboarding
from onboarding.lab import apiserver, component, volumes
from onboarding.lab.real import place

NAME = "provisioner"
PORTS: tuple[str, ...] = ()


def describe(lab: component.Lab) -> component.Component:
    return component.Component(
        name=NAME,
        argv=(
            sys.executable,
            "-m",
            "onboarding.lab.volumes",
            lab.url("apiserver"),
            str(lab.certificate("ca")),
            str(lab.certificate(NAME)),
            str(lab.key(NAME)),
            str(_sign(lab)),
            *((str(place.volumes(lab.home)),) if lab.real else ()),
        ),
        environ={
            # The package may be installed or lie in a checkout; either way the same code runs.
            "PYTHONPATH": str(Path(onboarding.__file__).parent.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        reads=(lab.certificate(NAME), lab.certificate("ca"), Path(volumes.__file__)),
        ready=_ready,
        after=(apiserver.NAME,),
        prepare=_prepare,
    )


def _sign(lab: component.Lab) -> Path:
    """A file the process keeps while it watches; it is gone whenever the watch is not running."""
    return lab.home.data(NAME) / "watching"


def _prepare(lab: component.Lab) -> None:
    lab.home.data(NAME).mkdir(mode=0o700, parents=True, exist_ok=True)


def _ready(lab: component.Lab) -> str:
    return "" if _sign(lab).exists() else "it does not watch volume claims yet"
