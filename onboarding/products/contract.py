"""What an e-Office product promises to the rest of the program, whichever it is.

The reference product and the ministry's own stand behind the same words. An adapter is data about
the product (``Product``), a pure translation of the settings that an agency gets into the
configuration that the product must hold (``desired``), and, in ``onboarding.product_api``, a reader
of what it does hold and a writer of differences, which runs inside a role of Ansible.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from onboarding import item
from onboarding.products import pods


class Kind(StrEnum):
    """Kinds of items that any product's configuration is told in; the scope is a namespace."""

    ROLE = "OfficeRole"
    """A role of correspondence in one organisation, and the groups that have it."""
    FIELD = "LetterField"
    """What is said of every letter: its type, secrecy, speed and number, with the values."""
    ORGANISATION = "Organisation"
    """Whose letters are whose: one organisation, its rules of keeping, and who may do what."""
    REGISTER = "Register"
    """A register from which letters of one organisation and direction take their numbers."""
    WORKFLOW = "LetterWorkflow"
    """The steps of a letter, who may take them, and which take a number."""


KINDS = frozenset(kind.value for kind in Kind)
HOLDING = frozenset({Kind.ORGANISATION, Kind.REGISTER})
"""Kinds with letters, or numbers of letters, in them: never removed in passing."""


READS = "onboard-reader"
"""Name in the product of the account that only reads its configuration."""


@dataclass(frozen=True, slots=True)
class Image:
    """What a container image of the product is made from."""

    package: str
    versions: str
    runs_as: int
    port: int


@dataclass(frozen=True, slots=True)
class Health:
    """An address that answers 200 once the product serves, and how long a first start may take."""

    path: str
    first_start_seconds: float


@dataclass(frozen=True, slots=True)
class SignIn:
    """How people sign in: paths of the OIDC client, and the claim that names the user.

    ``groups_from_claims``: whether the product takes a person's groups from the token.
    ``proves_by_key``: whether it proves itself to the identity provider by a key (RFC 7523), not by
    a secret that both sides know.
    """

    callback_path: str
    signed_out_path: str
    username_claim: str
    groups_from_claims: bool
    proves_by_key: bool


@dataclass(frozen=True, slots=True)
class Records:
    """Commands inside the container that bring records out of an instance and back.

    ``{folder}`` in them is where the export lies. ``documents`` is the folder of letters: a copy of
    it belongs to the export. Neither is done while the product serves.

    ``not_told_en`` and ``_th``: what staff may put to a letter that the product's API does not
    tell, or only at a request for each: an archive of the letters does not hold it.
    """

    export: tuple[str, ...]
    restore: tuple[str, ...]
    documents: str
    not_told_en: str = ""
    not_told_th: str = ""


@dataclass(frozen=True, slots=True)
class Upgrade:
    """How an instance that gets another image goes on; ``Pods.settle`` upgrades its data.

    ``version``: the command inside the container that says which it is. ``back``: what takes an
    instance back to the version before.
    """

    version: tuple[str, ...]
    back: str


@dataclass(frozen=True, slots=True)
class Limit:
    """What the product cannot do that a control asks for: it becomes a finding of that control."""

    control: str
    reason_en: str
    reason_th: str


@dataclass(frozen=True, slots=True)
class Product:
    """All there is to know of a product besides its code.

    ``role`` is the role of Ansible that configures it, ``api`` the path where its configuration
    API begins. ``accounts`` is the command inside the container that makes the two accounts of the
    tool before the product serves, at every start; ``{folder}`` in it is the folder of their
    secrets, a file (JSON) for each, named as in Vault.
    """

    name: str
    title: str
    api: str
    role: str
    image: Image
    health: Health
    accounts: tuple[str, ...]
    pods: pods.Pods
    sign_in: SignIn
    records: Records
    upgrade: Upgrade
    limits: tuple[Limit, ...]
    private: str = ""
    """A path below ``api`` that refuses whoever is not signed in; "" where none is known."""


Configuration = Mapping[tuple[str, str], Mapping[str, Any]]
"""What a product holds: the fields of each thing, by kind and name."""


class Adapter(Protocol):
    """One product, as far as nothing is asked of it; ``product_api.Access`` is the rest."""

    @property
    def product(self) -> Product: ...

    def desired(self, agency: str, settings: Mapping[str, Any]) -> Configuration:
        """What the product must hold for an instance with these settings; pure."""
        ...


def items(agency: str, namespace: str, configuration: Configuration) -> Iterator[item.Item]:
    """A configuration as items of the engine that settles settings."""
    for (kind, name), fields in configuration.items():
        ref = item.Ref(item.EngineName.SETTINGS, str(kind), namespace, name)
        yield item.Item(ref, fields, agency, holds_data=kind in HOLDING)
