"""Inside the container, before the product serves: the two accounts of the tool, as Vault has them.

``accounts.py FOLDER RIGHT...``: FOLDER holds the files ``e-office-writer`` and ``e-office-reader``,
each with ``username`` and ``password`` as JSON. The first administers; the second has exactly these
rights, everywhere. What is so already stays, so it runs at every start: a password that was changed
in Vault counts from then on. What was signed in to the API before this start no longer counts, and
nobody else administers: no reading of the product's rights would show it.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import django

WRITER = "e-office-writer"
READER = "e-office-reader"


def main() -> None:
    folder, *rights = sys.argv[1:]
    django.setup()
    from django.db import transaction

    with transaction.atomic():
        writer = _account(Path(folder) / WRITER, administers=True)
        _only(_account(Path(folder) / READER, administers=False), rights)
        _alone(writer)


def _account(secret: Path, *, administers: bool) -> Any:
    from django.contrib.auth import get_user_model
    from rest_framework.authtoken.models import Token

    wanted = json.loads(secret.read_text(encoding="utf-8"))
    user, _ = get_user_model().objects.get_or_create(username=wanted["username"])
    user.is_superuser = user.is_staff = administers
    user.is_active = True
    if not user.check_password(wanted["password"]):
        user.set_password(wanted["password"])
    # Mayan has no way to give a token back, and it would stand in every copy of the database.
    Token.objects.filter(user=user).delete()
    user.save()
    return user


def _alone(writer: Any) -> None:
    """Both flags open every letter of every organisation, whatever the rights say."""
    from django.contrib.auth import get_user_model
    from django.db.models import Q

    others = get_user_model().objects.exclude(pk=writer.pk)
    taken = others.filter(Q(is_superuser=True) | Q(is_staff=True))
    number = taken.update(is_superuser=False, is_staff=False)
    if number:
        sys.stdout.write(f"{number} other account(s) administered the e-Office: no more.\n")


def _only(user: Any, rights: list[str]) -> None:
    """One role, of one group, that has these rights and no others, and no further group."""
    from django.contrib.auth.models import Group
    from mayan.apps.permissions.classes import Permission
    from mayan.apps.permissions.models import Role

    group, _ = Group.objects.get_or_create(name=user.username)
    group.user_set.set([user])
    user.groups.set([group])
    role, _ = Role.objects.get_or_create(label=user.username)
    role.groups.set([group])
    role.permissions.set([Permission.get(pk=right).stored_permission for right in rights])


if __name__ == "__main__":
    main()
