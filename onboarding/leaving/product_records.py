"""The letters inside running e-Office products, as their own API gives them out.

While an agency is frozen no address leads to its e-Office. The way to it is through the API server,
with the applier's rights, and as the account that administers it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from onboarding import environment, errors, kube, names, product_api, product_login, tenant
from onboarding.desired import cluster_network, cluster_place
from onboarding.kube import forward
from onboarding.leaving import sources
from onboarding.products import table


@dataclass(frozen=True, slots=True)
class ProductStores:
    """Implements ``sources.RecordsSource`` for instances of the environment's e-Office product.

    ``simulated`` is asked first, and alone about any other instance.
    """

    target: environment.Environment
    about: environment.EOffice
    cluster: kube.Cluster
    simulated: sources.SimulatedStores

    def count(self, of: tenant.Tenant, instance: tenant.Instance) -> sources.Contents:
        if not self._runs(instance):
            return self.simulated.count(of, instance)
        with self._archive(of, instance) as held:
            return self._contents(instance, held.count())

    def export(
        self, of: tenant.Tenant, instance: tenant.Instance, folder: Path
    ) -> sources.Exported:
        if not self._runs(instance):
            return self.simulated.export(of, instance, folder)
        written, letters = [], 0
        with self._archive(of, instance) as held:
            before = held.count()
            for one in held.stored():
                path = _inside(folder, one.path)
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                path.write_bytes(one.read())
                written.append(sources.Record(one.path, one.sha256))
                letters += one.tells
            after = held.count()
        exported = product_api.Held(letters, after.entries)
        if not before == exported == after:
            raise _moved(instance.namespace, before, exported, after)
        return sources.Exported(self._contents(instance, exported), written)

    def recount(self, of: tenant.Tenant, instance: tenant.Instance) -> sources.Contents | None:
        if not self._runs(instance) or not self._pods(instance):
            return None
        return self.count(of, instance)

    def _contents(self, instance: tenant.Instance, held: product_api.Held) -> sources.Contents:
        title = table.get(self.about.product).product.title
        known_by = f"{title} was asked over its API"
        return sources.Contents(instance.namespace, held.letters, held.entries, known_by)

    def _runs(self, instance: tenant.Instance) -> bool:
        """Whether it is an instance of the product that may have stored anything."""
        if instance.kind != names.E_OFFICE:
            return False
        try:
            self.simulated.proof(instance)
        except errors.Refused:
            return True
        return False

    @contextlib.contextmanager
    def _archive(
        self, of: tenant.Tenant, instance: tenant.Instance
    ) -> Iterator[product_api.Archive]:
        role = environment.Role.APPLIER
        way = forward.tunnel(
            self.target, role, instance.namespace, self._pod(instance), cluster_network.PORT
        )
        place = replace(product_api.place(self.about, self.target, instance), through=way)
        account = product_login.administrator(of, self.target, instance)
        with product_api.of(self.about.product).archive(place, account, of.id) as held:
            yield held

    def _pods(self, instance: tenant.Instance) -> list[kube.Object]:
        chosen = f"{cluster_place.APP}={instance.workload}"
        return self.cluster.list("Pod", namespace=instance.namespace, selector=chosen)

    def _pod(self, instance: tenant.Instance) -> str:
        """A pod that serves. Raises ``errors.Unreachable`` where none does."""
        for pod in self._pods(instance):
            conditions = (pod.get("status") or {}).get("conditions") or ()
            if any(c["type"] == "Ready" and c["status"] == "True" for c in conditions):
                return str(pod["metadata"]["name"])
        raise errors.Unreachable(
            f"no pod of the e-Office in {instance.namespace} serves; its letters cannot be read",
            resolution="See what keeps it from serving, then run the same command again. Nothing "
            "is destroyed without this.",
        )


def _moved(
    place: str, before: product_api.Held, exported: product_api.Held, after: product_api.Held
) -> errors.EngineFailed:
    told = (("before", before), ("exported", exported), ("afterwards", after))
    return errors.EngineFailed(
        f"{place}: what its e-Office holds changed while it was exported: somebody works in it",
        details=[
            f"{when}: {held.letters} letter(s), {held.entries} number(s) taken from registers"
            for when, held in told
        ],
        resolution="See that nobody does, then run the same command again.",
    )


def _inside(folder: Path, path: str) -> Path:
    """Where a file of the product goes. Raises ``errors.EngineFailed`` for any other place."""
    place = folder / path
    if not place.resolve().is_relative_to(folder.resolve()):
        raise errors.EngineFailed(
            f"the e-Office names a file outside of the export: {path!r}",
            resolution="Somebody changed what it answers: find out before anything else is done.",
        )
    return place
