"""What only several manifests together can show: clashes, links, parents, bodies claimed twice.

`Crosscheck.add` is called once per manifest and keeps little of it: hashes of what it claims and
declares, and a few ids. `Crosscheck.conclude` opens a second time only the files that something
was found in, to name the line on both sides.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from onboarding import claims, errors, links, manifest, strict_yaml, tenant, tenant_link
from onboarding.manifest import model

_AGAINST = (links.State.DIFFERENT, links.State.ABOVE_CEILING)
"""Links whose two declarations contradict each other or a limit; any other open one waits."""
_PARENT: strict_yaml.KeyPath = ("agency", "parent")


@dataclass(frozen=True, slots=True)
class Concluded:
    """``problems`` contradict each other; ``notes`` are what a person should know."""

    problems: tuple[errors.Problem, ...]
    notes: tuple[errors.Problem, ...]


class _Side(NamedTuple):
    """A link as one agency declares it; ``sound`` where nothing on this side is against it."""

    link: str
    peer: str
    digest: str
    sound: bool


@dataclass(frozen=True, slots=True)
class _Agency:
    path: Path
    parent: str | None
    sides: tuple[_Side, ...]


@dataclass(slots=True)
class Crosscheck:
    """Remembers of each manifest what the comparison with the others needs."""

    _files: list[Path] = field(default_factory=list)
    _agencies: dict[str, _Agency] = field(default_factory=dict)
    _claimed: dict[int, int] = field(default_factory=dict)
    """Hash of a claim: number of the first file that made it. Equal hashes are looked into."""
    _again: dict[int, set[int]] = field(default_factory=dict)

    def add(self, path: Path, of: tenant.Tenant) -> None:
        """Take note of a manifest, resolved without its peers."""
        number = len(self._files)
        self._files.append(path)
        kept = _Agency(path, of.manifest.agency.parent, tuple(_side(of, link) for link in of.links))
        self._agencies.setdefault(of.id, kept)
        for claim in claims.of(of):
            key = hash(claim)
            first = self._claimed.setdefault(key, number)
            if first != number:
                self._again.setdefault(key, {first}).add(number)

    def conclude(self) -> Concluded:
        """Everything that the manifests added so far show together.

        Raises errors.InvalidInput where a file was changed meanwhile and is no manifest any more.
        """
        clashes, alike = self._clashes()
        against, pending = self._links()
        problems = (*clashes, *self._circles(), *against)
        if len(self._files) == 1:
            # Nobody expects the others beside a single file.
            return Concluded(problems, ())
        return Concluded(problems, (*alike, *self._outside(), *pending))

    def _clashes(self) -> tuple[list[errors.Problem], list[errors.Problem]]:
        """Claims of several files; of files that hold the same agency only that one is told."""
        clashes: list[errors.Problem] = []
        alike: list[errors.Problem] = []
        places = self._places()
        same = {
            (later.at.path, first.at.path)
            for claim, (first, *others) in places.items()
            for later in others
            if claim.what == claims.ID and later.agency == first.agency
        }
        for claim, (first, *others) in places.items():
            for later in others:
                twice = (later.at.path, first.at.path) in same
                if claim.what == claims.NAME and not twice:
                    alike.append(claims.alike(later, first))
                elif not twice or claim == (claims.ID, later.agency):
                    clashes.append(claims.clash(later, first, claim))
        return clashes, alike

    def _places(self) -> dict[claims.Claim, list[claims.Place]]:
        """Every claim that was made again, with its place in each file."""
        places: dict[claims.Claim, list[claims.Place]] = {}
        for number in sorted(set().union(*self._again.values())):
            read, document = manifest.read(self._files[number])
            of = tenant.resolve(read)
            for claim in dict.fromkeys(claims.of(of)):
                if hash(claim) in self._again:
                    places.setdefault(claim, []).append(claims.place(of, document, claim))
        return places

    def _circles(self) -> Iterator[errors.Problem]:
        """Agencies that are above themselves, each circle once."""
        done: set[str] = set()
        for start in self._agencies:
            walked: list[str] = []
            current: str | None = start
            while current in self._agencies and current not in done:
                done.add(current)
                walked.append(current)
                current = self._agencies[current].parent
            if current in walked:
                yield self._circle(walked[walked.index(current) :])

    def _circle(self, agencies: Sequence[str]) -> errors.Problem:
        way = " → ".join([*agencies, agencies[0]])
        others = [self._at_parent(agency).where() for agency in agencies[1:]]
        also = f" (see {', '.join(others)})" if others else ""
        message = f"an agency is above itself: {way}{also}"
        return self._at_parent(agencies[0], message, "correct the parent of one of them")

    def _outside(self) -> Iterator[errors.Problem]:
        """Parents that are not among the files, each once, at the first agency below it."""
        below: dict[str, list[str]] = {}
        for agency, kept in self._agencies.items():
            if kept.parent and kept.parent not in self._agencies:
                below.setdefault(kept.parent, []).append(agency)
        for parent, (first, *others) in below.items():
            close = difflib.get_close_matches(parent, self._agencies, n=1, cutoff=0.8)
            more = f", the parent of {len(others)} more" if others else ""
            message = f"no manifest of {parent!r} is among these files{more}"
            yield self._at_parent(first, message, f"did you mean {close[0]!r}?" if close else "")

    def _at_parent(self, agency: str, message: str = "", remedy: str = "") -> errors.Problem:
        _, document = manifest.read(self._agencies[agency].path)
        return strict_yaml.problem(document, model.AgencyMou, _PARENT, message, remedy)

    def _links(self) -> tuple[list[errors.Problem], list[errors.Problem]]:
        """Links that contradict each other, and links that wait, each pair told once."""
        against: list[errors.Problem] = []
        pending: list[errors.Problem] = []
        told: set[tuple[frozenset[str], str]] = set()
        for agency, kept in self._agencies.items():
            if all(self._agreed(side) for side in kept.sides):
                continue
            mine = links.Declared(*manifest.read(kept.path))
            for index, judged in enumerate(links.judge(mine, self._peers(mine))):
                pair = (frozenset((agency, judged.link.peer)), judged.link.id)
                if not judged.agreed and pair not in told:
                    told.add(pair)
                    listed = against if judged.state in _AGAINST else pending
                    listed.append(_open_link(mine, index, judged))
        return against, pending

    def _agreed(self, mine: _Side) -> bool:
        """Whether the peer declares the same, as far as hashes tell; else both are looked into."""
        peer = self._agencies.get(mine.peer)
        return mine.sound and any(
            theirs.sound and (theirs.link, theirs.digest) == (mine.link, mine.digest)
            for theirs in (peer.sides if peer else ())
        )

    def _peers(self, mine: links.Declared) -> dict[str, links.Declared]:
        wanted = {link.peer for link in mine.manifest.links} & self._agencies.keys()
        return {p: links.Declared(*manifest.read(self._agencies[p].path)) for p in sorted(wanted)}


def _side(of: tenant.Tenant, link: tenant_link.Link) -> _Side:
    """``of`` is resolved without its peers: nothing but that may stand against a sound link."""
    classes, declared = links.CLASSES, link.declaration
    within = classes.index(declared.data_class) <= classes.index(
        of.manifest.security.max_data_class
    )
    sound = within and link.state is links.State.UNKNOWN_PEER
    return _Side(link.id, declared.peer, link.digest, sound)


def _open_link(mine: links.Declared, index: int, judged: links.Judged) -> errors.Problem:
    path: strict_yaml.KeyPath = ("links", index)
    message = f"link {judged.link.id!r} with {judged.link.peer}: {judged.why}"
    remedy = "it is provisioned once both sides declare the same"
    return strict_yaml.problem(mine.document, model.AgencyMou, path, message, remedy)
