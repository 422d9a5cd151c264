"""Pulumi does what was planned and nothing else, whatever its state says. Real Pulumi, real API."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, errors, item, plan
from onboarding.desired import cluster as wanted
from onboarding.engines.pulumi_stack import command
from onboarding.safety import removal
from onboarding.stacks import resource
from tests.integration import cluster_place

pytestmark = pytest.mark.lab

State = dict[str, Any]


class Told:
    """Progress that keeps what it was told."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        self.lines.append(title)
        yield

    def note(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture(scope="module")
def place(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[cluster_place.Place]:
    with cluster_place.place(lab, tmp_path_factory.mktemp("held")) as made:
        made.settled()
        yield made


def ref(place: cluster_place.Place, kind: str, number: int = 0) -> item.Ref:
    return sorted(i.ref for i in place.wanted() if i.ref.kind == kind)[number]


def drift(place: cluster_place.Place) -> item.Ref:
    """Somebody changes a limit by hand, which makes the next plan one update."""
    found = ref(place, "LimitRange")
    place.cluster.json_patch(
        found.kind,
        found.name,
        found.scope,
        [{"op": "replace", "path": "/spec/limits/0/defaultRequest/cpu", "value": "17m"}],
    )
    (change,) = place.planned().changes
    assert (change.action, change.ref) == (plan.Action.UPDATE, found)
    return found


def stored(place: cluster_place.Place) -> Path:
    folder = place.folder / "backend/.pulumi/stacks" / command.PROJECT
    return folder / f"{place.of.id}.json"


def edit_state(place: cluster_place.Place, edit: Callable[[list[State]], None]) -> None:
    file = stored(place)
    state = json.loads(file.read_text(encoding="utf-8"))
    edit(state["checkpoint"]["latest"]["resources"])
    file.write_text(json.dumps(state), encoding="utf-8")


def add_stranger(place: cluster_place.Place, name: str) -> None:
    """Pulumi's state says that a ConfigMap belongs to the stack, of which nobody else knows."""

    def add(resources: list[State]) -> None:
        like = next(r for r in resources if r["type"] == "kubernetes:core/v1:ConfigMap")
        one = copy.deepcopy(like)
        before = like["urn"].rpartition("/")[2]
        one["urn"] = like["urn"].removesuffix(before) + name
        one["id"] = f"{place.namespace}/{name}"
        for part in ("inputs", "outputs"):
            one[part]["metadata"]["name"] = name
        one["protect"] = False
        resources.append(one)

    edit_state(place, add)


def apply(place: cluster_place.Place) -> tuple[list[plan.Outcome], list[str]]:
    told = Told()
    outcomes = list(place.engine.apply(place.of, place.planned().changes, told))
    assert [str(o.error) for o in outcomes if o.error] == []
    return outcomes, told.lines


def look_ahead(place: cluster_place.Place) -> None:
    place.engine.look_ahead(place.of, place.planned().changes, Told())


def test_a_planned_update_is_looked_at_first_and_then_made(place: cluster_place.Place) -> None:
    found = drift(place)
    before = len(place.commands())
    look_ahead(place)
    assert [line.split()[2] for line in place.commands()[before:]] == ["preview"]
    assert [c.ref for c in place.planned().changes] == [found]
    before = len(place.commands())
    outcomes, _ = apply(place)
    assert [o.status for o in outcomes] == [plan.Status.APPLIED]
    assert [line.split()[2] for line in place.commands()[before:]] == ["preview", "up"]
    assert place.planned().changes == ()


def test_what_only_pulumis_state_holds_is_not_deleted(place: cluster_place.Place) -> None:
    found = drift(place)
    body = {"metadata": {"name": "strange", "namespace": place.namespace}, "data": {"a": "1"}}
    place.cluster.apply("ConfigMap", body)
    add_stranger(place, "strange")
    with pytest.raises(errors.Mismatch, match="more than was planned, to 1 object"):
        look_ahead(place)
    with pytest.raises(errors.Mismatch, match="more than was planned, to 1 object") as refused:
        apply(place)
    assert refused.value.exit_code == 7
    assert refused.value.details[0] == f"delete: ConfigMap {place.namespace}/strange"
    assert place.cluster.get("ConfigMap", "strange", place.namespace) is not None
    (change,) = place.planned().changes
    assert change.ref == found
    place.cluster.delete("ConfigMap", "strange", place.namespace)
    place.settled()


def test_what_is_in_the_state_and_gone_from_the_cluster_hinders_nothing(
    place: cluster_place.Place,
) -> None:
    drift(place)
    add_stranger(place, "ghost")
    outcomes, told = apply(place)
    assert [o.status for o in outcomes] == [plan.Status.APPLIED]
    assert "Pulumi looks ahead once more, with its state refreshed" in told
    assert "ghost" not in stored(place).read_text(encoding="utf-8")


def test_a_replacement_that_the_plan_shows_goes_ahead(place: cluster_place.Place) -> None:
    another_role(place)
    outcomes, _ = apply(place)
    assert [o.status for o in outcomes] == [plan.Status.APPLIED]
    assert place.planned().changes == ()


def test_a_replacement_that_nobody_foresaw_is_not_made(
    place: cluster_place.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = another_role(place)
    monkeypatch.setattr(removal, "replacing", lambda _: ())
    with pytest.raises(errors.OnboardError, match=r"cannot change after|more than was"):
        apply(place)
    (change,) = place.planned().changes
    assert change.ref == found
    monkeypatch.undo()
    place.settled()


def another_role(place: cluster_place.Place) -> item.Ref:
    """A hand makes a binding anew, for another role; a field of it that cannot be changed back."""
    found, other = ref(place, "RoleBinding"), ref(place, "RoleBinding", 1)
    live = place.cluster.get(found.kind, found.name, found.scope)
    assert live is not None
    place.cluster.delete(found.kind, found.name, found.scope)
    metadata = {key: live["metadata"][key] for key in ("name", "namespace", "labels")}
    metadata["annotations"] = live["metadata"].get("annotations", {})
    like = place.cluster.get(other.kind, other.name, other.scope)
    assert like is not None
    made = {"metadata": metadata, "subjects": live["subjects"], "roleRef": like["roleRef"]}
    place.cluster.apply(found.kind, made)
    (change,) = place.planned().changes
    assert (change.action, change.ref) == (plan.Action.UPDATE, found)
    assert [f.path for f in change.fields] == ["roleRef.name"]
    return found


def test_an_object_missing_in_the_state_alone_is_taken_back_and_said(
    place: cluster_place.Place,
) -> None:
    drift(place)
    lost = ref(place, "NetworkPolicy")
    before = place.cluster.get(lost.kind, lost.name, lost.scope)

    def lose(resources: list[State]) -> None:
        name = f"::{lost.scope}/{lost.name}"
        resources[:] = [r for r in resources if not r["urn"].endswith(name)]
        for one in resources:
            # Pulumi reads no state in which one resource waits for another that is not there.
            rest = [urn for urn in one.get("dependencies", ()) if not urn.endswith(name)]
            one["dependencies"] = rest

    edit_state(place, lose)
    outcomes, told = apply(place)
    assert [o.status for o in outcomes] == [plan.Status.APPLIED]
    assert "Pulumi's state lacks 1 object(s) that stand as planned: taking them back" in told
    assert f"taken back unchanged: {lost}" in told
    after = place.cluster.get(lost.kind, lost.name, lost.scope)
    assert before is not None
    assert after is not None
    assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]


def test_a_state_that_is_lost_whole_is_built_again_without_a_word_to_the_objects(
    place: cluster_place.Place,
) -> None:
    drift(place)
    stored(place).unlink()
    before = contents(place)
    begun = len(place.commands())
    outcomes, told = apply(place)
    assert [o.status for o in outcomes] == [plan.Status.APPLIED]
    assert [line.split()[2] for line in place.commands()[begun:]] == ["stack", "up"]
    missing = len(place.wanted()) - 1
    assert (
        f"Pulumi's state lacks {missing} object(s) that stand as planned: taking them back" in told
    )
    changed = {ref for ref, content in contents(place).items() if before.get(ref) != content}
    assert changed == {outcomes[0].change.ref}


def contents(place: cluster_place.Place) -> dict[item.Ref, str]:
    """What each object says, without what the server and Pulumi count on it."""
    found = {}
    for one in place.wanted():
        live = place.cluster.get(one.ref.kind, one.ref.name, one.ref.scope)
        assert live is not None
        metadata = live["metadata"]
        for counted in ("resourceVersion", "managedFields", "generation"):
            metadata.pop(counted, None)
        metadata.get("annotations", {}).pop(resource.LAST_UPDATE, None)
        found[one.ref] = item.canonical({key: live[key] for key in live if key != "status"})
    return found


def test_what_an_earlier_version_of_the_tool_wrote_is_taken_away_as_planned(
    place: cluster_place.Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, usual = ref(place, "LimitRange"), wanted.desired

    def of_an_earlier_version(*about: Any) -> tuple[item.Item, ...]:
        items = copy.deepcopy(usual(*about))
        for one in items:
            if one.ref == found:
                one.fields["metadata"]["labels"]["gdcc.go.th/former"] = "yes"
        return items

    with monkeypatch.context() as earlier:
        earlier.setattr(wanted, "desired", of_an_earlier_version)
        place.settled()
        applied = place.wanted()
    (change,) = place.planned(applied=applied).changes
    path = "metadata.labels.gdcc·go·th/former"
    assert (change.ref, [(f.path, f.before, f.after) for f in change.fields]) == (
        found,
        [(path, "yes", None)],
    )
    place.engine.look_ahead(place.of, (change,), Told())
    (outcome,) = place.apply((change,))
    assert (outcome.status, outcome.error) == (plan.Status.APPLIED, None)
    live = place.cluster.get(found.kind, found.name, found.scope)
    assert live is not None
    assert "gdcc.go.th/former" not in live["metadata"]["labels"]
    assert place.planned(applied=applied).changes == ()
