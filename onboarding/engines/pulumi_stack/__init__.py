"""The cluster, written by Pulumi (one stack per tenant) and read by LIST requests of our own."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence

from onboarding import environment, item, kube, plan, progress, tenant
from onboarding.engines.pulumi_stack import backend, command, reading, writing


class PulumiStack:
    """Namespaces, quotas, network rules, access and workload of every tenant."""

    name = item.EngineName.CLUSTER

    def __init__(self, target: environment.Environment, role: environment.Role) -> None:
        self._target = target
        self._role = role

    @functools.cached_property
    def cluster(self) -> kube.Cluster:
        return kube.connect(self._target, self._role)

    def identity(self) -> str:
        """UID of the namespace kube-system."""
        return self.cluster.kube_system_uid()

    def forget(self, of: tenant.Tenant) -> None:
        """Remove the stack of an agency that has left; one that is gone already is as good.

        A run that was killed once all its objects were gone left nothing to write, but its lock.
        """
        stack = command.Stack(self._target, of.id, self._target.login(self._role).kubeconfig)
        backend.clear(self._target, command.PROJECT, stack.name)
        command.mend_files(stack)
        if command.known(stack) is not False:
            command.prepare(stack)
            command.remove(stack)

    def observe(
        self, tenants: Sequence[tenant.Tenant], *, evidence: bool = False
    ) -> item.Observation:
        """See ``reading.observe``. Starts no process."""
        return reading.observe(self.cluster, self._target, tenants, evidence=evidence)

    def look_ahead(
        self, of: tenant.Tenant, changes: Sequence[plan.Change], report: progress.Progress
    ) -> None:
        """See ``writing.look_ahead``."""
        writing.look_ahead(
            writing.Work(self._target, self._role, self.cluster, of), changes, report
        )

    def apply(
        self,
        of: tenant.Tenant,
        changes: Sequence[plan.Change],
        report: progress.Progress,
        *,
        begin: plan.Begin = plan.unrecorded,
        unfinished: Mapping[str, str] = plan.NOTHING,
    ) -> Iterator[plan.Outcome]:
        """See ``writing.apply``. Starts no process where there is nothing to change or finish."""
        if not changes and not unfinished:
            return
        work = writing.Work(self._target, self._role, self.cluster, of)
        yield from writing.apply(work, changes, report, begin, cut_off=bool(unfinished))
