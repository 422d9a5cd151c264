"""What an archive holds beside the letters: how one Mayan EDMS is configured, and its people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from onboarding import product_api
from onboarding.product_api.mayan import forms, reading
from onboarding.product_api.mayan.api import Api
from onboarding.products import contract


def stored(door: Api, agency: str) -> Iterator[product_api.Stored]:
    """``configuration.json``: as the agency's was really seen, registers with their next number;
    ``people.json``: every account, and by e-mail who is in which group."""
    yield forms.as_json("configuration.json", list(_configured(door, agency)))
    yield forms.as_json("people.json", _people(door))


def _configured(door: Api, agency: str) -> Iterator[Mapping[str, Any]]:
    registers = reading.known(door, agency).registers
    for (kind, name), fields in reading.configuration(door, agency).items():
        told: dict[str, Any] = {"kind": str(kind), "name": name, "fields": fields}
        if kind == contract.Kind.REGISTER:
            told["nextNumber"] = int(registers[name]["next_value"])
        yield told


def _people(door: Api) -> Mapping[str, Any]:
    return {
        "accounts": [
            {
                "username": one["username"],
                "email": one["email"],
                "name": f"{one['first_name']} {one['last_name']}".strip(),
                "active": one["is_active"],
                "since": one["date_joined"],
                "lastSignIn": one["last_login"],
            }
            for one in door.every("/users/")
        ],
        "groups": {
            group["name"]: sorted(
                user["email"] or user["username"]
                for user in door.every(f"/groups/{group['id']}/users/", "email", "username")
            )
            for group in door.every("/groups/", "id", "name")
        },
    }
