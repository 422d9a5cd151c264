"""How long the program waits and how often it tries: one policy for every door to a system."""

from __future__ import annotations

import email.utils
import random
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_SPAN = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")
_TRIES_OF_A_STRANGER = 4
_TRIES = 10
_FIRST_PAUSE = 0.5
_LONGEST_PAUSE = 8.0


def seconds(text: str) -> float:
    """Seconds of a span such as ``30s``, ``5m`` or ``1.5h``. Raises ``ValueError``."""
    found = _SPAN.fullmatch(text.strip())
    length = float(found[1]) * _UNITS[found[2]] if found else 0.0
    if length <= 0:
        raise ValueError(f"{text!r} is no span of time; write it like 30s, 5m or 2h")
    return length


def span(length: float) -> str:
    """Seconds as ``seconds`` reads them, in the largest unit that divides them."""
    for unit in ("h", "m", "s"):
        if length % _UNITS[unit] == 0:
            return f"{length / _UNITS[unit]:.0f}{unit}"
    return f"{length * 1000:.0f}ms"


@dataclass(frozen=True, slots=True)
class Limits:
    """In seconds: to reach a system, for one whole answer, for one request with all its tries."""

    connect: float = 5.0
    request: float = 30.0
    retry: float = 60.0


USUAL = Limits()


class Budget:
    """What is left for one request: pauses grow, are spread by chance, and are few.

    Spread over their whole length ("full jitter"), because many runs that met the same outage
    must not come back at once. A system that never answered may simply not be there: it gets
    fewer tries than one that did (``known``).
    """

    def __init__(self, limits: Limits, *, known: bool) -> None:
        self._limits = limits
        self._ends = time.monotonic() + limits.retry
        self._tries = _TRIES if known else _TRIES_OF_A_STRANGER
        self._used = 1

    def timeout(self) -> tuple[float, float]:
        """Seconds of the next try: to connect, and for the answer."""
        left = max(self._ends - time.monotonic(), 0.1)
        return min(self._limits.connect, left), min(self._limits.request, left)

    def again(self, retry_after: str | None = None) -> bool:
        """Pause before the next try; False, without a pause, where there may be none.

        A server that asks for more time than is left is not asked again at all.
        """
        left = self._ends - time.monotonic()
        pause = random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (self._used - 1)))  # noqa: S311 - spread, not a secret
        pause += asked_for(retry_after)
        if self._used >= self._tries or pause >= left:
            return False
        self._used += 1
        time.sleep(pause)
        return True


def asked_for(retry_after: str | None) -> float:
    """Seconds that a ``Retry-After`` asks for, as a number or a date (RFC 9110, 10.2.3)."""
    if not retry_after:
        return 0.0
    if retry_after.strip().isdigit():
        return float(retry_after)
    try:
        until = email.utils.parsedate_to_datetime(retry_after)
    except ValueError:
        return 0.0
    if until.tzinfo is None:
        return 0.0
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
