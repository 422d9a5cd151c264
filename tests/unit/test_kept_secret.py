"""The secret of a client, kept in Vault beside its digest."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import errors
from onboarding.desired import realm_client, realm_mark, vault_mark
from onboarding.identity import kept_secret, reading

SECRET = "of-the-client"


class Door:
    """What is asked of Vault for one entry, and in which order it is written."""

    def __init__(self, notes: dict[str, str] | None = None) -> None:
        self.notes = notes
        self.written: list[tuple[str, Any]] = []

    def read(self, path: str) -> dict[str, Any] | None:
        return None if self.notes is None else {"custom_metadata": self.notes}

    def write(self, path: str, body: Any) -> None:
        self.written.append((path, body))
        if "/metadata/" in path:
            self.notes = body["custom_metadata"]


def keep(door: Any) -> None:
    kept_secret.keep(door, "kv", "culture/ga-culture/oidc-secret", "culture", "ga-culture", SECRET)


def test_the_digest_comes_last_and_tells_nothing_else() -> None:
    door = Door()
    keep(door)
    assert [path.split("/")[1] for path, _ in door.written] == ["metadata", "data", "metadata"]
    first, kept, last = (body for _, body in door.written)
    assert kept_secret.DIGEST not in first["custom_metadata"]
    assert kept["data"] == {"client_id": "ga-culture", "client_secret": SECRET}
    assert last["custom_metadata"][kept_secret.DIGEST] == kept_secret.digest(SECRET)
    assert SECRET not in str(last)


def test_what_is_there_is_not_written_again_and_what_is_half_there_is() -> None:
    door = Door()
    keep(door)
    door.written.clear()
    keep(door)
    assert door.written == []
    assert door.notes is not None
    door.notes = {"owner": door.notes["owner"]}
    keep(door)
    assert len(door.written) == 3


@pytest.mark.parametrize("owner", [vault_mark.of("another"), "", None])
def test_what_is_not_the_agencys_is_left_alone(owner: str | None) -> None:
    door = Door({"owner": owner} if owner is not None else {"purpose": "of a hand"})
    with pytest.raises(errors.Refused):
        keep(door)
    assert door.written == []


@pytest.mark.parametrize(
    ("home", "told"),
    [
        (kept_secret.digest(SECRET), realm_client.SECRET_VAULT),
        (kept_secret.digest("of before"), "another secret"),
        ("", "no secret there yet"),
    ],
)
def test_a_client_says_whether_its_secret_is_the_kept_one_and_never_the_secret(
    home: str, told: str
) -> None:
    fields = realm_client.secret_client("culture")
    rep = {**fields, "clientId": "ga-culture", "secret": SECRET, "protocolMappers": []}
    seen = reading.client("gdcc", rep, lambda _, __: home)
    assert seen.fields[realm_client.KEPT_SECRET] == told
    assert SECRET not in str(seen.fields)
    assert seen.owner == realm_mark.marks("culture")["gdcc.go.th/agency"]


def test_no_secret_has_no_digest() -> None:
    assert kept_secret.digest("") == ""
