"""Which tokens of Vault are alive, where the answer for a dead one is that of a missing right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import pytest

from onboarding import errors, vault
from onboarding.engines.vault_pki import evidence


class Door:
    """Answers look-ups of the accessors it knows, refuses the others, as OpenBao does."""

    def __init__(self, *living: str) -> None:
        self._living = living

    def look_up(self, path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        assert path == "auth/token/lookup-accessor"
        if body["accessor"] == "gone":
            return None
        if body["accessor"] not in self._living:
            raise errors.Denied("permission denied")
        return {"policies": ["onboard-auditor"]}


def living(*accessors: str, known: tuple[str, ...]) -> list[str]:
    door = cast("vault.Vault", Door(*known))
    return [accessor for accessor, _ in evidence._living(door, accessors)]


def test_a_token_that_has_ended_is_no_missing_right() -> None:
    assert living("ours", "ended", "gone", known=("ours",)) == ["ours"]


def test_where_not_even_our_own_token_is_answered_the_right_is_missing() -> None:
    with pytest.raises(errors.Denied):
        living("ours", "other", known=())
