"""Free ports on loopback, chosen once and kept while nobody else takes them."""

from __future__ import annotations

import hashlib
import socket
from collections.abc import Collection, Iterable, Iterator, Mapping

from onboarding import errors

ADDRESS = "127.0.0.1"
FIRST, LAST = 20000, 31999
"""Below the range of outgoing connections (ip_local_port_range), which begins at 32768."""


def is_free(port: int, address: str = ADDRESS) -> bool:
    """True where a server could listen on the port now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return False
    return True


def choose(
    wanted: Iterable[str],
    kept: Mapping[str, int],
    *,
    seed: str,
    taken: Collection[int] = (),
    in_use_by_us: Collection[str] = (),
) -> dict[str, int]:
    """One port for each wanted name.

    A kept port stays if it is free or our own component listens on it (``in_use_by_us``);
    another one takes its place otherwise. ``taken`` are ports of other labs, which may be down.
    """
    chosen: dict[str, int] = {}
    reserved = set(taken)
    candidates = _candidates(seed)
    for name in wanted:
        port = kept.get(name)
        if port and port not in reserved and (name in in_use_by_us or is_free(port)):
            chosen[name] = port
            reserved.add(port)
    reserved.update(kept.values())
    for name in wanted:
        if name in chosen:
            continue
        port = next((p for p in candidates if p not in reserved and is_free(p)), None)
        if port is None:
            raise errors.OnboardError(
                f"no free port between {FIRST} and {LAST} on {ADDRESS}",
                resolution="Stop what listens there; see: ss -ltnp",
            )
        chosen[name] = port
        reserved.add(port)
    return chosen


def _candidates(seed: str) -> Iterator[int]:
    """Every port of the range once, from a start that differs from lab to lab."""
    size = LAST - FIRST + 1
    start = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4], "big") % size
    return iter([FIRST + (start + step) % size for step in range(size)])
