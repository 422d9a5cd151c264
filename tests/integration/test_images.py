"""Images made from real packages: equal bytes twice, and what is in them runs. Needs root."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from onboarding import progress
from onboarding.lab import images
from tests.integration import image_roots
from tests.integration.image_roots import Unpacked

pytestmark = [pytest.mark.slow, pytest.mark.timeout(7200)]


@pytest.fixture
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unpacked]:
    made = image_roots.unpacked("postgresql", tmp_path_factory.mktemp("database"))
    made.writable("data", "secrets", "tmp")
    yield made
    shutil.rmtree(made.root)


@pytest.fixture
def product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unpacked]:
    made = image_roots.unpacked("mayan-edms", tmp_path_factory.mktemp("product"))
    made.writable("var/lib/mayan", "secrets", "tmp")
    yield made
    shutil.rmtree(made.root)


@pytest.mark.parametrize("name", ["openbao-agent", "postgresql", "mayan-edms"])
def test_the_same_packages_give_the_same_digest(name: str) -> None:
    (first,) = images.ensure([name], progress.Silent())
    versions = _versions(first)
    (second,) = images.ensure([name], progress.Silent(), again=True)
    # Where Debian has published an update in between, the digest rightly is another one.
    assert (second.digest == first.digest) is (_versions(second) == versions)


def _versions(made: images.Made) -> str:
    assert made.archive is not None
    listed = made.archive.parent / "packages.txt"
    return listed.read_text() if listed.exists() else ""


def test_a_build_that_is_killed_leaves_no_process_and_nothing_half_made(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "onboarding", "lab", "image", "build", "postgresql"]
    surroundings = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    work = tmp_path / "onboard/engines/.work"

    def begun() -> subprocess.Popen[bytes]:
        """A build that has come to Debian's packages."""
        started = subprocess.Popen(command, env=surroundings, stderr=subprocess.DEVNULL)
        image_roots.until("the build works", lambda: len(_at_work(work)) > 2)
        return started

    first = begun()
    (left,) = work.iterdir()
    first.kill()
    first.wait()
    image_roots.until("nothing of it runs", lambda: not _at_work(work))
    assert str(work) not in Path("/proc/mounts").read_text()
    second = begun()
    assert not left.exists()
    second.send_signal(signal.SIGINT)
    assert second.wait(60) == 130
    assert _at_work(work) == []
    assert not list(work.iterdir())
    assert not list((tmp_path / "onboard/engines").glob("[!.]*"))


