"""What the catalogue says about one system."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Ingress(StrEnum):
    """Who reaches a system: everybody, the agency's own people, or nobody from outside."""

    PUBLIC = "public"
    INTERNAL = "internal"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Entry:
    """One kind of system.

    ``sensitive``: its namespaces are of the sensitive class, with encrypted storage.
    ``per_shard``: a federated agency has one instance per shard, otherwise one per environment.
    ``settings``: Ansible delivers settings inside the product.
    ``ingress``: who reaches it; a manifest's ``public: true`` opens an internal one.
    ``sign_in``: people sign in to it, so it has an OIDC client and a key pair of its own.
    ``least_aal``: authenticator level its users need.
    """

    kind: str
    title_en: str
    title_th: str
    summary_en: str
    summary_th: str
    sensitive: bool = False
    per_shard: bool = False
    settings: bool = False
    ingress: Ingress = Ingress.INTERNAL
    sign_in: bool = True
    least_aal: int = 1
    options: tuple[ExtraField, ...] = ()


@dataclass(frozen=True, slots=True)
class ExtraField:
    """A block of a manifest's system entry that only this kind may have."""

    key: str
    title_en: str
    title_th: str
