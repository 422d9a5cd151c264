"""What a place must be able to do so that a state store can live in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Held:
    """A lease as it is stored; ``age`` in seconds since it was written, by the place's clock.

    ``version`` changes with every writing and names this one.
    """

    content: bytes
    version: str
    age: float


class Objects(Protocol):
    """Things by name, as another program stores them in a folder, a table or a bucket."""

    def find(self, start: str) -> Sequence[str]:
        """The names that begin so, sorted."""
        ...

    def read(self, name: str) -> bytes | None: ...

    def delete(self, name: str) -> None: ...


class Storage(Protocol):
    """Bytes by tenant: a journal of numbered lines, named documents, and one lease.

    All of it is durable when a call returns. Every method raises ``errors.Unreachable``,
    ``errors.Denied`` or ``errors.EngineFailed`` where the place cannot be used.
    """

    @property
    def where(self) -> str:
        """The place in words for a person, without any secret."""
        ...

    def tenants(self) -> tuple[str, ...]: ...

    def guard(self, tenant_id: str) -> AbstractContextManager[bool]:
        """What the place adds to a lease by its own means; False where another holds that."""
        ...

    def lines(self, tenant_id: str) -> list[bytes]:
        """The journal in order; a last line that was never written whole is left out."""
        ...

    def append(self, tenant_id: str, after: int, seq: int, line: bytes) -> bool:
        """Write line ``seq`` if ``after`` is still the last number (0: none); else False.

        Of several that try the same number at once exactly one gets True.
        """
        ...

    def names(self, tenant_id: str) -> tuple[str, ...]:
        """Stored names of the documents of a tenant, sorted."""
        ...

    def get(self, tenant_id: str, name: str) -> bytes | None: ...

    def put(self, tenant_id: str, name: str, content: bytes) -> None: ...

    def remove(self, tenant_id: str, name: str) -> None: ...

    def bulk(self, prefix: str) -> Mapping[str, Mapping[str, bytes]]:
        """Of all tenants the documents whose stored name begins so: by tenant, by stored name."""
        ...

    def lease(self, tenant_id: str) -> Held | None: ...

    def swap_lease(self, tenant_id: str, content: bytes, version: str) -> str | None:
        """Replace the lease of that version ("" for none); its new version, None if it moved."""
        ...

    def set_aside(self, tenant_id: str, label: str) -> str:
        """Move everything of a tenant out of the way, kept; returns where it is now."""
        ...

    def old(self, tenant_id: str, name: str) -> bytes | None:
        """A file of the first form of the store, which only folders had."""
        ...

    def forget_old(self, tenant_id: str, name: str) -> None: ...
