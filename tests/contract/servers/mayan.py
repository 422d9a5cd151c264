"""A real Mayan EDMS of a test's own: plain processes, its packages and first set-up kept in the
user's cache, so that only the first start takes minutes. What its image adds is used as it is."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import secrets
import shutil
import signal
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from onboarding import patience, product_api
from onboarding.desired import office
from onboarding.lab.images import recipe
from onboarding.product_api.mayan import api
from onboarding.products.mayan import PRODUCT, rights
from tests.contract.servers import postgres, tls

VERSION = "4.12.2"
_LEFT_OUT = ("django-auth-ldap",)
"""Needs the headers of LDAP to be built, and is not used."""
_WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_SIGN_IN = "/api/v4/auth/token/obtain/"
_PATIENT = patience.Limits(connect=30.0, request=240.0, retry=480.0)
"""Its one process is slow where the computer is busy."""
_DUMP = "first-set-up.dump"
_IMAGE = recipe.load()["mayan-edms"]
_OLDER = {
    "MAYAN_SIGNATURES_BACKEND_ARGUMENTS": '{"gpg_path": "/usr/bin/gpg"}',
    "MAYAN_FILE_METADATA_AUTO_PROCESS": "false",
}
"""Versions before look for a GnuPG of their own, and for a scanner of viruses."""
_THREADS = "8"
"""Browsers open connections over which they ask nothing; with TLS each holds a thread."""
_PLACES = ("MAYAN_STATIC_ROOT", "MAYAN_MEDIA_ROOT")
"""Variables of the image that name folders in it."""


@dataclass(frozen=True, slots=True)
class Home:
    """An instance whether it serves or not: programs of a version, a database and a folder."""

    version: str
    database: postgres.Server
    folder: Path

    @property
    def letters(self) -> Path:
        """What is on the volume of a pod."""
        return self.folder / "media"

    @property
    def accounts(self) -> Path:
        return self.folder / "accounts"

    @property
    def environment(self) -> dict[str, str]:
        """As a pod has it, with the folders of this one."""
        of_pod = json.loads(PRODUCT.pods.environment["MAYAN_DATABASES"])["default"]
        place = {
            **of_pod, "NAME": "postgres", "HOST": "127.0.0.1", "PORT": self.database.port,
            "USER": postgres.USER,
        }  # fmt: skip
        of_image = {k: v for k, v in _IMAGE.environment if k not in _PLACES}
        if self.version != VERSION:
            # The set-up of versions before makes Mayan's first administrator, or fails.
            del of_image["MAYAN_COMMON_DISABLED_APPS"]
            of_image |= _OLDER
        return {
            **{k: v for k, v in of_image.items() if k.startswith(("MAYAN_", "DJANGO_"))},
            "PATH": f"{_cache(self.version)}/venv/bin:{self.database.programs()}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
            "PYTHONPATH": str(_IMAGE.recipe),
            "PYTHONDONTWRITEBYTECODE": "1",
            "MAYAN_MEDIA_ROOT": str(self.letters),
            "MAYAN_SECRET_KEY_FILE": str(self.folder / "secret-key"),
            "MAYAN_DATABASES": json.dumps({"default": place}),
            "MAYAN_ALLOWED_HOSTS": '["127.0.0.1"]',
            "MAYAN_REST_API_THROTTLING_RATE_USER": "1000/second",
            "MAYAN_REST_API_THROTTLING_RATE_ANONYMOUS": "50/second",
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.database.port),
            "PGUSER": postgres.USER,
            "PGDATABASE": "postgres",
            "PGPASSFILE": str(self.database.passfile),
            "PGSSLMODE": "disable",
        }

    def run(self, *words: str, **placed: Path) -> None:
        """A command of the product's contract, to its end; ``{name}`` in it are folders."""
        command = self.command(*words, **placed)
        subprocess.run(
            command, env=self.environment, cwd=self.folder, check=True, stdout=sys.stderr
        )

    def command(self, *words: str, **placed: Path) -> list[str]:
        of_image = {
            word: str(_IMAGE.recipe / name)
            for name, target in _IMAGE.files
            for word in (target, Path(target).name)
        }
        made = [of_image.get(word, word.format(**placed)) for word in words]
        return ["python3", *made] if made[0].endswith(".py") else made

    def make_accounts(self) -> None:
        """Another version knows other rights: there the account that reads has none."""
        known = rights.READER if self.version == VERSION else ()
        words = (w for w in PRODUCT.accounts if w in known or w not in rights.READER)
        self.run(*words, folder=self.accounts)

    def export(self, to: Path) -> None:
        """All records of an instance that does not serve, into an empty folder."""
        self.run(*PRODUCT.records.export, folder=to)
        shutil.copytree(self.letters, to / "documents")

    def restore(self, origin: Path) -> None:
        """What was exported, in the place of what is here."""
        self.run(*PRODUCT.records.restore, folder=origin)
        shutil.rmtree(self.letters)
        shutil.copytree(origin / "documents", self.letters)

    def set_up(self) -> None:
        """Make its tables, or bring back those of a first set-up of this version that is kept."""
        tls.write(self.folder)
        tls.private(self.folder / "secret-key", secrets.token_urlsafe(50))
        kept = _cache(self.version) / "set-up-without-autoadmin"
        if kept.is_dir():
            shutil.copytree(kept / "media", self.letters)
            self.run("pg_restore", "--no-owner", f"--dbname={self.database.url()}",
                     str(kept / _DUMP))  # fmt: skip
            return
        self.letters.mkdir()
        self.run(
            "/opt/mayan/bin/mayan-edms.py", "common_initial_setup", "--force", "--no-dependencies"
        )
        half = _cache(self.version) / "set-up.half"
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(self.letters, half / "media")
        self.run("pg_dump", "--format=custom", f"--file={half / _DUMP}")
        half.rename(kept)

    @property
    def ca(self) -> Path:
        return self.folder / "tls.crt"

    def serve(self, port: int = 0) -> Server:
        """As a pod does it: the accounts first, then the product. Port 0: a free one."""
        self.make_accounts()
        port = port or tls.free_port()
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [
                    gunicorn(self.version), "mayan.wsgi",
                    "--bind", f"127.0.0.1:{port}",
                    "--workers", "1", "--threads", _THREADS, "--timeout", "300",
                    "--certfile", str(self.ca), "--keyfile", str(self.folder / "tls.key"),
                    "--access-logfile", str(self.folder / "access.log"),
                ],
                env=self.environment, cwd=self.folder, stdout=log, stderr=log,
            )  # fmt: skip
        made = Server(process, self, port)
        try:
            api.wait_until_healthy(made.place, PRODUCT.health.path, 1800.0)
        except BaseException:
            process.kill()
            raise
        return made


