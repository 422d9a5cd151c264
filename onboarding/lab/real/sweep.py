"""What may be left of a real node after its processes ended; idempotent, also after a kill."""

from __future__ import annotations

import time

from onboarding import errors
from onboarding.lab import home as homes
from onboarding.lab.real import groups, node, place

_PAUSE_SECONDS = 0.1
_LINK_SECONDS = 30


def clear(home: homes.Home) -> None:
    """Remove the control groups, and wait until the kernel has taken the link away.

    Raises ``errors.EngineFailed`` where something stays.
    """
    groups.remove(place.group(home))
    place.pid_file(home).unlink(missing_ok=True)
    deadline = time.monotonic() + _LINK_SECONDS
    # The node's network ends a moment after its last process.
    while node.is_linked(home):
        if time.monotonic() > deadline:
            raise errors.EngineFailed(
                f"the interface {place.link(home)} of the lab {home.name!r} does not go",
                details=["a process still holds the network of its node"],
                resolution=f"Run: ip link delete {place.link(home)}",
            )
        time.sleep(_PAUSE_SECONDS)
