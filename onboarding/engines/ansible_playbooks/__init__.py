"""Engine ``ansible_playbooks``: e-Office settings in the cluster, and the hand-over kit.

All changes of one agency are one start of Ansible, however many namespaces it has. Reading
starts no Ansible.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from onboarding import environment, errors, item, kube, plan, progress, tenant
from onboarding.desired import handover, settings
from onboarding.engines.ansible_playbooks import delivery, live, office, runner, wording
from onboarding.products import contract


def _done(outcomes: Iterable[plan.Outcome], waiting: list[plan.Change]) -> Iterator[plan.Outcome]:
    for outcome in outcomes:
        waiting.remove(outcome.change)
        yield outcome


class AnsiblePlaybooks:
    """Implements ``interface.Engine``."""

    name = item.EngineName.SETTINGS

    def __init__(self, target: environment.Environment, role: environment.Role) -> None:
        self._target = target
        self._role = role

    def identity(self) -> str:
        with contextlib.closing(kube.connect(self._target, self._role)) as cluster:
            return cluster.kube_system_uid()

    def observe(
        self, tenants: Sequence[tenant.Tenant], *, evidence: bool = False
    ) -> item.Observation:
        with contextlib.closing(kube.connect(self._target, self._role)) as cluster:
            found = live.settings_items(cluster, tenants)
            held = office.read(cluster, self._target, self._role, tenants, evidence=evidence)
        kits = live.kit_items(self._target, tenants)
        products = contract.KINDS if self._target.e_office else frozenset()
        return item.Observation(
            {of.id: (*found[of.id], *held.items.get(of.id, ()), *kits[of.id]) for of in tenants},
            products | {settings.KIND, handover.KIND},
            silent={agency: dict.fromkeys(products, why) for agency, why in held.silent.items()},
        )

    def apply(
        self,
        of: tenant.Tenant,
        changes: Sequence[plan.Change],
        report: progress.Progress,
        *,
        begin: plan.Begin = plan.unrecorded,
        unfinished: Mapping[str, str] = plan.NOTHING,
        check: bool = False,
        seconds: float | None = None,
    ) -> Iterator[plan.Outcome]:
        """See ``interface.Engine``. With ``check`` Ansible only says what it would do."""
        wanted = delivery.sort(changes)
        waiting = list(wanted.in_order)
        if unfinished:
            runner.wipe_what_was_left()
            live.wipe_half_files(self._target, of.id)
        if not waiting:
            return
        try:
            for change in wanted.in_order:
                begin(change)
            longest = seconds or self._longest(wanted)
            yield from self._run(of, wanted, waiting, report, check=check, seconds=longest)
        except OSError as problem:
            error: errors.OnboardError = wording.no_room(of.id, problem)
        except errors.OnboardError as problem:
            error = problem
        else:
            return
        yield plan.Outcome(waiting[0], plan.Status.FAILED, error=error)

    def _longest(self, wanted: delivery.Delivery) -> float:
        """Seconds for one start of Ansible."""
        usual = self._target.timeouts.ansible
        product = self._target.e_office
        return usual + product.longest if product and wanted.office else usual

    def _run(
        self,
        of: tenant.Tenant,
        wanted: delivery.Delivery,
        waiting: list[plan.Change],
        report: progress.Progress,
        *,
        check: bool,
        seconds: float,
    ) -> Iterator[plan.Outcome]:
        """One start of Ansible; takes what ended out of ``waiting``."""
        ending = runner.Ending()
        ended: list[runner.TaskEnd] = []
        with (
            runner.workspace() as folder,
            office.staged(of, self._target, self._role, wanted.office, folder) as product,
        ):
            kubeconfig = self._target.login(self._role).kubeconfig
            variables = delivery.stage(of, self._target, kubeconfig, wanted, folder) | product
            played = runner.play(
                delivery.PLAYBOOK, variables, folder, ending, seconds=seconds, check=check
            )
            with contextlib.closing(played):
                for task in played:
                    report.note(task.task)
                    ended.append(task)
                    if not task.failed or task.task == delivery.OFFICE_TASK:
                        yield from _done(delivery.outcomes(wanted, task), waiting)
        failed = next((task for task in ended if task.failed), None)
        if failed is None and ending.status == "successful":
            yield from _done(delivery.kit_outcomes(wanted, ended), waiting)
            return
        for change in self._landed(waiting, failed):
            waiting.remove(change)
            yield plan.Outcome(change, plan.Status.APPLIED)
        if waiting:
            log = self._keep_log(of, ending)
            error = wording.failure(waiting[0], failed, ending, seconds, log)
            spent = failed.seconds if failed else 0.0
            yield plan.Outcome(waiting[0], plan.Status.FAILED, spent, error)

    def _landed(
        self, waiting: Sequence[plan.Change], failed: runner.TaskEnd | None
    ) -> list[plan.Change]:
        """Of the changes of a failed batch those that were made before it failed.

        Ansible's module says nothing of what went well in a batch that failed, so it is read.
        Where even that cannot be read nothing is claimed: the next plan tells.
        """
        if failed is None or failed.role != delivery.SETTINGS_ROLE:
            return []
        places = [("ConfigMap", c.ref.scope, c.ref.name) for c in waiting if c.ref.scope]
        try:
            with contextlib.closing(kube.connect(self._target, self._role)) as cluster:
                found = cluster.get_all(places)
        except errors.OnboardError:
            return []
        made = []
        for change, live_object in zip(waiting, found, strict=False):
            if not delivery.is_made(change, live_object):
                break
            made.append(change)
        return made

    def _keep_log(self, of: tenant.Tenant, ending: runner.Ending) -> Path:
        folder = self._target.store() / "logs"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
        return runner.private_file(folder / f"{of.id}-ansible-{stamp}.log", ending.output)
