"""What is dangerous, and what a change means, as a reviewer reads it."""

from __future__ import annotations

from typing import Any

from onboarding import plan, safety
from onboarding.report import hazards, plan_json, plan_text
from tests.unit.safety.plans import thing

DELETION = safety.Hazard(
    "deletion", "the plan deletes 10 object(s)", tuple(f"c{n}" for n in range(10)),
    flag="--allow-delete",
)  # fmt: skip


def test_a_plan_without_hazards_says_nothing_of_them() -> None:
    assert hazards.text([]) == []


def test_a_long_list_is_cut_and_said_to_be() -> None:
    lines = hazards.text([DELETION])
    assert lines[:2] == ["dangerous", "  ! the plan deletes 10 object(s)  (needs --allow-delete)"]
    assert lines[-2:] == ["      … and 2 more; --verbose lists them", ""]
    assert len(hazards.text([DELETION], verbose=True)) == 13


def test_what_nothing_allows_says_so_and_a_second_person_is_named() -> None:
    conflict = safety.Hazard("conflict", "1 object(s) in our place are not ours")
    assert hazards.allowed_by(conflict) == "nothing allows it"
    destroy = safety.Hazard("destroy", "everything goes", approver="approver")
    assert hazards.allowed_by(destroy) == "needs a second person with the role approver"


def test_a_change_says_what_people_notice_and_which_controls_look_at_it() -> None:
    def deployment(image: str) -> dict[str, Any]:
        return {"spec": {"template": {"image": image}}}

    before, after = thing("Deployment", "web", deployment("a")), deployment("b")
    made = plan.diff("moph", [thing("Deployment", "web", after)], [before], [before], target={})
    brief, whole = (plan_text.of(made, verbose=verbose) for verbose in (False, True))
    assert "      people notice: its pods are restarted one after the other\n" in brief
    assert "      controls: " not in brief
    assert "WRK-001" in whole
    shown = plan_json.of(made)["changes"][0]
    assert shown["interrupts"] == "its pods are restarted one after the other"
    assert "WRK-001" in shown["controls"]
