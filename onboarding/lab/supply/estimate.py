"""How much of the work is done and how long the rest will take, learning as steps finish."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

_PARALLEL = 0.85
_PRIOR_WEIGHT = 40.0
_SURE = 0.7
_NEVER_QUITE = 0.99


@dataclass(slots=True)
class Estimate:
    """``weights``: CPU seconds of every step on the reference computer; ``cores`` of this one.

    The first guess is that every core does one reference second per second, less what the
    serial parts of a build leave idle. Each finished step corrects it by its real time.
    """

    weights: Mapping[str, float]
    cores: int
    _done: dict[str, float] = field(default_factory=dict)
    _begun: dict[str, float] = field(default_factory=dict)

    def begin(self, name: str, now: float) -> None:
        self._begun[name] = now

    def finish(self, name: str, now: float) -> None:
        self._done[name] = now - self._begun.get(name, now)

    def speed(self) -> float:
        """Reference CPU seconds done in one second of time."""
        first = self.cores * _PARALLEL
        weight = sum(self.weights.get(name, 0.0) for name in self._done)
        seconds = sum(self._done.values())
        return (weight + _PRIOR_WEIGHT) / (seconds + _PRIOR_WEIGHT / first)

    def percent(self, now: float) -> int:
        """Of the whole work, 100 only when all of it is done."""
        total = sum(self.weights.values())
        if total <= 0:
            return 0
        return int(100 * (total - self._left(now)) / total)

    def seconds_left(self, now: float) -> float:
        return self._left(now) / self.speed()

    def _left(self, now: float) -> float:
        left = 0.0
        for name, weight in self.weights.items():
            if name in self._done or weight <= 0:
                continue
            begun = self._begun.get(name, now)
            left += weight * (1 - _progress((now - begun) * self.speed() / weight))
        return left


def _progress(share: float) -> float:
    """Progress of a step that has had ``share`` of its expected time; slows down, never ends."""
    if share <= _SURE:
        return share
    rest = 1 - _SURE
    return _SURE + rest * (1 - math.exp((_SURE - share) / rest)) * _NEVER_QUITE


def spoken(seconds: float) -> str:
    """``about 12 min``, ``about 40 s``: no more precision than the estimate has."""
    if seconds < 90:
        return f"about {max(5, round(seconds / 5) * 5)} s"
    return f"about {round(seconds / 60)} min"