@dataclass(frozen=True, slots=True)
class Server:
    """A running instance. Its ``access_log`` has a line for every request, the method in quotes."""

    process: subprocess.Popen[bytes]
    home: Home
    port: int

    @property
    def place(self) -> product_api.Place:
        return product_api.Place("ga-test", self.address, self.home.ca, _PATIENT)

    @property
    def address(self) -> str:
        return f"https://127.0.0.1:{self.port}"

    @property
    def writer(self) -> product_api.Account:
        return self._account(office.WRITER)

    @property
    def reader(self) -> product_api.Account:
        return self._account(office.READER)

    def _account(self, name: str) -> product_api.Account:
        text = (self.home.accounts / name).read_text(encoding="utf-8")
        return product_api.Account(**json.loads(text))

    def requests(self) -> list[tuple[str, str]]:
        """Method and path of every request until now."""
        lines = (self.home.folder / "access.log").read_text(encoding="utf-8").splitlines()
        asked = (line.split('"')[1].split() for line in lines)
        return [(words[0], words[1]) for words in asked]

    def writes(self, began: int) -> list[tuple[str, str]]:
        """Of the requests after the first ``began`` those that may change something; signing in
        changes nothing."""
        return [r for r in self.requests()[began:] if r[0] in _WRITING and r[1] != _SIGN_IN]

    def end(self) -> Home:
        """Stop serving; the records stay."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(120)
        finally:
            self.process.kill()
        return self.home

    def stop(self) -> None:
        try:
            self.end()
        finally:
            self.home.database.stop()


def start(
    folder: Path, accounts: Mapping[str, product_api.Account] | None = None, version: str = VERSION
) -> Server:
    """The product set up for the first time, with an account that writes and one that reads.

    ``accounts``: by their names in Vault; without them they are made up.
    """
    home = made(folder, version)
    try:
        write_accounts(home, accounts or made_up())
        return home.serve()
    except BaseException:
        home.database.stop()
        raise


def made(folder: Path, version: str = VERSION) -> Home:
    """An instance that was set up and does not serve yet."""
    install(version)
    home = Home(version, postgres.start(), folder)
    try:
        home.set_up()
    except BaseException:
        home.database.stop()
        raise
    return home


def made_up() -> dict[str, product_api.Account]:
    return {
        name: product_api.Account(office.ACCOUNTS[name], secrets.token_urlsafe(24))
        for name in (office.WRITER, office.READER)
    }


def write_accounts(home: Home, accounts: Mapping[str, product_api.Account]) -> None:
    """As an agent brings them from Vault into a pod."""
    home.accounts.mkdir(mode=0o700, exist_ok=True)
    for name, account in accounts.items():
        tls.private(home.accounts / name, json.dumps(dataclasses.asdict(account)))


def _cache(version: str) -> Path:
    return platformdirs.user_cache_path("onboard") / "products" / f"mayan-edms-{version}"


def gunicorn(version: str = VERSION) -> str:
    """The program that serves it, of an installed version."""
    return f"{_cache(version)}/venv/bin/gunicorn"


def install(version: str) -> None:
    """A virtual environment with the product, made once."""
    kept = _cache(version) / "venv"
    done = kept / "installed"
    if not done.is_file():
        shutil.rmtree(kept, ignore_errors=True)
        venv.create(kept, with_pip=True)
        pip = [str(kept / "bin" / "python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--no-deps", f"mayan-edms=={version}"], check=True)
        site = next((kept / "lib").glob("python*/site-packages"))
        found = importlib.metadata.distributions(name="mayan-edms", path=[str(site)])
        needed = [r for r in next(iter(found)).requires or () if not r.startswith(_LEFT_OUT)]
        subprocess.run([*pip, *needed, "psycopg[binary]"], check=True)
        done.touch()
