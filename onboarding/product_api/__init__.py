"""Asking running e-Office products what they are configured to, and writing that."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from onboarding import errors, https, patience
from onboarding.product_api import crossing
from onboarding.products import contract

if TYPE_CHECKING:  # the role of Ansible runs this without them
    from onboarding import environment, tenant

Configuration = contract.Configuration


class Astray(errors.Unreachable):
    """The address of an e-Office leads elsewhere: who answers does not prove to be it."""


@dataclass(frozen=True, slots=True)
class Account:
    """An account of the product's configuration API; its password is never shown."""

    username: str
    password: str

    def __repr__(self) -> str:
        return f"Account(username={self.username!r})"


@dataclass(frozen=True, slots=True)
class Place:
    """One running instance: where its API is, who vouches for it, how long is waited.

    ``gateway``: host and port that lead to it where its name does not; "" where it does.
    ``through``: opens connections to it where no address leads to it any more.
    """

    namespace: str
    address: str
    ca_file: Path
    limits: patience.Limits = patience.USUAL
    gateway: str = ""
    through: https.Tunnel | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Stored:
    """One file of an export: where it belongs in it, its digest as the product knows it, and how
    its content is got. Getting it raises ``errors.OnboardError``.

    ``tells``: whether it is what is said of a letter; each letter has one such file.
    """

    path: str
    sha256: str
    read: Callable[[], bytes]
    tells: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """How much a product holds; ``entries``: numbers that were taken from its registers."""

    letters: int
    entries: int


@dataclass(frozen=True, slots=True)
class Archive:
    """All letters that a product holds.

    ``count`` asks for their number, ``stored`` for every letter, one after the other, each time
    it is called.
    """

    count: Callable[[], Held]
    stored: Callable[[], Iterator[Stored]]


@dataclass(frozen=True, slots=True)
class Wish:
    """One thing that must be as ``fields`` say, or, where they are None, must not be there."""

    kind: str
    name: str
    fields: Mapping[str, Any] | None


def place(
    about: environment.EOffice, target: environment.Environment, instance: tenant.Instance
) -> Place:
    """Where the configuration API of an instance is, and who vouches for it."""
    address = about.address.format(host=instance.host, namespace=instance.namespace)
    ca_file = (about.ca_file or target.vault.ca_file).absolute()
    limits = target.timeouts.limits()
    return Place(instance.namespace, address, ca_file, limits, about.gateway)


def account(entry: Mapping[str, Any] | None, path: str) -> Account:
    """Of what Vault has at ``path``. Raises ``errors.Denied`` where that is no account."""
    said = (entry or {}).get("data") or {}
    try:
        return Account(str(said["username"]), str(said["password"]))
    except KeyError:
        raise errors.Denied(
            f"there is no account for the e-Office at {path} in Vault",
            resolution="Plan and apply again: Vault's engine makes it.",
        ) from None


class Access(Protocol):
    """The way to one product. Raises ``errors.OnboardError`` only."""

    def observed(self, place: Place, account: Account, agency: str) -> Configuration:
        """What is configured for the agency; requests are only reads, but for the sign-in."""
        ...

    def write(
        self,
        place: Place,
        account: Account,
        agency: str,
        wishes: Sequence[Wish],
        each: Callable[[int, bool], None],
    ) -> None:
        """Make it so, in this order, once the product serves.

        ``each`` hears the number of every wish and whether it changed anything. What is already
        as wished costs no writing request.
        """
        ...

    def cross_read(
        self, place: Place, account: Account, agency: str, bodies: Sequence[str]
    ) -> tuple[crossing.Try, ...]:
        """What a clerk in all groups of each body reaches of its own letters and of others'.

        ``account`` administers: it makes a clerk and a letter for each body. They stay, however
        this ends, until ``sweep``.
        """
        ...

    def archive(
        self, place: Place, account: Account, agency: str
    ) -> AbstractContextManager[Archive]:
        """Everything that its staff filed, in forms that open without it; only reads.

        Counting raises ``errors.Refused`` where something is filed that cannot be got out, and
        ``stored`` raises ``errors.EngineFailed`` where letters came or went meanwhile.
        """
        ...

    def admit(self, place: Place, account: Account, agency: str, email: str, role: str) -> None:
        """Let whoever signs in with this address in, with the rights of a role of the agency.

        Raises ``errors.UsageError`` where it has no such role.
        """
        ...

    def sweep(self, place: Place, account: Account) -> int:
        """Remove every account and letter that probes left; how many there were."""
        ...


def of(product: str) -> Access:
    """The way to a product. Raises ``errors.UsageError`` where there is none."""
    if product == "mayan-edms":
        from onboarding.product_api import mayan

        return mayan.Mayan()
    raise errors.UsageError(
        f"there is no way to the e-Office product {product!r}",
        resolution="Name another one as eOffice.product in the environment file.",
    )
