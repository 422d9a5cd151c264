#!/usr/bin/python3
"""Inside the container, before the product serves: the database becomes this version's own.

Every step may be done twice, so whoever was killed in it begins again.
"""

from __future__ import annotations

import sys

import django
from django.core import management


def main() -> None:
    django.setup()
    if _was_set_up():
        management.call_command("common_perform_upgrade", no_dependencies=True)
    else:
        _refuse_beside_letters()
        management.call_command("common_initial_setup", force=True, no_dependencies=True)


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


if __name__ == "__main__":
    main()
