"""Records of a real e-Office: exported, and restored into an empty one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import product_api, tenant
from onboarding.product_api import mayan as access
from onboarding.product_api.mayan import api
from onboarding.products import contract
from tests.contract import product_letters, signed_pdf
from tests.contract.servers import mayan as real
from tests.contract.test_signed_letter import Signed, signed  # noqa: F401 - a fixture
from tests.unit.manifest import samples

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

AGENCY = tenant.resolve(samples.build())
UNIT = AGENCY.id


class AnyVersion(api.Api):
    """The door of the adapter for versions before it, too, as far as letters and rights go."""

    def _check_version(self) -> None:
        """Whatever it is."""


def records(server: real.Server) -> product_letters.Records:
    with AnyVersion(server.place, server.writer) as door:
        return product_letters.records(door)


def write(server: real.Server) -> None:
    wishes = [product_api.Wish(*key, f) for key, f in product_letters.wanted(AGENCY).items()]
    access.Mayan().write(server.place, server.writer, UNIT, wishes, lambda _, changed: None)


def held(server: real.Server) -> contract.Configuration:
    return access.Mayan().observed(server.place, server.reader, UNIT)


def sent(server: real.Server, pdf: bytes, text: str) -> str:
    """A letter that went all its steps, its signed file with it; its number."""
    with api.Api(server.place, server.writer) as door:
        return product_letters.send(door, product_letters.make(door, UNIT, UNIT, text, pdf))


@pytest.fixture(scope="module")
def filled(
    signed: Signed,  # noqa: F811
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[real.Server]:
    """An agency's e-Office with a signed letter that was sent, and a draft."""
    made = real.start(tmp_path_factory.mktemp("mayan"))
    try:
        write(made)
        sent(made, signed.pdf, "ส่งแล้ว")
        with api.Api(made.place, made.writer) as door:
            product_letters.make(door, UNIT, UNIT, "ร่าง", signed_pdf.letter("a draft"))
        yield made
    finally:
        made.stop()


def test_what_is_restored_into_an_empty_one_is_every_letter_signature_and_right(
    filled: real.Server,
    signed: Signed,  # noqa: F811
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    before, configured = records(filled), held(filled)
    assert len(before.letters) == 2
    assert hashlib.sha256(signed.pdf).hexdigest() in product_letters.hashes(before.letters)
    home = filled.end()
    exported = tmp_path / "export"
    exported.mkdir()
    home.export(exported)

    other = real.start(tmp_path_factory.mktemp("empty"))
    try:
        assert records(other).letters == {}
    finally:
        empty = other.end()
    try:
        empty.restore(exported)
        # The secrets of an instance are not records: it has its own.
        restored = empty.serve()
    except BaseException:
        empty.database.stop()
        raise
    try:
        assert records(restored) == before
        assert held(restored) == configured
        with api.Api(restored.place, restored.writer) as door:
            (pdf,) = product_letters.files(door, b"/ByteRange")
        assert signed.flaw(pdf) == ""
        first = max(product_letters.numbers(before.letters))
        number, _, _ = sent(restored, signed.pdf, "หลังกู้คืน").partition("/")
        assert int(number) == first + 1
    finally:
        restored.stop()
