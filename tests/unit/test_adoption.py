"""Adoption: what may be taken over, what would change and be lost, and what never may."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from onboarding import adoption, errors, item
from onboarding.report import adoption as report

CLUSTER, TLS = item.EngineName.CLUSTER, item.EngineName.INGRESS_TLS


def thing(
    name: str, owner: str = "a", engine: item.EngineName = CLUSTER, **fields: Any
) -> item.Item:
    return item.Item(item.Ref(engine, "ConfigMap", "ns", name), fields, owner)


WANTED = [thing("x", data={"a": "1"}), thing("y"), thing("z"), thing("t", engine=TLS)]
LIVE = [
    thing("x", owner="", data={"a": "2", "old": "kept?"}),
    thing("y", owner="b"),
    thing("z"),
    thing("t", owner="", engine=TLS),
]


def offered() -> adoption.Offer:
    return adoption.offer("a", WANTED, LIVE)


def test_only_what_carries_no_mark_is_offered() -> None:
    offer = offered()
    assert [str(c.ref) for c in offer.candidates] == ["ConfigMap ns/x"]
    assert [(c.ref.name, c.owner) for c in offer.never] == [("y", "b"), ("t", "")]


def _in_cluster(kind: str, scope: str, name: str, owner: str) -> item.Item:
    return item.Item(item.Ref(CLUSTER, kind, scope, name), {"labels": "other"}, owner)


@pytest.mark.parametrize(
    ("space", "account", "offered", "never"),
    [
        ("", "", ["Namespace ga-a"], []),
        ("b", "b", [], ["Namespace ga-a"]),
        # Somebody put a mark on the account alone: that is no work of the cluster.
        ("a", "b", [], ["ServiceAccount ga-a/default"]),
        ("b", "", [], ["Namespace ga-a"]),
    ],
)
def test_the_account_that_the_cluster_makes_in_each_namespace_goes_with_the_namespace(
    space: str, account: str, offered: list[str], never: list[str]
) -> None:
    wanted = [
        replace(_in_cluster("Namespace", "", "ga-a", "a"), fields={"labels": "ours"}),
        replace(_in_cluster("ServiceAccount", "ga-a", "default", "a"), fields={"labels": "ours"}),
    ]
    live = [
        _in_cluster("Namespace", "", "ga-a", space),
        _in_cluster("ServiceAccount", "ga-a", "default", account),
    ]
    offer = adoption.offer("a", wanted, live)
    assert [str(c.ref) for c in offer.candidates] == offered
    assert [str(c.ref) for c in offer.never] == never


def test_an_account_of_another_name_is_offered_by_itself() -> None:
    wanted = [_in_cluster("ServiceAccount", "ga-a", "office", "a")]
    live = [
        _in_cluster("Namespace", "", "ga-a", ""),
        _in_cluster("ServiceAccount", "ga-a", "office", ""),
    ]
    offer = adoption.offer("a", wanted, live)
    assert [str(c.ref) for c in offer.candidates] == ["ServiceAccount ga-a/office"]


def test_what_would_change_and_be_lost_is_told_field_by_field() -> None:
    (one,) = offered().candidates
    assert [(c.path, c.after) for c in one.changes] == [("data.a", "1"), ("data.old", None)]
    assert [c.path for c in one.lost] == ["data.old"]


def test_objects_are_named_as_they_are_shown() -> None:
    offer = offered()
    assert adoption.chosen(offer, ["ConfigMap ns/x"], every=False) == offer.candidates
    assert adoption.chosen(offer, [], every=True) == offer.candidates
    assert adoption.chosen(offer, [], every=False) == ()
    with pytest.raises(errors.UsageError, match="ConfigMap ns/w"):
        adoption.chosen(offer, ["ConfigMap ns/w"], every=False)


def test_another_agency_s_object_is_never_adopted() -> None:
    with pytest.raises(errors.Refused) as refused:
        adoption.chosen(offered(), ["ConfigMap ns/y"], every=False)
    assert refused.value.details == ("ConfigMap ns/y: it is agency b's",)


TEXT = """A

* ConfigMap ns/x
      changes: data.a: 2 -> 1
      is lost: data.old: (set by others, not shown)

never adopted
  ! ConfigMap ns/y: it is agency b's
  ! ConfigMap ns/t: the engine has no mark for it

1 of 1 objects would be marked (*)."""


def test_the_text_in_full() -> None:
    offer = offered()
    assert report.text("A", offer, offer.candidates) == TEXT
    empty = adoption.offer("a", WANTED[2:3], LIVE[2:3])
    assert report.text("A", empty, ()).endswith("there is nothing to adopt.")


def test_json_says_what_was_adopted() -> None:
    shown = report.as_json("a", offered(), offered().candidates)
    assert shown["candidates"][0]["lost"] == ["data.old"]
    assert shown["candidates"][0]["adopted"] is True
    assert shown["never"] == [
        {"object": "ConfigMap ns/y", "owner": "b"},
        {"object": "ConfigMap ns/t", "owner": ""},
    ]
