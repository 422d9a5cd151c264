"""Mayan EDMS 4.12: its configuration, read and written over its API."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Callable, Iterator, Sequence

from onboarding import product_api
from onboarding.product_api import crossing as results
from onboarding.product_api.mayan import api, beside, crossing, letters, people, reading, writing
from onboarding.products import mayan


class Mayan:
    """Implements ``product_api.Access``."""

    def observed(
        self, place: product_api.Place, account: product_api.Account, agency: str
    ) -> product_api.Configuration:
        with api.Api(place, account) as door:
            return reading.configuration(door, agency)

    def write(
        self,
        place: product_api.Place,
        account: product_api.Account,
        agency: str,
        wishes: Sequence[product_api.Wish],
        each: Callable[[int, bool], None],
    ) -> None:
        health = mayan.PRODUCT.health
        api.wait_until_healthy(place, health.path, health.first_start_seconds)
        with api.Api(place, account) as door:
            writing.Writer(door, agency).write(wishes, each)

    def cross_read(
        self,
        place: product_api.Place,
        account: product_api.Account,
        agency: str,
        bodies: Sequence[str],
    ) -> tuple[results.Try, ...]:
        return crossing.tried(place, account, agency, bodies)

    @contextlib.contextmanager
    def archive(
        self, place: product_api.Place, account: product_api.Account, agency: str
    ) -> Iterator[product_api.Archive]:
        with api.Api(place, account) as door:
            yield product_api.Archive(
                lambda: letters.count(door),
                lambda: itertools.chain(letters.stored(door), beside.stored(door, agency)),
            )

    def admit(
        self,
        place: product_api.Place,
        account: product_api.Account,
        agency: str,
        email: str,
        role: str,
    ) -> None:
        people.admitted(place, account, agency, email, role)

    def sweep(self, place: product_api.Place, account: product_api.Account) -> int:
        return crossing.swept(place, account)
