"""What stood in the database before an upgrade: kept beside the letters, and brought back.

Which version settled the database stands in a table in it: so it goes with every copy of the
database, and a copy that is restored says of itself what it is.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from django.conf import settings
from django.db import connection, transaction

_TABLE = "onboard_settled"
_BEGIN = "BEGIN; DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"


@dataclass(frozen=True, slots=True)
class Settled:
    """The version whose the database is, "" for one that left no word of itself.

    ``toward``: the version to which an upgrade began that has not ended, "" for none. ``dump``:
    the file of what stood before the last upgrade, "" for none.
    """

    version: str
    toward: str = ""
    dump: str = ""


def folder() -> Path:
    """Where the dump lies: on the volume of the documents."""
    return Path(settings.MEDIA_ROOT) / "before"


def settled() -> Settled | None:
    """None where nothing was noted, as in a database without content."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s)", [f"public.{_TABLE}"])
        if cursor.fetchone() == (None,):
            return None
        cursor.execute(f"SELECT version, toward, dump FROM {_TABLE}")  # noqa: S608 - our own name
        return Settled(*cursor.fetchone())


def note(now: Settled) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"CREATE TABLE IF NOT EXISTS {_TABLE}"
            " (version text NOT NULL, toward text NOT NULL, dump text NOT NULL)"
        )
        cursor.execute(f"DELETE FROM {_TABLE}")  # noqa: S608
        row = [now.version, now.toward, now.dump]
        cursor.execute(f"INSERT INTO {_TABLE} VALUES (%s, %s, %s)", row)  # noqa: S608


def keep(version: str) -> str:
    """Dump the database, whole or not at all, in the place of the dump before; its file name.

    Ends the program where that cannot be done.
    """
    half, whole = folder() / "half", folder() / f"{version or 'unknown'}.dump"
    try:
        folder().mkdir(mode=0o700, exist_ok=True)
        # It waits until the file is on the disk.
        command = ["pg_dump", "--format=custom", f"--file={half}"]
        subprocess.run(command, env=_environment(), check=True)
        half.replace(whole)
        _on_disk(folder())
        for other in folder().iterdir():
            if other != whole:
                other.unlink()
    except (OSError, subprocess.CalledProcessError) as failed:
        half.unlink(missing_ok=True)
        free = shutil.disk_usage(settings.MEDIA_ROOT).free // 2**20
        sys.exit(
            f"The database could not be saved in {folder()} before the upgrade ({failed}); {free} "
            "MiB are free there. Nothing was upgraded and no record was changed. Make room on that "
            "volume, and the upgrade begins by itself; or put the image before back."
        )
    return whole.name


def bring_back(found: Settled) -> None:
    """Make the database what it was before the upgrade that did not end, in one transaction.

    Ends the program where that cannot be done.
    """
    whole = folder() / found.dump
    connection.close()
    command = ["psql", "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1"]
    read = ["pg_restore", "--no-owner", "--file=-", str(whole)]
    with subprocess.Popen(
        command, env=_environment(), stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as database:
        stream = cast("IO[str]", database.stdin)
        # Where it ends too early, its own status says so.
        with contextlib.suppress(BrokenPipeError):
            stream.write(_BEGIN)
            stream.flush()
            # What was read in part is not committed.
            if subprocess.run(read, stdout=stream, check=False).returncode == 0:
                stream.write("COMMIT;\n")
                stream.flush()
    if database.returncode or settled() == found:
        sys.exit(
            f"The upgrade of the database to {found.toward} did not end, and what stood before it, "
            f"{whole}, could not be brought back (see above). Nothing is served meanwhile. This is "
            "tried again at the next start; or restore the newest export by hand."
        )
    sys.stdout.write(f"The database is again what it was before the upgrade to {found.toward}.\n")


def _environment() -> dict[str, str]:
    """Where the database is, for PostgreSQL's own programs; they find the password as Django."""
    given = settings.DATABASES["default"]
    place = {"HOST": given["HOST"], "PORT": given["PORT"], "USER": given["USER"]}
    named = {f"PG{key}": str(value) for key, value in place.items()}
    return {**os.environ, **named, "PGDATABASE": str(given["NAME"])}


def _on_disk(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
