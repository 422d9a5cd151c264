"""Whether this computer can carry a real node, and the programs of its system that one needs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping

from onboarding import errors, progress
from onboarding.lab.real import node

SIMULATED = (
    "pods report Running but run nowhere",
    "network policies are stored, not enforced",
    "names, services, sites and volumes lead nowhere",
)
"""What is not real in a lab without a real node."""

_PROGRAMS: Mapping[str, str] = {
    "ip": "iproute2",
    "iptables": "iptables",
    "ipset": "ipset",
    "runc": "runc",
    "unshare": "util-linux",
    "nsenter": "util-linux",
    "setpriv": "util-linux",
    "mount": "mount",
}
"""Program, and its package in Debian and Ubuntu."""
_INSTALL_SECONDS = 600


def refuse_without_rights() -> None:
    """Raises ``errors.UsageError`` where this user or system cannot have a real node."""
    if sys.platform == "linux" and os.geteuid() == 0:
        return
    why = "only root can" if sys.platform == "linux" else "only Linux can"
    raise errors.UsageError(
        f"{why} make a real node",
        details=["without one, this is simulated:", *(f"  {line}" for line in SIMULATED)],
        resolution="Run it as root on Linux, or leave out --nodes real.",
    )


def complete(report: progress.Progress) -> None:
    """Install the packages whose programs are missing.

    Raises ``errors.EngineFailed`` where that cannot be done.
    """
    missing = missing_programs()
    if not missing:
        return
    packages = sorted(set(missing.values()))
    if shutil.which("apt-get", path=node.PATH) is None:
        raise _impossible(missing, [])
    with report.step(f"packages of the system: {', '.join(packages)}"):
        told = _apt("install", "--yes", "--no-install-recommends", *packages)
        if missing_programs():
            # The lists of a new machine are empty.
            told = _apt("update") + _apt("install", "--yes", "--no-install-recommends", *packages)
    if missing := missing_programs():
        raise _impossible(missing, told)


def missing_programs() -> dict[str, str]:
    """Each missing program, and the package that has it."""
    return {
        name: package
        for name, package in _PROGRAMS.items()
        if shutil.which(name, path=node.PATH) is None
    }


def _impossible(missing: Mapping[str, str], told: list[str]) -> errors.EngineFailed:
    return errors.EngineFailed(
        f"a real node needs {', '.join(missing)}",
        details=told[-5:],
        resolution=f"Install with your system's package manager: {' '.join(set(missing.values()))}",
    )


def _apt(*arguments: str) -> list[str]:
    environ = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "PATH": node.PATH}
    try:
        done = subprocess.run(
            ["apt-get", "-o", "DPkg::Lock::Timeout=120", *arguments],
            env=environ, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=_INSTALL_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return [f"apt-get {arguments[0]} did not end within {_INSTALL_SECONDS} s"]
    return (done.stdout + done.stderr).splitlines()
