#!/usr/bin/python3
"""Inside the container, before the product serves: the database becomes this version's own.

Every step may be done twice, so whoever was killed in it begins again. Before another version's
database is upgraded, it is kept; where the upgrade does not end, the next start of either version
first brings back what was kept.
"""

from __future__ import annotations

import sys

import before_upgrade
import django
from before_upgrade import Settled
from django.core import management
from mayan import __version__ as version
from packaging.version import Version


def main() -> None:
    # Before the product's code is loaded: a database that is half upgraded fits neither version.
    found = before_upgrade.settled()
    if found:
        _refuse_newer(found)
    kept = ""
    if found and found.toward:
        before_upgrade.bring_back(found)
        kept, found = found.dump, before_upgrade.settled()
    django.setup()
    if not found and not _was_set_up():
        _refuse_beside_letters()
        management.call_command("common_initial_setup", force=True, no_dependencies=True)
    elif found and found.version == version and not _waits():
        management.call_command("common_perform_upgrade", no_dependencies=True)
        kept = kept or found.dump
    else:
        former = found.version if found else ""
        kept = kept or before_upgrade.keep(former)
        _upgrade(former, kept)
    before_upgrade.note(Settled(version, dump=kept))


def _refuse_newer(found: Settled) -> None:
    if found.version and Version(version) < Version(found.version):
        before = before_upgrade.folder() / found.dump if found.dump else "an export from before"
        sys.exit(
            f"This image is of version {version}, and the database was brought to {found.version}: "
            f"it would not be understood. Nothing was changed. Put the image of {found.version} "
            f"back. To give up what was written since, restore {before} first."
        )


def _was_set_up() -> bool:
    """Whether the last thing of Mayan's first set-up is there: a source to upload letters from."""
    from django.db import connection
    from mayan.apps.sources.models import Source

    tables = connection.introspection.table_names()
    return Source._meta.db_table in tables and bool(Source.objects.exists())


def _refuse_beside_letters() -> None:
    """A new, empty e-Office in the place of one that was lost would look well, and give its numbers
    a second time."""
    from django.conf import settings
    from mayan.apps.documents.literals import STORAGE_NAME_DOCUMENT_FILES
    from mayan.apps.storage.classes import DefinedStorage

    stored = DefinedStorage.get(STORAGE_NAME_DOCUMENT_FILES).get_storage_instance()
    try:
        folders, files = stored.listdir("")
    except FileNotFoundError:
        # The volume is new.
        return
    if folders or files:
        sys.exit(
            f"The database holds no e-Office, and {settings.MEDIA_ROOT} holds files of letters: "
            "the database of these letters is lost, or this is not its volume. Nothing was begun "
            "anew. Restore the dump of the database that belongs to them; only where the letters "
            f"are to be given up, empty {settings.MEDIA_ROOT} by hand."
        )


def _waits() -> bool:
    """Whether a migration is to be done, as where a part of the product has come anew."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _upgrade(former: str, kept: str) -> None:
    before_upgrade.note(Settled(former, version, kept))
    ended = False
    try:
        management.call_command("common_perform_upgrade", no_dependencies=True)
        ended = True
    finally:
        if not ended:
            sys.stderr.write(
                f"The upgrade of the database to {version} failed; nothing was served since. Put "
                f"the image of {former or 'the version before'} back: by itself it brings back "
                f"what stood before, {before_upgrade.folder() / kept}. This image tries again at "
                "each start.\n"
            )


if __name__ == "__main__":
    main()
