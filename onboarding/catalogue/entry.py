"""What the catalogue says about what a manifest may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ingress(StrEnum):
    """Who reaches a system: everybody, the agency's own people, or nobody from outside."""

    PUBLIC = "public"
    INTERNAL = "internal"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Words:
    """One thing said in English and in Thai."""

    en: str
    th: str


@dataclass(frozen=True, slots=True)
class ExtraField:
    """A block of a manifest that only this kind may have, or must."""

    key: str
    title_en: str
    title_th: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Offer:
    """What a manifest may ask for: a system, a link, a service or a population.

    ``provisions``: what is made for it, engine by engine. ``controls``: ids of the controls that
    are about it. ``sizing``: what its resources follow from. ``options``: its own
    blocks of a manifest.
    """

    kind: str
    title_en: str
    title_th: str
    summary_en: str
    summary_th: str
    provisions: tuple[Words, ...] = ()
    controls: tuple[str, ...] = ()
    sizing: Words | None = None
    options: tuple[ExtraField, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry(Offer):
    """One kind of system.

    ``sensitive``: its namespaces are of the sensitive class, with encrypted storage.
    ``per_shard``: a federated agency has one instance per shard, otherwise one per environment.
    ``settings``: Ansible delivers settings inside the product.
    ``ingress``: who reaches it; a manifest's ``public: true`` opens an internal one.
    ``sign_in``: people sign in to it, so it has an OIDC client and a key pair of its own.
    ``least_aal``: authenticator level its users need.
    ``node_pool``: its pods run on nodes of this pool alone, which takes no other pods.
    ``closed``: never open to the public, whatever a manifest says.
    ``personal_data``: whether it may hold data about persons.
    ``cii``: whether the agency must say if it is critical information infrastructure.
    """

    sensitive: bool = False
    per_shard: bool = False
    settings: bool = False
    ingress: Ingress = Ingress.INTERNAL
    sign_in: bool = True
    least_aal: int = 1
    node_pool: str = ""
    closed: bool = False
    personal_data: bool = True
    cii: bool = False
