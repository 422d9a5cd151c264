#!/usr/bin/python3
"""Inside the container, before the product serves: the database becomes this version's own.

Every step may be done twice, so whoever was killed in it begins again.
"""

from __future__ import annotations

import django
from django.core import management


def main() -> None:
    django.setup()
    if _was_set_up():
        management.call_command("common_perform_upgrade", no_dependencies=True)
    else:
        management.call_command("common_initial_setup", force=True, no_dependencies=True)


def _was_set_up() -> bool:
    """Whether the last thing of Mayan's first set-up is there: a source to upload letters from."""
    from django.db import connection
    from mayan.apps.sources.models import Source

    tables = connection.introspection.table_names()
    return Source._meta.db_table in tables and bool(Source.objects.exists())


if __name__ == "__main__":
    main()
