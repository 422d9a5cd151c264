"""Which version a command reports, and whether it fits the one that is wanted."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

_NUMBER = re.compile(r"(?<![\w.])(?:v|go)?(\d+)\.(\d+)(?:\.(\d+))?(-[0-9A-Za-z][0-9A-Za-z.-]*)?")
# The first release of a Java: openjdk version "25" 2025-09-16
_SINGLE = re.compile(r'version "(\d+)"')
_UNSTABLE = re.compile(r"-(alpha|beta|rc|dev|snapshot|ea)", re.IGNORECASE)


class Fits(StrEnum):
    """How near a found version must be to the wanted one."""

    EXACT = "exact"
    MINOR = "minor"
    MAJOR = "major"
    LATER = "later"


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """``stable`` sorts last, so that a release candidate comes before its release."""

    major: int
    minor: int
    patch: int
    stable: bool = True

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}.{self.patch}" + ("" if self.stable else " (unstable)")


def parse(text: str) -> Version | None:
    """The first version number in ``text``, what a command prints when asked; None without one.

    A vendor's suffix (``v1.36.3-gke.100``, ``+k3s1``) does not make a version unstable.
    """
    match = _NUMBER.search(text)
    if match is None:
        single = _SINGLE.search(text)
        return Version(int(single.group(1)), 0, 0) if single else None
    major, minor, patch, suffix = match.groups()
    return Version(int(major), int(minor), int(patch or 0), not _UNSTABLE.match(suffix or ""))


def fits(found: Version, wanted: Version, how: Fits) -> bool:
    """Whether ``found`` may stand in for ``wanted``."""
    match how:
        case Fits.EXACT:
            return found == wanted
        case Fits.MINOR:
            same = (found.major, found.minor) == (wanted.major, wanted.minor)
            return same and found >= wanted
        case Fits.MAJOR:
            return found.major == wanted.major and found >= wanted
        case Fits.LATER:
            return found >= wanted
