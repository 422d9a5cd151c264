"""Drift: live against applied, the manifest against both, and who changed what."""

from __future__ import annotations

from typing import Any

import pytest

from onboarding import drift, errors, item, normal_form
from onboarding.engines import authors
from onboarding.report import drift as report

VAULT, CLUSTER = item.EngineName.VAULT, item.EngineName.CLUSTER


def thing(name: str, owner: str = "a", kind: str = "Thing", **fields: Any) -> item.Item:
    return item.Item(item.Ref(CLUSTER, kind, "ns", name), fields, owner)


def seen(*live: item.Item, unread: dict[item.EngineName, str] | None = None) -> drift.Seen:
    return drift.Seen({CLUSTER: item.Observation({"a": live})}, unread or {})


def told(found: drift.Drift) -> list[tuple[str, str, str, list[tuple[str, str]]]]:
    return [
        (d.ref.name, d.what.value, d.cause.value, [(x.path, x.cause.value) for x in d.leaves])
        for d in found.differences
    ]


def test_what_is_as_applied_is_no_drift() -> None:
    found = drift.compare("a", [thing("x", v=1)], seen(thing("x", v=1, defaulted=2)))
    assert (found.differences, found.as_applied) == ((), 1)
    assert drift.exit_code([found]) == errors.ExitCode.DONE


def test_changed_deleted_added_and_taken_over_are_told_apart() -> None:
    applied = [thing("changed", v=1), thing("deleted"), thing("taken"), thing("same")]
    live = [thing("changed", v=2), thing("taken", owner="b"), thing("same"), thing("added")]
    found = drift.compare("a", applied, seen(*live))
    assert told(found) == [
        ("added", "added", "drift", []),
        ("changed", "changed", "drift", [("v", "drift")]),
        ("deleted", "deleted", "drift", []),
        ("taken", "taken over", "drift", []),
    ]
    assert found.as_applied == 1
    assert drift.exit_code([found]) == errors.ExitCode.FINDINGS


def test_the_manifest_s_own_changes_are_no_drift() -> None:
    applied = [thing("x", v=1), thing("gone")]
    wanted = [thing("x", v=2), thing("new")]
    found = drift.compare("a", applied, seen(*applied), wanted)
    assert told(found) == [
        ("gone", "deleted", "change", []),
        ("new", "added", "change", []),
        ("x", "changed", "change", [("v", "change")]),
    ]
    assert drift.exit_code([found]) == errors.ExitCode.DONE


def test_a_field_may_be_both() -> None:
    applied = [thing("x", v=1, w=1, z=1)]
    found = drift.compare(
        "a", applied, seen(thing("x", v=9, w=9, z=1)), [thing("x", v=2, w=1, z=2)]
    )
    assert told(found) == [
        ("x", "changed", "both", [("v", "both"), ("w", "drift"), ("z", "change")])
    ]
    assert found.differences[0].leaves[0] == drift.Leaf("v", 1, 9, drift.Cause.BOTH, 2)


def test_what_a_run_made_and_could_not_record_is_no_hand_s_work() -> None:
    found = drift.compare(
        "a", [thing("x")], seen(thing("x"), thing("new")), [thing("x"), thing("new")]
    )
    assert told(found) == [("new", "added", "change", [])]


def test_without_a_record_nothing_is_called_drift() -> None:
    found = drift.compare("a", [], seen(thing("x", v=2)), [thing("x", v=1), thing("y")])
    assert not found.drifted
    assert told(found) == [
        ("x", "changed", "change", [("v", "change")]),
        ("y", "added", "change", []),
    ]
    assert drift.exit_code([found]) == errors.ExitCode.UNDETERMINED
    assert "drift cannot be told: 2 objects not as in" in report.summary(found)


def test_without_record_and_manifest_it_refuses_to_say() -> None:
    with pytest.raises(errors.Unreachable, match="nothing is recorded"):
        drift.compare("a", [], seen())


def test_of_an_engine_that_was_not_read_nothing_is_said() -> None:
    applied = [item.Item(item.Ref(VAULT, "Thing", "", "v"), {}, "a"), thing("x")]
    found = drift.compare("a", applied, seen(thing("x"), unread={VAULT: "no answer"}))
    assert (found.differences, found.as_applied) == ((), 1)
    assert drift.exit_code([found]) == errors.ExitCode.UNDETERMINED
    assert "vault_pki\n  ? could not be read: no answer" in report.text("A", found)
    assert report.summary(found).endswith("Not read, so not known: vault_pki.")


def _hiding(*live: item.Item) -> drift.Seen:
    """Of the kind Letter only these were read: one product of several was silent."""
    silent = {"Letter": "ga-a-prod: no pod of the e-Office serves"}
    return drift.Seen({CLUSTER: item.Observation({"a": live}, frozenset(), silent)}, {})


def test_of_a_kind_that_was_not_read_nothing_is_called_deleted() -> None:
    applied = [thing("x", kind="Letter"), thing("y", kind="Letter"), thing("z")]
    found = drift.compare("a", applied, _hiding(thing("z")))
    assert (found.differences, found.as_applied) == ((), 1)
    assert found.unread == {CLUSTER: "ga-a-prod: no pod of the e-Office serves (2 objects)"}
    assert drift.exit_code([found]) == errors.ExitCode.UNDETERMINED
    told_of_other = drift.compare("a", applied, _hiding())
    assert told(told_of_other) == [("z", "deleted", "drift", [])]


