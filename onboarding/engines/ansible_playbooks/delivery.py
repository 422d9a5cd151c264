"""From the changes of one agency to the files that one Ansible run works from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from onboarding import environment, errors, item, labels, plan, tenant
from onboarding.desired import documents, handover, settings
from onboarding.engines.ansible_playbooks import live, office, runner
from onboarding.products import contract

PLAYBOOK = "deliver.yml"
SETTINGS_ROLE = "e_office_settings"
KIT_ROLE = "handover_kit"
APPLY_TASK = "Apply the settings objects"
REMOVE_TASK = "Remove settings objects that are wanted no more"
OFFICE_TASK = "Configure the e-Office"
"""Names of the tasks whose results speak of single objects, as the role spells them."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """Changes of one agency, sorted by what the playbook does with them."""

    present: tuple[plan.Change, ...]
    absent: tuple[plan.Change, ...]
    office: tuple[plan.Change, ...]
    kit: tuple[plan.Change, ...]

    @property
    def in_order(self) -> tuple[plan.Change, ...]:
        """All changes in the order in which the playbook makes them."""
        return (*self.present, *self.absent, *self.office, *self.kit)


def sort(changes: Sequence[plan.Change]) -> Delivery:
    of_settings = [c for c in changes if c.ref.kind == settings.KIND]
    return Delivery(
        present=tuple(c for c in of_settings if c.desired is not None),
        absent=tuple(c for c in of_settings if c.desired is None),
        office=office.in_order([c for c in changes if c.ref.kind in contract.KINDS]),
        kit=tuple(c for c in changes if c.ref.kind == handover.KIND),
    )


def stage(
    of: tenant.Tenant,
    target: environment.Environment,
    kubeconfig: Path,
    delivery: Delivery,
    folder: Path,
) -> dict[str, str | bool]:
    """Write the run's input files into ``folder`` and return the variables that name them.

    Raises ``errors.Mismatch`` where the kit would not be what was planned.
    """
    variables: dict[str, str | bool] = {
        "deliver_settings": bool(delivery.present or delivery.absent),
        "deliver_kit": bool(delivery.kit),
        "e_office_settings_kubeconfig": str(kubeconfig.absolute()),
        "e_office_settings_field_manager": labels.FIELD_MANAGER,
    }
    for name in ("present", "absent"):
        changes: tuple[plan.Change, ...] = getattr(delivery, name)
        if changes:
            text = "".join(f"---\n{documents.yaml_text(_object(c))}" for c in changes)
            path = runner.private_file(folder / f"{name}.yml", text)
            variables[f"e_office_settings_{name}"] = str(path)
    for change in delivery.kit:
        variables |= _kit_variables(of, target, change, folder)
    return variables


def _object(change: plan.Change) -> dict[str, Any]:
    made: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": change.ref.name, "namespace": change.ref.scope},
    }
    if change.desired is not None:
        made["metadata"] |= change.desired.fields["metadata"]
        made["data"] = {settings.KEY: settings.text_of(change.desired.fields)}
    return made


def _kit_variables(
    of: tenant.Tenant, target: environment.Environment, change: plan.Change, folder: Path
) -> dict[str, str | bool]:
    variables: dict[str, str | bool] = {
        "handover_kit_destination": str(live.kit_folder(target, change.ref.name)),
        "handover_kit_state": "absent" if change.desired is None else "present",
    }
    if change.desired is None:
        return variables
    source = folder / "kit"
    source.mkdir(mode=0o700)
    planned = change.desired.fields["files"]
    for name, text in handover.files(of, target).items():
        if planned.get(name) not in (documents.sha256(text), item.KNOWN_AFTER_APPLY):
            raise errors.Mismatch(
                f"{of.id}: {name} of the hand-over kit is no longer what was planned",
                resolution="Plan again: the manifest or the environment file has changed.",
            )
        runner.private_file(source / name, text)
    return variables | {
        "handover_kit_source": str(source),
        "handover_kit_ca_chain_name": handover.CA_CHAIN,
        "handover_kit_ca_chain_url": handover.ca_chain_address(of, target),
        "handover_kit_ca_chain_required": planned.get(handover.CA_CHAIN) == item.KNOWN_AFTER_APPLY,
        "handover_kit_ca_file": str(target.vault.ca_file.absolute()),
    }


def outcomes(wanted: Delivery, task: runner.TaskEnd) -> Iterator[plan.Outcome]:
    """What the end of a task says about single changes; other tasks are only steps of the kit."""
    if task.task == OFFICE_TASK:
        yield from office.outcomes(wanted.office, task.result, task.seconds)
        return
    changes = {APPLY_TASK: wanted.present, REMOVE_TASK: wanted.absent}.get(task.task, ())
    if not changes:
        return
    # One object is answered as such, several as a list in the order of the file.
    batch = (task.result.get("result") or {}).get("results")
    answers = batch if batch is not None else [task.result]
    for change, answer in zip(changes, answers, strict=True):
        yield plan.Outcome(change, _status(answer.get("changed")), task.seconds / len(changes))


def kit_outcomes(wanted: Delivery, steps: Sequence[runner.TaskEnd]) -> Iterator[plan.Outcome]:
    """What became of the kit, from all tasks of a run that succeeded."""
    of_kit = [step for step in steps if step.role == KIT_ROLE]
    changed = any(step.changed for step in of_kit)
    for change in wanted.kit:
        yield plan.Outcome(change, _status(changed), sum(step.seconds for step in of_kit))


def _status(changed: Any) -> plan.Status:
    return plan.Status.APPLIED if changed else plan.Status.UNCHANGED


def is_made(change: plan.Change, found: Mapping[str, Any] | None) -> bool:
    """Whether a settings object is as the change wants it."""
    if change.desired is None:
        return found is None
    if change.ref.kind != settings.KIND or found is None:
        return False
    text = (found.get("data") or {}).get(settings.KEY)
    return bool(text == settings.text_of(change.desired.fields))
