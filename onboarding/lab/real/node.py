"""The node's first process, whose end ends everything on it, and its link to this computer."""

from __future__ import annotations

import http.client
import subprocess
from collections.abc import Sequence
from contextlib import closing
from importlib import resources
from pathlib import Path
from urllib import parse

from onboarding import errors
from onboarding.lab import component
from onboarding.lab import home as homes
from onboarding.lab.real import groups, place

NAME = place.COMPONENT
PORTS: tuple[str, ...] = ()
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_SECONDS = 30


def describe(lab: component.Lab) -> component.Component:
    script = _script("node.sh")
    return component.Component(
        name=NAME,
        argv=(
            "unshare",
            "--net",
            "--mount",
            "--pid",
            "--fork",
            "--kill-child=KILL",
            "/bin/sh",
            str(lab.home.config / "node.sh"),
            str(lab.home.root),
            str(lab.engines["lab-pod"]),
        ),
        environ={"PATH": PATH},
        files={
            lab.home.config / "node.sh": script,
            lab.home.config / "enter.sh": _script("enter.sh"),
        },
        ready=_ready,
        prepare=_prepare,
        clear=_clear,
        settle=_link,
    )


def entering(home: homes.Home, *command: str) -> tuple[str, ...]:
    """The command as it is started from this computer inside the node."""
    return ("/bin/sh", str(home.config / "enter.sh"), str(home.root), *command)


def run(
    home: homes.Home, *command: str, text: str = "", seconds: float = _SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run a command inside the node and wait for its end, whatever its status.

    Raises ``errors.EngineFailed`` where it takes longer than ``seconds``.
    """
    return _run(entering(home, *command), text, seconds)


def _run(
    argv: Sequence[str], text: str = "", seconds: float = _SECONDS
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            argv, input=text, capture_output=True, text=True, timeout=seconds, check=False,
            env={"PATH": PATH, "LANG": "C.UTF-8"},
        )  # fmt: skip
    except subprocess.TimeoutExpired as error:
        raise errors.EngineFailed(
            f"'{' '.join(argv)}' did not end within {seconds:.0f} s"
        ) from error


def _script(name: str) -> str:
    return (resources.files("onboarding.lab") / "objects" / name).read_text()


def _prepare(lab: component.Lab) -> None:
    folder = place.folder(lab.home)
    # The work folder of an overlay is the kernel's own.
    for path in (folder, folder / "var", folder / "var.work", place.volumes(lab.home)):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The programs of pods, which are not root, pass through it.
    (folder / "var").chmod(0o755)


def _clear(lab: component.Lab) -> None:
    place.pid_file(lab.home).unlink(missing_ok=True)
    groups.remove(place.group(lab.home))
    groups.make(place.group(lab.home))


def _ready(lab: component.Lab) -> str:
    return "" if place.pid_file(lab.home).exists() else "its namespaces are not made yet"


def _link(lab: component.Lab) -> None:
    """A cable between this computer and the node; it goes when the node does."""
    net, name = place.network(lab.ports["apiserver"]), place.link(lab.home)
    if _run(["ip", "link", "show", name]).returncode != 0:
        pid = place.pid_file(lab.home).read_text().strip()
        _do("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", pid)
        inside = entering(lab.home)
        _do(*inside, "ip", "address", "add", f"{net.node}/30", "dev", "eth0")
        _do(*inside, "ip", "link", "set", "eth0", "up")
        _do("ip", "address", "add", f"{net.computer}/30", "dev", name)
    _do("ip", "link", "set", name, "up")
    _do("ip", "route", "replace", str(net.pods), "via", str(net.node), "dev", name)


def is_linked(home: homes.Home) -> bool:
    """Whether the computer's end of the link to the node is there."""
    return Path(f"/sys/class/net/{place.link(home)}").exists()


def _do(*argv: str) -> None:
    done = _run(argv)
    if done.returncode != 0:
        raise errors.EngineFailed(
            f"the network of the real node cannot be made: '{' '.join(argv)}' fails",
            details=done.stderr.splitlines()[-5:],
            resolution="The kernel must offer veth, bridges and netfilter to root.",
        )


def answers(url: str) -> str:
    """A probe's body for a health page on the node, which knows no TLS: "" where it answers 200."""
    address = parse.urlsplit(url)
    with closing(
        http.client.HTTPConnection(address.hostname or "", address.port, timeout=3)
    ) as asked:
        try:
            asked.request("GET", address.path)
            status = asked.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            return f"{type(error).__name__}: {error}"
    return "" if status == http.HTTPStatus.OK else f"answers {status}"
