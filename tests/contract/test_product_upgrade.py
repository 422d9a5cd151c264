"""An upgrade of a real e-Office by what its image does before it serves: kept, migrated, and back
to the version before with every record, whatever was killed."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding.product_api.mayan import ids
from onboarding.products.mayan import PRODUCT
from tests.contract import product_letters
from tests.contract.servers import mayan as real
from tests.contract.test_product_records import AnyVersion, records
from tests.contract.test_product_settle import asked, settle
from tests.contract.test_signed_letter import Signed, signed  # noqa: F401 - a fixture

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]

OLD, NEW = "4.11.5", real.VERSION
_MIGRATIONS = "SELECT count(*) FROM django_migrations"
_DOCUMENTS = "SELECT count(*) FROM documents_document"
_FULL = 'mount -t tmpfs -o size=64k none "$0" && exec "$@"'


@pytest.fixture
def old(tmp_path: Path) -> Iterator[real.Home]:
    """An instance of the version before that was settled and does not serve."""
    real.install(NEW)
    home = real.made(tmp_path, OLD)
    try:
        real.write_accounts(home, real.made_up())
        assert settle(home).returncode == 0
        yield home
    finally:
        home.database.stop()


def filled(home: real.Home, pdf: bytes) -> product_letters.Records:
    """A letter with a word and a signed file, and staff who may read it, in any version."""
    server = home.serve()
    try:
        with AnyVersion(server.place, server.writer) as door:
            kind = door.make("/document_types/", {"label": "หนังสือ"})
            word = door.make("/metadata_types/", {"name": "speed", "label": "ชั้นความเร็ว"})
            door.make(
                f"/document_types/{kind['id']}/metadata_types/",
                {"metadata_type_id": word["id"], "required": False},
            )
            group = door.make("/groups/", {"name": "staff"})
            role = door.make("/roles/", {"label": "staff"})
            door.make(f"/roles/{role['id']}/groups/add/", {"group": group["id"]})
            base = f"/objects/{ids.TYPE}/{kind['id']}/acls/"
            acl = door.make(base, {"role_id": role["id"]})
            granted = {"permission": "documents.document_view"}
            door.make(f"{base}{acl['id']}/permissions/add/", granted)
            about = {"document_type_id": kind["id"], "label": "ก่อนปรับรุ่น"}
            path = f"/documents/{door.make('/documents/', about)['id']}"
            value = {"metadata_type_id": word["id"], "value": "ด่วน"}
            door.make(f"{path}/metadata/", value)
            door.upload(f"{path}/files/", "letter.pdf", pdf, {"action_name": "replace"})
        return records(server)
    finally:
        server.end()


def test_an_upgrade_that_was_killed_goes_back_with_every_record_and_then_succeeds(
    old: real.Home,
    signed: Signed,  # noqa: F811
) -> None:
    before = filled(old, signed.pdf)
    assert len(before.letters) == 1
    newer = real.Home(NEW, old.database, old.folder)
    _nothing_is_migrated_without_room_for_the_dump(newer)

    _killed_while_it_migrates(newer)
    _serves(old, before)
    kept = old.letters / "before" / f"{OLD}.dump"
    assert sorted(kept.parent.iterdir()) == [kept]
    assert kept.parent.stat().st_mode & 0o077 == 0

    _killed_while_it_migrates(newer)
    _serves(newer, before)
    # A plain start upgrades nothing, and keeps what stood before.
    settled = asked(newer, _MIGRATIONS), kept.stat().st_mtime_ns
    assert settle(newer).returncode == 0
    assert (asked(newer, _MIGRATIONS), kept.stat().st_mtime_ns) == settled

    refused = settle(old)
    assert refused.returncode == 1
    assert f"Put the image of {NEW} back" in refused.stderr
    assert f"restore {kept} first" in refused.stderr
    assert asked(newer, _MIGRATIONS) == settled[0]

    # As docs/how-to/instance.md says it.
    old.run("psql", "--command=DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    old.run("pg_restore", "--no-owner", "--single-transaction", "--dbname=postgresql://", str(kept))
    old.run("psql", "--command=DELETE FROM file_caching_cachepartitionfile")
    assert settle(old).returncode == 0
    assert asked(old, _DOCUMENTS) == "1"
    exported = old.folder / "export"
    exported.mkdir()
    # What was brought back can be exported and restored like any other.
    old.export(exported)
    old.restore(exported)
    assert asked(old, _DOCUMENTS) == "1"


def test_a_migration_that_fails_says_the_way_back_and_the_version_before_takes_it(
    old: real.Home,
) -> None:
    newer = real.Home(NEW, old.database, old.folder)
    migrated = asked(old, _MIGRATIONS)
    # What a migration makes is there already: it cannot.
    asked(old, "ALTER TABLE documents_document RENAME TO documents_documents_of_others")
    failed = settle(newer)
    assert failed.returncode == 1
    assert f"The upgrade of the database to {NEW} failed" in failed.stderr
    assert f"Put the image of {OLD} back" in failed.stderr
    lost = old.letters / "before" / f"{OLD}.dump"
    aside = lost.rename(old.folder / "aside")
    without = settle(old)
    assert without.returncode == 1
    assert f"{lost}, could not be brought back" in without.stderr
    aside.rename(lost)
    assert settle(old).returncode == 0
    assert asked(old, _MIGRATIONS) == migrated


def _serves(home: real.Home, expected: product_letters.Records) -> None:
    """After its start as a pod starts."""
    ended = settle(home)
    assert ended.returncode == 0, ended.stderr
    assert "again what it was before the upgrade" in ended.stdout
    served = home.serve()
    try:
        assert records(served) == expected
        with AnyVersion(served.place, served.writer) as door:
            assert door.get("/project/")["__version__"] == home.version
    finally:
        served.end()


def _nothing_is_migrated_without_room_for_the_dump(home: real.Home) -> None:
    begin = asked(home, _MIGRATIONS)
    folder = home.letters / "before"
    words = ["unshare", "--mount", "sh", "-c", _FULL, str(folder)]
    ended = subprocess.run(
        [*words, *home.command(*PRODUCT.pods.settle)],
        env=home.environment, cwd=home.folder, check=False, capture_output=True, text=True,
    )  # fmt: skip
    assert ended.returncode == 1
    assert "Nothing was upgraded and no record was changed. Make room" in ended.stderr
    assert asked(home, _MIGRATIONS) == begin


def _killed_while_it_migrates(home: real.Home) -> None:
    """Once the first migration of the newer version stands in the database."""
    begin = asked(home, _MIGRATIONS)
    began = subprocess.Popen(
        home.command(*PRODUCT.pods.settle), env=home.environment, cwd=home.folder
    )
    ends = time.monotonic() + 1800
    try:
        while asked(home, _MIGRATIONS) == begin:
            assert time.monotonic() < ends, "nothing was migrated"
            assert began.poll() is None, "it ended by itself"
            time.sleep(0.2)
    finally:
        began.kill()
        began.wait(60)
    assert asked(home, "SELECT toward FROM onboard_settled") == NEW