def test_what_was_not_read_of_one_agency_is_known_of_another() -> None:
    why = "ga-b-prod: no pod of the e-Office serves"
    read = item.Observation({}, frozenset({"Letter"}), silent={"b": {"Letter": why}})
    both = drift.Seen({CLUSTER: read}, {})
    applied = [thing("x", kind="Letter")]
    assert told(drift.compare("a", applied, both)) == [("x", "deleted", "drift", [])]
    found = drift.compare("b", applied, both)
    assert (found.differences, found.unread) == ((), {CLUSTER: f"{why} (1 object)"})


def test_what_was_read_of_such_a_kind_is_compared_all_the_same() -> None:
    applied = [thing("x", kind="Letter", v=1), thing("y", kind="Letter")]
    seen_one = _hiding(thing("x", kind="Letter", v=2))
    assert told(drift.compare("a", applied, seen_one)) == [
        ("x", "changed", "drift", [("v", "drift")])
    ]
    whole = drift.compare("a", applied[:1], _hiding(applied[0]))
    assert (whole.unread, whole.as_applied) == ({}, 1)
    assert drift.exit_code([whole]) == errors.ExitCode.DONE


def test_what_waits_in_the_manifest_is_told_of_a_kind_that_was_not_read() -> None:
    applied = [thing("x", kind="Letter", v=1), thing("y", kind="Letter", v=1)]
    wanted = [thing("x", kind="Letter", v=2), thing("y", kind="Letter", v=1)]
    found = drift.compare("a", applied, _hiding(), wanted)
    assert told(found) == [("x", "changed", "change", [("v", "change")])]
    assert found.as_applied == 0
    assert list(found.unread) == [CLUSTER]


def test_a_certificate_that_is_due_is_no_drift() -> None:
    applied = thing("t", kind="TlsSecret", renewal="not due", commonName="x")
    due = thing("t", kind="TlsSecret", renewal="due since 2026-11-01", commonName="x")
    assert not drift.compare("a", [applied], seen(due)).differences
    other = thing("t", kind="TlsSecret", renewal="due since 2026-11-01", commonName="y")
    assert told(drift.compare("a", [applied], seen(other)))[0][3] == [("commonName", "drift")]


def held(name: str, path: str, who: str, **fields: Any) -> item.Item:
    return thing(name, **{normal_form.HELD_BY_OTHERS: {path: [who, "Update", "t"]}, **fields})


def test_who_is_told_by_the_field_by_the_records_or_not_at_all() -> None:
    applied = [thing("x", v=1, w=1), thing("y", v=1), thing("z", v=1)]
    live = [held("x", "v", "kubectl-edit", v=2, w=2), thing("y", v=2), thing("z", v=2)]
    found = drift.compare("a", applied, seen(*live))
    recorded = authors.Who("alice", "update", "t", "admin events")
    named = drift.with_authors(found, {applied[1].ref: recorded})
    names = [[leaf.who.name if leaf.who else None for leaf in d.leaves] for d in named.differences]
    assert names == [["kubectl-edit", None], ["alice"], [None]]


TEXT = """A

pulumi_stack
  + Thing ns/added  (added)  [kubectl-create, Update, t]
  ~ Thing ns/changed  (changed)
      v: 2, applied 1  [by whom is not known]
      w: 9, applied 1  [by whom is not known]
        and the manifest now wants 5
  - Thing ns/deleted  (deleted)  [by whom is not known]
  ! Thing ns/taken  (taken over: it carries no mark of ours any more)  [by whom is not known]

in the manifest, and not applied yet
  + Thing  1

Drift: 1 changed, 1 deleted, 1 added, 1 taken over; 0 objects as applied.\
 1 wait in the manifest to be applied."""


def test_the_text_in_full() -> None:
    applied = [thing("changed", v=1, w=1), thing("deleted"), thing("taken")]
    added = held("added", "v", "kubectl-create", v=1)
    live = [thing("changed", v=2, w=9), thing("taken", owner=""), added]
    wanted = [thing("changed", v=1, w=5), thing("deleted"), thing("taken"), thing("new")]
    assert report.text("A", drift.compare("a", applied, seen(*live), wanted)) == TEXT


def test_long_lists_are_cut_and_say_so() -> None:
    many: dict[str, Any] = {f"f{n}": 1 for n in range(10)}
    applied = [thing("x", **many), *(thing(f"gone{n}") for n in range(40))]
    others: dict[str, Any] = dict.fromkeys(many, 2)
    found = drift.compare("a", applied, seen(thing("x", **others)))
    short, long = report.text("A", found), report.text("A", found, verbose=True)
    assert "… and 11 objects more (--verbose)" in short
    assert "…" not in long
    assert long.count("f9: 2, applied 1") == 1


def test_json_holds_every_field() -> None:
    found = drift.compare("a", [thing("x", v=1)], seen(held("x", "v", "kubectl-edit", v=2)))
    assert report.as_json(found)["differences"] == [
        {
            "engine": "pulumi_stack",
            "kind": "Thing",
            "scope": "ns",
            "name": "x",
            "what": "changed",
            "cause": "drift",
            "owner": None,
            "who": None,
            "fields": [
                {
                    "path": "v",
                    "applied": 1,
                    "live": 2,
                    "wanted": None,
                    "cause": "drift",
                    "who": {
                        "name": "kubectl-edit",
                        "how": "Update",
                        "when": "t",
                        "source": "field managers",
                    },
                }
            ],
        }
    ]
