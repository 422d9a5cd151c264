"""A real Mayan EDMS of a test's own: plain processes, its packages and first set-up kept in the
user's cache, so that only the first start takes minutes."""

from __future__ import annotations

import importlib.metadata
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import psycopg

from onboarding import patience, product_api
from onboarding.product_api.mayan import api
from onboarding.products.mayan import PRODUCT, rights
from tests.contract.servers import postgres, tls

VERSION = "4.12.2"
WRITER = "onboard-writer"
READER = "onboard-reader"
_LEFT_OUT = ("django-auth-ldap",)
"""Needs the headers of LDAP to be built, and is not used."""
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SIGN_IN = "/api/v4/auth/token/obtain/"
_PATIENT = patience.Limits(connect=30.0, request=240.0, retry=480.0)
"""Its one process is slow where the computer is busy."""
_DUMP = "first-set-up.dump"


@dataclass(frozen=True, slots=True)
class Server:
    """A running instance. ``access_log`` has a line for every request, its method in quotes."""

    process: subprocess.Popen[bytes]
    database: postgres.Server
    folder: Path
    port: int
    ca: Path
    writer: product_api.Account
    reader: product_api.Account

    @property
    def place(self) -> product_api.Place:
        return product_api.Place("ga-test", self.address, self.ca, _PATIENT)

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def access_log(self) -> Path:
        return self.folder / "access.log"

    def requests(self) -> list[tuple[str, str]]:
        """Method and path of every request until now."""
        lines = self.access_log.read_text(encoding="utf-8").splitlines()
        asked = (line.split('"')[1].split() for line in lines)
        return [(words[0], words[1]) for words in asked]

    def writes(self, began: int) -> list[tuple[str, str]]:
        """Of the requests after the first ``began`` those that may change something; signing in
        changes nothing."""
        return [r for r in self.requests()[began:] if r[0] in _WRITING and r[1] != _SIGN_IN]

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)
        self.database.stop()


def start(folder: Path) -> Server:
    """The product set up for the first time, with an account that writes and one that reads."""
    programs = _installed()
    database = postgres.start()
    try:
        environment = _environment(folder, database)
        _set_up(programs, folder, database, environment)
        ca, key = tls.write(folder)
        port = tls.free_port()
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [
                    str(programs / "gunicorn"), "mayan.wsgi", "--bind", f"127.0.0.1:{port}",
                    "--workers", "1", "--threads", "2", "--timeout", "300",
                    "--certfile", str(ca), "--keyfile", str(key),
                    "--access-logfile", str(folder / "access.log"),
                ],
                env=environment, cwd=folder, stdout=log, stderr=log,
            )  # fmt: skip
        writer = product_api.Account(WRITER, _writers_password(database))
        reader = product_api.Account(READER, secrets.token_urlsafe(24))
        made = Server(process, database, folder, port, ca, writer, reader)
        try:
            api.wait_until_healthy(made.place, PRODUCT.health.path, 1800.0)
            _make_reader(made)
        except BaseException:
            process.kill()
            raise
    except BaseException:
        database.stop()
        raise
    return made


def _cache() -> Path:
    return platformdirs.user_cache_path("onboard") / "products" / f"mayan-edms-{VERSION}"


def _installed() -> Path:
    """The folder of its programs: a virtual environment, made once."""
    kept = _cache() / "venv"
    done = kept / "installed"
    if not done.is_file():
        shutil.rmtree(kept, ignore_errors=True)
        venv.create(kept, with_pip=True)
        pip = [str(kept / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--no-deps", f"mayan-edms=={VERSION}"], check=True)
        site = next((kept / "lib").glob("python*/site-packages"))
        found = importlib.metadata.distributions(name="mayan-edms", path=[str(site)])
        needed = [r for r in next(iter(found)).requires or () if not r.startswith(_LEFT_OUT)]
        subprocess.run([*pip, *needed, "psycopg[binary]"], check=True)
        done.touch()
    return kept / "bin"


def _environment(folder: Path, database: postgres.Server) -> dict[str, str]:
    password = database.passfile.read_text(encoding="utf-8").strip().rsplit(":", 1)[1]
    place = {
        "ENGINE": "django.db.backends.postgresql", "NAME": "postgres", "HOST": "127.0.0.1",
        "PORT": database.port, "USER": postgres.USER, "PASSWORD": password,
    }  # fmt: skip
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "LANG": "C.UTF-8",
        "DJANGO_SETTINGS_MODULE": "mayan.settings.production",
        "MAYAN_MEDIA_ROOT": str(folder / "media"),
        "MAYAN_DATABASES": json.dumps({"default": place}),
        "MAYAN_ALLOWED_HOSTS": '["127.0.0.1"]',
        "MAYAN_AUTOADMIN_USERNAME": WRITER,
        "MAYAN_AUTOADMIN_LOG_CREDENTIALS": "false",
        "MAYAN_CELERY_TASK_ALWAYS_EAGER": "true",
        "MAYAN_LOCK_MANAGER_BACKEND": "mayan.apps.lock_manager.backends.file_lock.FileLock",
        "MAYAN_REST_API_THROTTLING_RATE_USER": "1000/second",
        "MAYAN_REST_API_THROTTLING_RATE_ANONYMOUS": "50/second",
    }


def _set_up(
    programs: Path, folder: Path, database: postgres.Server, environment: dict[str, str]
) -> None:
    """Make its tables, or bring back those of a first set-up that is kept."""
    kept = _cache() / "set-up"
    tools = database.programs()
    reach = {**os.environ, "PGPASSFILE": str(database.passfile)}
    if (kept / _DUMP).is_file():
        shutil.copytree(kept / "media", folder / "media")
        command = [str(tools / "pg_restore"), "--no-owner", f"--dbname={database.url()}"]
        subprocess.run([*command, str(kept / _DUMP)], env=reach, check=True)
        return
    (folder / "media").mkdir()
    subprocess.run(
        [str(programs / "mayan-edms.py"), "common_initial_setup", "--force", "--no-dependencies"],
        env=environment, cwd=folder, check=True, stdout=sys.stderr,
    )  # fmt: skip
    half = _cache() / "set-up.half"
    shutil.rmtree(half, ignore_errors=True)
    shutil.copytree(folder / "media", half / "media")
    command = [str(tools / "pg_dump"), "--format=custom", f"--file={half / _DUMP}"]
    subprocess.run([*command, database.url()], env=reach, check=True)
    half.rename(kept)


def _writers_password(database: postgres.Server) -> str:
    """Mayan shows the password that it made for its first administrator until he changes it."""
    with psycopg.connect(database.url(), passfile=str(database.passfile)) as door:
        found = door.execute("SELECT password FROM autoadmin_autoadminsingleton").fetchone()
    assert found is not None
    return str(found[0])


def _make_reader(server: Server) -> None:
    """An account with the rights that the adapter says reading needs, and no more."""
    with api.Api(server.place, server.writer) as door:
        about = {"username": READER, "password": server.reader.password, "email": "r@example.go.th"}
        user = door.make("/users/", about)
        group = door.make("/groups/", {"name": READER})
        role = door.make("/roles/", {"label": READER})
        door.make(f"/groups/{group['id']}/users/add/", {"user": user["id"]})
        door.make(f"/roles/{role['id']}/groups/add/", {"group": group["id"]})
        for right in rights.READER:
            door.make(f"/roles/{role['id']}/permissions/add/", {"permission": right})
