"""Faults at chosen requests, as plans for the proxy."""

from __future__ import annotations

from tests.faults import proxy


def at(words: str, fault: proxy.Fault) -> proxy.Plan:
    """At the first write whose key contains these words."""
    left = [fault]

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        return left.pop() if left and asked.number and words in asked.key else None

    return plan


def at_write(number: int, fault: proxy.Fault) -> proxy.Plan:
    """At one write of the run, counted from 1."""
    return lambda asked: fault if asked.number == number else None


def once(system: str, fault: proxy.Fault, *, write: bool = False) -> proxy.Plan:
    """At the first request (or the first write) to a system."""
    left = [fault]

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        fits = asked.system == system and (asked.number > 0 or not write)
        return left.pop() if left and fits else None

    return plan


def always(system: str, fault: proxy.Fault, since: int = 0) -> proxy.Plan:
    """At every request to a system, from a write of the run on."""
    last = [0]

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        last[0] = max(last[0], asked.number)
        return fault if asked.system == system and last[0] >= since else None

    return plan


def every(system: str, nth: int, fault: proxy.Fault) -> proxy.Plan:
    """At every nth request to a system."""
    seen = [0]

    def plan(asked: proxy.Asked) -> proxy.Fault | None:
        seen[0] += asked.system == system
        return fault if asked.system == system and seen[0] % nth == 0 else None

    return plan


def nothing(_: proxy.Asked) -> None:
    """No fault."""