def _at_work(folder: Path) -> list[int]:
    """Processes that were told to work in a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told:
            found.append(int(entry.name))
    return found


def test_no_key_and_no_database_that_all_pods_would_share_is_in_an_image(
    database: Unpacked,
) -> None:
    assert not list((database.root / "etc/ssl/private").iterdir())
    assert not (database.root / "var/lib/postgresql/15").exists()
    assert (database.root / "etc/resolv.conf").read_text() == ""


def test_the_database_keeps_its_rows_and_takes_a_new_password_at_its_next_start(
    database: Unpacked,
) -> None:
    port = image_roots.free_port()
    first, second = 'it\'s "quoted" $1', "second"
    for given, former in ((first, "never"), (second, first)):
        server = image_roots.database(database, port, given)
        try:
            _answers(database, port, given)
            if given == first:
                image_roots.ask(database, port, given, "CREATE TABLE letter AS SELECT 7 AS n")
            assert image_roots.ask(database, port, given, "SELECT n FROM letter").stdout == "7\n"
            refused = image_roots.ask(database, port, former, "SELECT 1").stderr
            assert "authentication failed" in refused
        finally:
            server.terminate()
            server.wait(60)
        # What a pod with an fsGroup finds when it comes back to its volume.
        (database.root / "data/database").chmod(0o2770)


def test_a_set_up_of_the_database_that_was_killed_begins_again(database: Unpacked) -> None:
    half = database.root / "data/database.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("15\n")
    os.chown(half, 1000, 1000)
    port = image_roots.free_port()
    server = image_roots.database(database, port, "first")
    try:
        _answers(database, port, "first")
    finally:
        server.terminate()
        server.wait(60)


def test_the_product_serves_its_pages_and_a_new_password_ends_nobodys_work(
    database: Unpacked, product: Unpacked
) -> None:
    port, web = image_roots.free_port(), image_roots.free_port()
    passwords = product.root / "secrets/pgpass"
    settings = {
        "MAYAN_DATABASES": json.dumps(
            {
                "default": {
                    "ENGINE": "django.db.backends.postgresql",
                    "NAME": "eoffice",
                    "USER": "eoffice",
                    "HOST": "127.0.0.1",
                    "PORT": port,
                }
            }
        ),
        # libpq reads it for every connection.
        "PGPASSFILE": "/secrets/pgpass",
        "MAYAN_SECRET_KEY_FILE": "/secrets/secret-key",
        "MAYAN_ALLOWED_HOSTS": '["127.0.0.1"]',
    }

    def word(password: str) -> None:
        passwords.write_text(f"*:*:*:*:{password}\n")
        passwords.chmod(0o600)
        os.chown(passwords, 1000, 1000)

    word("first")
    (product.root / "secrets/secret-key").write_text("signs sessions")
    running = [image_roots.database(database, port, "first")]
    try:
        _answers(database, port, "first")
        done = product.run("/opt/mayan/bin/settle", **settings)
        assert done.returncode == 0, done.stderr
        _keeps_and_brings_back(database, product, port, settings)
        serve = [*product.config["Cmd"], "--bind", f"127.0.0.1:{web}", "--timeout", "600"]
        running.append(subprocess.Popen(product.command(serve, **settings)))
        page = f"http://127.0.0.1:{web}/authentication/login/"
        image_roots.until("the product answers", lambda: _status(page) == 200)
        shown = requests.get(page, timeout=60).text
        assert "/static/" in shown
        sheets = [part.split('"')[0] for part in shown.split('href="')[1:] if ".css" in part[:200]]
        assert sheets
        assert {_status(f"http://127.0.0.1:{web}{sheet}") for sheet in sheets} == {200}
        image_roots.ask(database, port, "first", "ALTER ROLE eoffice PASSWORD 'second'")
        word("second")
        assert _status(page) == 200
        # Nothing that was set, secrets among it, has gone to the volume.
        texts = [f for f in (product.root / "var/lib/mayan").rglob("*") if f.is_file()]
        assert not [f for f in texts if b"signs sessions" in f.read_bytes()]
        served = _workers(running[-1].pid)
        (product.root / "secrets/secret-key").write_text("signs others")
        image_roots.until("other workers", lambda: not served & _workers(running[-1].pid))
        assert _status(page) == 200
    finally:
        for one in reversed(running):
            one.terminate()
            one.wait(60)


def _keeps_and_brings_back(
    database: Unpacked, product: Unpacked, port: int, settings: dict[str, str]
) -> None:
    """With the image's own programs and no more rights than a pod has."""

    def rows(sql: str) -> str:
        return image_roots.ask(database, port, "first", sql).stdout

    rows("UPDATE onboard_settled SET version = '4.12.1'")
    upgraded = product.run("/opt/mayan/bin/settle", **settings)
    assert upgraded.returncode == 0, upgraded.stderr
    dump = product.root / "var/lib/mayan/before/4.12.1.dump"
    assert dump.stat().st_size > 100_000
    rows("CREATE TABLE half AS SELECT 1; UPDATE onboard_settled SET toward = version")
    again = product.run("/opt/mayan/bin/settle", **settings)
    assert again.returncode == 0, again.stderr
    assert "again what it was before" in again.stdout
    assert rows("SELECT to_regclass('half') IS NULL") == "t\n"
    # As docs/how-to/instance.md goes back by hand.
    shutil.copy(dump, database.root / "tmp/before.dump")
    (database.root / "tmp/before.dump").chmod(0o644)
    local = ["-h", "/tmp", "-p", str(port), "-U", "eoffice", "-d", "eoffice"]
    emptied = database.run("psql", *local, "-c", "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    assert emptied.returncode == 0, emptied.stderr
    words = ["--no-owner", "--single-transaction", "/tmp/before.dump"]
    restored = database.run("pg_restore", *local, *words)
    assert restored.returncode == 0, restored.stderr
    assert rows("SELECT version FROM onboard_settled") == "4.12.1\n"
    after = product.run("/opt/mayan/bin/settle", **settings)
    assert after.returncode == 0, after.stderr


def _workers(server: int) -> set[str]:
    return set(Path(f"/proc/{server}/task/{server}/children").read_text().split())


def test_the_product_finds_every_script_that_it_asks_for(product: Unpacked) -> None:
    listed = json.loads((product.root / "opt/mayan/static/staticfiles.json").read_text())["paths"]
    assert any(path.endswith("google_fonts/lato/import.css") for path in listed)
    said = (
        "import django; django.setup()\n"
        "from mayan.apps.dependencies.classes import JavaScriptDependency as J\n"
        "print([one.name for one in J.get_all(subclass_only=True) if not one.check()])"
    )
    ended = product.run("python3", "-c", said)
    assert ended.stdout.splitlines()[-1:] == ["[]"], ended.stderr


def test_the_command_shows_what_is_there() -> None:
    images.ensure(["postgresql"], progress.Silent())
    command = [sys.executable, "-m", "onboarding", "lab", "image", "list", "--output", "json"]
    shown = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)["images"]
    (one,) = [one for one in shown if one["name"] == "postgresql"]
    assert one["state"] == "ready"
    assert one["reference"].startswith("registry.lab.gdcc.go.th/e-office/postgresql@sha256:")


def _answers(database: Unpacked, port: int, password: str) -> None:
    def one() -> bool:
        return image_roots.ask(database, port, password, "SELECT 1").stdout == "1\n"

    image_roots.until("the database answers", one)


def _status(address: str) -> int:
    try:
        return requests.get(address, timeout=300).status_code
    except requests.ConnectionError:
        return 0
