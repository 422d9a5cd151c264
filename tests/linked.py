"""Peers of an agency that declare its links as it does, for tests."""

from __future__ import annotations

from onboarding import links
from onboarding.manifest import model


def mirrored(of: model.AgencyMou) -> dict[str, links.Declared]:
    """The agencies at the other ends, by id; each is like ``of`` but for its id and its links."""
    found: dict[str, links.Declared] = {}
    for peer in {link.peer for link in of.links}:
        theirs = tuple(
            link.model_copy(update={"peer": of.id, "direction": links.mirrored(link.direction)})
            for link in of.links
            if link.peer == peer
        )
        metadata = of.metadata.model_copy(update={"id": peer})
        changes = {"metadata": metadata, "links": theirs}
        found[peer] = links.Declared(of.model_copy(update=changes))
    return found
