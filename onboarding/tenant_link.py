"""A link between agencies as one side takes part in it: every name that it has here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from onboarding import links, names
from onboarding.manifest import model


@dataclass(frozen=True, slots=True)
class Link:
    """An exchange of data with another agency, as this agency takes part in it.

    Nothing of a link that is not ``agreed`` is provisioned.
    """

    declaration: model.Link
    state: links.State
    why: str
    digest: str
    system: str
    """The system that carries it on this side."""
    client: str
    """Id of this side's OIDC client."""
    audience: str
    """Id of the other side's client: who the tokens are meant for."""
    host: str
    """Name in this side's mTLS client certificate."""
    pki_role: str

    @property
    def id(self) -> str:
        return self.declaration.id

    @property
    def agreed(self) -> bool:
        return self.state is links.State.AGREED

    @property
    def receives(self) -> bool:
        """Whether data comes in by it."""
        return self.declaration.direction != "out"


def resolve(
    mine: links.Declared,
    peers: Mapping[str, links.Declared],
    *,
    today: date | None,
    production: bool,
) -> tuple[Link, ...]:
    """Every link of a manifest, agreed or pending; see ``links.judge``."""
    judged = links.judge(mine, peers, today=today, production=production)
    return tuple(_link(mine.manifest, one) for one in judged)


def _link(manifest: model.AgencyMou, judged: links.Judged) -> Link:
    one = judged.link
    return Link(
        declaration=one,
        state=judged.state,
        why=judged.why,
        digest=judged.digest,
        system=links.carrier(manifest, one),
        client=names.link_client(manifest.id, one.id),
        audience=names.link_client(one.peer, one.id),
        host=names.link_host(one.id, manifest.agency.domains[0]),
        pki_role=names.link_role(one.id),
    )
