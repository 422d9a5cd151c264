"""What an environment needs once: root CA, shared realm, auth mounts, our own roles.

Planned like everything else: desired, observed, diff, then write. The lab is set up by the same
code as a real environment. Runs again at any time: it mends what is missing and renews what is
near its end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from onboarding import counted, environment, errors, item, plan, progress, safety

OWNER = "environment"
"""The owner of what belongs to the environment itself; no agency may have this id."""

TOOL_ROLES = (environment.Role.PLANNER, environment.Role.APPLIER, environment.Role.AUDITOR)


class _System(Protocol):
    def desired(self, target: environment.Environment) -> tuple[item.Item, ...]: ...

    def observe(self, target: environment.Environment) -> tuple[item.Item, ...]: ...

    def apply(
        self,
        target: environment.Environment,
        changes: Sequence[plan.Change],
        report: progress.Progress,
    ) -> Iterable[plan.Outcome]: ...


@dataclass(frozen=True, slots=True)
class Result:
    """``target`` is the file's content after the run; ``made`` what was found to do."""

    target: environment.Environment
    made: plan.Plan
    outcomes: tuple[plan.Outcome, ...]


def systems() -> tuple[tuple[str, _System], ...]:
    """The systems in the order of work: Vault asks the cluster to review tokens, so it is last."""
    from onboarding.bootstrap import cluster, keycloak, vault

    return (("Keycloak", keycloak), ("Kubernetes", cluster), ("Vault", vault))


def digest(target: environment.Environment) -> str:
    """A hash over everything the environment should hold: another one means there is work."""
    wanted = [(str(i.ref), i.fields) for _, system in systems() for i in system.desired(target)]
    return item.content_hash(wanted)


def prepare(target: environment.Environment, report: progress.Progress) -> plan.Plan:
    """What is missing or differs in the environment; writes nothing."""
    wanted: list[item.Item] = []
    seen: list[item.Item] = []
    for title, system in systems():
        with report.step(f"Read {title}"):
            wanted += system.desired(target)
            seen += system.observe(target)
    return plan.diff(OWNER, wanted, seen, target=target.pins())


def run(
    path: Path,
    report: progress.Progress,
    *,
    agree: Callable[[plan.Plan], bool] = lambda _: True,
    repin: bool = False,
) -> Result:
    """Bring the environment of the file at ``path`` into shape and rewrite the file.

    ``agree`` is asked before anything is written. Raises ``errors.Mismatch`` where a system is
    not the pinned one (unless ``repin``), ``errors.Refused`` where the user declined.
    """
    from onboarding.bootstrap import keycloak_realms

    target = environment.load(path)
    _check_pins(target, repin=repin)
    outcomes: tuple[plan.Outcome, ...] = ()
    try:
        made = prepare(target, report)
    except errors.Denied:
        # Before anything else it gives itself the rights that this version needs to read.
        from onboarding.bootstrap import vault

        rights = vault.own_rights(target)
        if not rights.changes:
            raise
        outcomes = _agreed_to(target, rights, report, agree)
        made = prepare(target, report)
    outcomes += _agreed_to(target, made, report, agree)
    if target.pipelines is not None:
        # The keys of pipelines are made last of all, in Vault, and Keycloak has to know them.
        outcomes += _carried_out(target, prepare(target, report), report)
    with report.step("Rights in the realms of agencies"):
        keycloak_realms.mend(target, report)
    with report.step("Credentials of planner, applier and auditor"):
        renewed = _with_credentials(path, target)
    pinned = _pinned(renewed)
    environment.save(path, pinned)
    return Result(pinned, made, outcomes)


def _agreed_to(
    target: environment.Environment,
    made: plan.Plan,
    report: progress.Progress,
    agree: Callable[[plan.Plan], bool],
) -> tuple[plan.Outcome, ...]:
    # Planned anew from the environment file each time: only what goes or is in the way matters.
    safety.refuse(safety.judge(made, safety.Facts(established=False)), frozenset())
    if made.changes and not agree(made):
        raise errors.Refused("nothing was changed", resolution="Answer yes, or add --yes.")
    return _carried_out(target, made, report)


def _carried_out(
    target: environment.Environment, made: plan.Plan, report: progress.Progress
) -> tuple[plan.Outcome, ...]:
    outcomes = tuple(_carry_out(target, made, report))
    failed = next((o.error for o in outcomes if o.error is not None), None)
    if failed is not None:
        raise failed
    return outcomes


def _carry_out(
    target: environment.Environment, made: plan.Plan, report: progress.Progress
) -> Iterator[plan.Outcome]:
    engines = (item.EngineName.SSO, item.EngineName.CLUSTER, item.EngineName.VAULT)
    for (title, system), engine in zip(systems(), engines, strict=True):
        changes = made.of(engine)
        if not changes:
            continue
        with report.step(f"{title} ({counted.of(len(changes), 'change')})"):
            for outcome in system.apply(target, changes, report):
                yield outcome
                if outcome.error is not None:
                    return


def _with_credentials(path: Path, target: environment.Environment) -> environment.Environment:
    from onboarding.bootstrap import cluster, keycloak, vault

    logins = dict(target.credentials)
    for role in (environment.Role.BOOTSTRAP, *TOOL_ROLES):
        before = logins.get(role)
        logins[role] = environment.Credentials(
            kubeconfig=before.kubeconfig
            if role is environment.Role.BOOTSTRAP and before
            else cluster.issue_credentials(target, role),
            keycloak=keycloak.issue_credentials(target, role),
            vault=vault.issue_credentials(target, role),
        )
        target = target.model_copy(update={"credentials": dict(logins)})
        environment.save(path, target)
    target = target.model_copy(update={"approvers": vault.issue_to_approvers(target)})
    environment.save(path, target)
    return target


def identities(target: environment.Environment, role: environment.Role) -> dict[str, str]:
    """The identity of each system as it is now, by the names of ``Environment.pins``."""
    from onboarding import kube, vault
    from onboarding.identity import keycloak

    return {
        "cluster": kube.connect(target, role).kube_system_uid(),
        "vault": vault.connect(target, role).cluster_id(),
        "keycloak": keycloak.connect(target, role).realm_id(target.keycloak.shared_realm),
    }


def _check_pins(target: environment.Environment, *, repin: bool) -> None:
    if repin or not any(target.pins().values()):
        return
    found = identities(target, environment.Role.BOOTSTRAP)
    wrong = [
        f"{name}: pinned {pinned}, found {found[name]}"
        for name, pinned in target.pins().items()
        if pinned and found[name] != pinned
    ]
    if wrong:
        raise errors.Mismatch(
            f"environment {target.name!r} is not the system it was pinned to",
            details=wrong,
            resolution="If the systems were rebuilt on purpose, add --repin.",
        )


def _pinned(target: environment.Environment) -> environment.Environment:
    found = identities(target, environment.Role.PLANNER)
    return target.model_copy(
        update={
            "cluster": target.cluster.model_copy(update={"identity": found["cluster"]}),
            "vault": target.vault.model_copy(update={"identity": found["vault"]}),
            "keycloak": target.keycloak.model_copy(update={"identity": found["keycloak"]}),
        }
    )
