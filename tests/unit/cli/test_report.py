"""Renderers of plans, runs and findings, compared whole."""

from __future__ import annotations

from onboarding import item, plan, policy
from onboarding.policy import Verdict
from onboarding.report import plan_json, plan_text, text
from tests.unit.cli import world

OLD = world.thing(item.EngineName.SSO, "changed", y="before")
NEW = world.thing(item.EngineName.SSO, "changed", y="after")
GONE = world.thing(item.EngineName.CLUSTER, "gone")
FOREIGN = item.Item(item.Ref(item.EngineName.VAULT, "Thing", "place", "taken"), {}, "other")
NOBODYS = item.Item(item.Ref(item.EngineName.VAULT, "Thing", "place", "left"), {}, "")


def made() -> plan.Plan:
    wanted = [
        NEW,
        world.thing(FOREIGN.ref.engine, "taken"),
        world.thing(FOREIGN.ref.engine, "left"),
    ]
    live = [OLD, GONE, FOREIGN, NOBODYS]
    return plan.diff(world.AGENCY, wanted, live, target={"cluster": "id"})


def test_a_plan_in_text_shows_changes_in_full_and_what_is_in_the_way() -> None:
    planned = made()
    assert plan_text.of(planned) == (
        "sso\n"
        f"  ~ {NEW.ref}  (differs)\n"
        "      y: before -> after\n"
        "\n"
        "pulumi_stack\n"
        f"  - {GONE.ref}  (no longer in the manifest)\n"
        "\n"
        "in the way\n"
        f"  ! {FOREIGN.ref}: belongs to agency other\n"
        f"  ! {NOBODYS.ref}: is not ours\n"
        "\n"
        "Plan: 0 to create, 1 to update, 1 to delete, 0 unchanged."
        f"  Digest sha256:{planned.digest}"
    )


def test_a_plan_as_json_says_the_same() -> None:
    shown = plan_json.of(made())
    assert shown["counts"] == {"create": 0, "update": 1, "delete": 1, "unchanged": 0}
    assert shown["conflicts"] == [
        {"object": str(FOREIGN.ref), "owner": "other"},
        {"object": str(NOBODYS.ref), "owner": ""},
    ]
    assert shown["changes"][0]["fields"] == [{"path": "y", "before": "before", "after": "after"}]


def test_an_empty_plan_is_one_line() -> None:
    planned = plan.diff(world.AGENCY, [NEW], [NEW], target={})
    assert plan_text.of(planned) == "No changes: 1 items are as the manifest wants them."


FOUND = world.findings(
    ("TEN-001", Verdict.PASS, "namespace a"),
    ("TEN-001", Verdict.FAIL, "namespace b"),
    ("NET-001", Verdict.WAIVED, "policy c"),
    ("SEC-001", Verdict.UNKNOWN, "device d"),
    ("SEC-002", Verdict.PASS, "device e"),
    ("SEC-003", Verdict.NOT_APPLICABLE, "device f"),
)
COUNTS = (
    "5 controls, 6 findings: 1 failed, 1 could not be determined, 1 waived, 2 passed,"
    " 1 not applicable"
)
OPEN = (
    "  FAIL    TEN-001  Rule TEN-001  (high; 1 FAIL, 1 pass)\n"
    "      FAIL    namespace b: seen\n"
    "      remedy: Mend it.\n"
    "  UNKNOWN SEC-001  Rule SEC-001  (high; 1 UNKNOWN)\n"
    "      UNKNOWN device d: seen\n"
    "      remedy: Mend it.\n"
    "  waived  NET-001  Rule NET-001  (high; 1 waived)\n"
    "      waived  policy c: seen\n"
)


def test_open_findings_come_alone_with_the_counts_of_all() -> None:
    assert text.open_findings(FOUND) == f"{OPEN}\n{COUNTS}"


def test_the_rest_is_counted_by_area() -> None:
    assert text.findings(FOUND) == (
        f"{OPEN}\n"
        "in order: 2 controls (each of them: --verbose)\n"
        "  SEC    2  Vault  (1 pass, 1 n/a)\n"
        f"\n{COUNTS}"
    )


def test_nothing_open_is_the_counts_alone() -> None:
    passed = world.findings(("TEN-001", Verdict.PASS, "a"))
    assert text.open_findings(passed) == text.counts(passed)


def test_many_objects_of_one_control_are_cut_unless_verbose() -> None:
    many = world.findings(*(("TEN-001", Verdict.FAIL, f"object {n}") for n in range(25)))
    assert "      and 5 more\n" in text.findings(many)
    assert "object 24: seen" in text.findings(many, verbose=True)


def test_marks_go_around_the_words_of_verdicts() -> None:
    shown = text.open_findings(
        world.findings(("TEN-001", Verdict.FAIL, "a")), marks={Verdict.FAIL: ("<", ">")}
    )
    assert shown.startswith("  <FAIL   > TEN-001")


def test_thai_columns_stand_under_each_other() -> None:
    found = world.findings(
        ("TEN-001", policy.Verdict.FAIL, "a"), ("TEN-002", policy.Verdict.UNKNOWN, "b")
    )
    lines = text.open_findings(found, language="th").splitlines()
    marks = "ัิีึืฺุู็่้๊๋์ํ๎"  # take no column of their own
    starts = {
        sum(c not in marks for c in line.partition("TEN-")[0]) for line in lines if "TEN-00" in line
    }
    assert len(starts) == 1
