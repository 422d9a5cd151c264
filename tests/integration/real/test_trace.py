"""A real node leaves nothing behind on this computer, however it ended."""

from __future__ import annotations

import os
import signal
import subprocess
from pathlib import Path

import pytest

from onboarding.lab import component, process
from onboarding.lab import home as homes
from onboarding.lab.real import groups, place
from tests.integration.real.conftest import Cluster, command, eventually, must

pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]

_FOLDERS = ("/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/pods", "/etc/cni")
_SETTINGS = ("net/ipv4/ip_forward", "vm/overcommit_memory", "kernel/panic", "kernel/panic_on_oops")


def _told(*argv: str) -> list[str]:
    ended = subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True)
    # Counters and times in what iptables-save prints are no difference.
    return sorted(line for line in ended.stdout.splitlines() if not line.startswith(("#", ":")))


def _traces(home: homes.Home) -> dict[str, object]:
    """Everything on this computer by which a node could show."""
    own = str(home.root).encode()
    # The nodes of other labs come and go meanwhile.
    names = {one.name for one in Path("/sys/class/net").iterdir()}
    others = {name for name in names if name.startswith("onb-")} - {place.link(home)}
    return {
        "interfaces": sorted(names - others),
        "routes": [line for line in _told("ip", "route") if not others & set(line.split())],
        "mounts": [line.split()[4] for line in _read(Path("/proc/self/mountinfo")).splitlines()],
        "firewall": _told("iptables-save"),
        "sets": _told("ipset", "list", "-name"),
        "namespaces": _told("ip", "netns", "list"),
        "groups": groups.found(place.group(home)),
        "folders": [name for name in _FOLDERS if Path(name).exists()],
        "settings": [(Path("/proc/sys") / name).read_text() for name in _SETTINGS],
        "processes": [
            entry.name
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and own in _read(entry / "cmdline") + _read(entry / "environ")
        ],
    }


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.fixture
def before(home: homes.Home) -> dict[str, object]:
    must(command("down"))
    return _traces(home)


@pytest.fixture
def standing(before: dict[str, object], lab: component.Lab) -> component.Lab:
    """The lab with a pod that runs."""
    Cluster(lab, "default").pod("letters", "serve", ":8000")
    now = _traces(lab.home)
    # What is compared below does show a node that stands.
    for trace in ("interfaces", "routes", "groups", "processes"):
        assert now[trace] != before[trace], trace
    for unchanged in ("firewall", "sets", "mounts", "namespaces", "settings", "folders"):
        assert now[unchanged] == before[unchanged], unchanged
    return lab


def test_down_removes_it(before: dict[str, object], standing: component.Lab) -> None:
    must(command("down"))
    assert _traces(standing.home) == before


def test_down_removes_what_a_kill_left(before: dict[str, object], standing: component.Lab) -> None:
    for mark in process.labelled(f"{standing.home.root}:").values():
        os.kill(mark.pid, signal.SIGKILL)
    must(command("down"))
    assert _traces(standing.home) == before


def test_up_mends_a_killed_node(standing: component.Lab) -> None:
    marks = process.labelled(f"{standing.home.root}:")
    os.kill(marks["node"].pid, signal.SIGKILL)
    must(command("up", timeout=3600))
    cluster = Cluster(standing, "default")
    name = "kubernetes.default.svc.cluster.local"
    assert eventually(lambda: cluster.inside("letters", "lookup", name).code == 0, 180)


def test_reset_leaves_nothing(before: dict[str, object], standing: component.Lab) -> None:
    must(command("reset", "--yes"))
    assert _traces(standing.home) == before
    assert not standing.home.root.exists()
