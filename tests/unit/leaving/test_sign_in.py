"""Removing an agency from the identity provider: its realm in one, its people with their home."""

from __future__ import annotations

from typing import Any

from onboarding import item, plan, progress
from onboarding.desired import realm_mark
from onboarding.identity import carrying_out, keycloak, people, provider


class Deleting(provider.Provider):
    """Takes note of what is asked to be deleted."""

    def __init__(self) -> None:
        self.deleted: list[str] = []

    def delete(self, ref: item.Ref) -> None:
        self.deleted.append(str(ref))


def gone(kind: str, scope: str, name: str) -> plan.Change:
    return plan.Change(plan.Action.DELETE, realm_mark.ref(kind, scope, name), None)


def test_a_realm_goes_in_one_request_and_after_what_the_agency_has_elsewhere() -> None:
    changes = [
        gone("Realm", "", "own"),
        gone("Client", "own", "onboard-applier"),
        gone("Group", "own", "own:signers"),
        gone("Organization", "gdcc", "own"),
        gone("Group", "gdcc", "own"),
        gone("Group", "gdcc", "own:viewer"),
    ]
    door = Deleting()
    begun: list[plan.Change] = []
    outcomes = list(
        carrying_out.run(door, changes, lambda *_: None, progress.Silent(), begun.append)
    )
    assert door.deleted == [
        "Group gdcc/own:viewer",
        "Group gdcc/own",
        "Organization gdcc/own",
        "Realm own",
    ]
    assert {str(o.change.ref) for o in outcomes} == {str(c.ref) for c in changes}
    assert len(begun) == 4
    assert all(o.status is plan.Status.APPLIED for o in outcomes)


class Members(keycloak.Keycloak):
    """A realm with ``count`` members of the organization ``here``; the first is in two."""

    def __init__(self, count: int) -> None:
        self.left = [f"person-{n}" for n in range(count)]
        self.deleted: list[str] = []

    def get(self, realm: str, path: str, **query: str) -> Any:
        if path.endswith("/members"):
            first = int(query["first"])
            return [{"id": p} for p in self.left[first : first + int(query["max"])]]
        here = [{"id": "here"}]
        return [*here, {"id": "there"}] if "/person-0/" in path else here

    def delete(self, realm: str, path: str, body: Any = None) -> None:
        self.deleted.append(path)


def test_people_go_with_their_only_organization_page_by_page() -> None:
    door = Members(250)
    people.remove_with(door, "gdcc", "here")
    assert door.deleted == [f"/users/person-{n}" for n in range(1, 250)]
