"""Groups elsewhere that are named like an agency's own are told apart from them."""

from __future__ import annotations

from typing import Any, cast

from onboarding.identity import interface, keycloak, reading

NAMES = interface.Names(
    agency="moph", clients=frozenset(), client_prefix="ga-moph-", organization="moph"
)


class _Answers:
    """Stands for the door: one answer to the one question that is asked."""

    def __init__(self, answer: list[dict[str, Any]]) -> None:
        self._answer = answer

    def get(self, realm: str, path: str, **_: str) -> list[dict[str, Any]]:
        assert (realm, path) == ("gdcc", "/groups")
        return self._answer


def _group(path: str, *below: dict[str, Any]) -> dict[str, Any]:
    return {"name": path.rpartition("/")[2], "path": path, "subGroups": list(below)}


def _found(*groups: dict[str, Any]) -> list[tuple[str, str]]:
    door = cast("keycloak.Keycloak", _Answers(list(groups)))
    return [(i.ref.kind, i.ref.name) for i in reading.groups(door, "gdcc", NAMES)]


def test_own_groups_are_no_strays() -> None:
    own = _group("/moph", _group("/moph/moph:viewer"))
    assert _found(own) == [("Group", "moph"), ("Group", "moph:viewer")]


def test_the_same_name_elsewhere_is_a_stray_at_any_depth() -> None:
    elsewhere = _group("/other", _group("/other/a", _group("/other/a/moph:operator")))
    top = _group("/moph:operator")
    below = _group("/moph", _group("/moph/moph:viewer", _group("/moph/moph:viewer/moph:operator")))
    assert _found(elsewhere, top, below) == [
        ("StrayGroup", "/other/a/moph:operator"),
        ("StrayGroup", "/moph:operator"),
        ("Group", "moph"),
        ("Group", "moph:viewer"),
        ("StrayGroup", "/moph/moph:viewer/moph:operator"),
    ]


def test_a_name_that_only_looks_alike_is_left_alone() -> None:
    assert _found(_group("/moph-x", _group("/moph-x/moph-x:viewer"))) == []
