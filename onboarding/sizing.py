"""Users -> size class -> resources. Pure; coefficients are a versioned profile with its source.

Everything is computed in whole numbers, so a result never depends on floating point.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from onboarding import strict_yaml

PROFILE = "policies/data/sizing.yaml"


@dataclass(frozen=True, slots=True)
class Size:
    """What one instance may use. ``*_m`` thousandths of a core, ``*_mi`` MiB, ``*_gi`` GiB."""

    users: int
    klass: str
    peak: int
    cpu_request_m: int
    cpu_limit_m: int
    memory_request_mi: int
    memory_limit_mi: int
    storage_gi: int
    replicas: int
    pods: int


def size(users: int) -> Size:
    """Size of one instance for ``users`` >= 1; never smaller than that of fewer users.

    Raises ValueError for fewer than one user.
    """
    if users < 1:
        raise ValueError(f"an instance has at least one user, not {users}")
    profile = _profile()
    klass, peak = _class_and_peak(users)
    cpu, memory = profile["cpu"], profile["memory"]
    cpu_request = _up(cpu["baseMilli"] + cpu["milliPerPeakUser"] * peak, cpu["stepMilli"])
    memory_request = _up(memory["baseMi"] + memory["miPerPeakUser"] * peak, memory["stepMi"])
    replicas = profile["replicas"]
    count = replicas["small"]
    if klass != profile["classes"][0]["name"]:
        count = max(replicas["least"], _divided_up(peak, replicas["peakUsersPerReplica"]))
    return Size(
        users=users,
        klass=klass,
        peak=peak,
        cpu_request_m=cpu_request,
        cpu_limit_m=_divided_up(cpu_request * cpu["limitPercent"], 100),
        memory_request_mi=memory_request,
        memory_limit_mi=_up(
            _divided_up(memory_request * memory["limitPercent"], 100), memory["stepMi"]
        ),
        storage_gi=storage_gi(users, profile["storage"]["years"]),
        replicas=count,
        pods=profile["pods"]["base"] + profile["pods"]["perReplica"] * count,
    )


def storage_gi(users: int, years: int) -> int:
    """GiB that the letters of ``users`` fill in ``years``; the quota asks for the first two."""
    storage = _profile()["storage"]
    step: int = storage["stepGi"]
    # letters/y x kB x years x overhead %, over 1000 kB/MB x 100 % x 1024 MB/Gi.
    numerator = (
        users
        * storage["lettersPerUserYear"]
        * storage["letterKb"]
        * years
        * storage["overheadPercent"]
    )
    denominator = 1000 * 100 * 1024
    total = storage["baseGi"] * denominator + numerator
    return _divided_up(total, step * denominator) * step


def with_telemetry(of: Size, series: int, per_minute: int, days: int) -> Size:
    """``of`` for time series: memory for each open one, storage for what is kept.

    ``per_minute``: samples of one series at most; ``days``: how long they are kept.
    """
    profile = _profile()
    rules, memory, storage = profile["telemetry"], profile["memory"], profile["storage"]
    more = _up(_divided_up(series * rules["kibPerSeries"], 1024), memory["stepMi"])
    bytes_kept = series * per_minute * 1440 * days * rules["bytesPerSample"]
    kept = _up(storage["baseGi"] + _divided_up(bytes_kept, 1024**3), storage["stepGi"])
    return dataclasses.replace(
        of,
        memory_request_mi=of.memory_request_mi + more,
        memory_limit_mi=of.memory_limit_mi + more,
        storage_gi=kept,
    )


def with_storage(of: Size, gi: int) -> Size:
    """``of`` with at least ``gi`` GiB of storage, in the profile's steps."""
    return dataclasses.replace(
        of, storage_gi=max(of.storage_gi, _up(gi, _profile()["storage"]["stepGi"]))
    )


@dataclass(frozen=True, slots=True)
class Profile:
    """Which coefficients sized everything; ``confirm`` is what a person has to confirm."""

    version: str
    source: str
    confirm_en: str
    confirm_th: str


def profile() -> Profile:
    """The profile that every size is computed with."""
    found = _profile()
    return Profile(found["version"], found["source"], found["confirm"], found["confirmTh"])


def quota_years() -> int:
    """Years of letters that the storage quota of an instance asks for."""
    years: int = _profile()["storage"]["years"]
    return years


def retention_years() -> int:
    """Years that letters are kept where a system does not say it."""
    years: int = _profile()["retentionYears"]
    return years


def non_production_users(users: int) -> int:
    """Users that an environment other than production is sized for, at least one."""
    percent: int = _profile()["nonProductionPercent"]
    return max(1, _divided_up(users * percent, 100))


def max_users_per_instance() -> int:
    """Above it an agency needs shards (``tenancy.isolation: federated``)."""
    limit: int = _profile()["maxUsersPerInstance"]
    return limit


def _class_and_peak(users: int) -> tuple[str, int]:
    """The peak never falls below that of the next smaller class's largest agency."""
    floor = 0
    for klass in _profile()["classes"]:
        upper: int | None = klass["upTo"]
        if upper is None or users <= upper:
            return str(klass["name"]), max(_divided_up(users * klass["peakPercent"], 100), floor)
        floor = max(_divided_up(upper * klass["peakPercent"], 100), floor)
    raise AssertionError("the last size class of the profile must have upTo: null")


def _divided_up(value: int, divisor: int) -> int:
    return -(-value // divisor)


def _up(value: int, step: int) -> int:
    return _divided_up(value, step) * step


def _profile() -> Mapping[str, Any]:
    return strict_yaml.shipped(PROFILE)
