"""Controls over an e-Office whose pods are made here: no worse than without, and not blind."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding import environment, policy, tenant
from onboarding.policies import table
from onboarding.policy import Stage, Verdict
from tests.policies import breaks, world

_POD = "spec/template/spec"


def target(folder: Path, pull: str = "IfNotPresent") -> environment.Environment:
    at = world.target(folder)
    run = environment.Run(
        database=f"registry.invalid/postgresql@{world.DIGEST}",
        secrets=f"registry.invalid/openbao-agent@{world.DIGEST}",
        node_pool="restricted",
        pull=pull,  # type: ignore[arg-type]
    )
    return at.model_copy(update={"e_office": environment.EOffice(product="mayan-edms", run=run)})


@pytest.fixture(params=[Stage.PLAN, Stage.LIVE])
def views(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[policy.View, policy.View]:
    """The same agency without pods of a product, and with them."""
    build = world.live_view if request.param is Stage.LIVE else world.plan_view
    run = target(tmp_path)
    plain = run.model_copy(update={"e_office": environment.EOffice(product="mayan-edms")})

    def view(at: environment.Environment) -> policy.View:
        of: tenant.Tenant = world.resolved("samutsongkhram", at)
        return build(of, at)

    return view(plain), view(run)


def bad(view: policy.View) -> set[str]:
    found = policy.evaluate_all(table.CONTROLS, view)
    return {f.control.id for f in found if f.result.verdict in (Verdict.FAIL, Verdict.UNKNOWN)}


def test_no_control_fails_that_does_not_fail_without(
    views: tuple[policy.View, policy.View],
) -> None:
    plain, run = views
    assert bad(run) <= bad(plain)


def results(control: str, view: policy.View) -> list[policy.Result]:
    (one,) = (c for c in table.CONTROLS if c.id == control)
    return [f.result for f in policy.evaluate(one, view)]


@pytest.mark.parametrize(
    ("control", "path", "value"),
    [
        ("WRK-003", f"{_POD}/containers/0/securityContext/runAsNonRoot", False),
        ("WRK-009", f"{_POD}/initContainers/0/securityContext/readOnlyRootFilesystem", False),
        ("WRK-011", f"{_POD}/containers/0/image", "elsewhere.invalid/postgresql:15"),
        ("TEN-013", f"{_POD}/serviceAccountName", "default"),
        ("TEN-019", f"{_POD}/nodeSelector", None),
    ],
)
def test_a_database_is_judged_as_the_product_is(
    views: tuple[policy.View, policy.View], control: str, path: str, value: object
) -> None:
    _, run = views
    assert Verdict.FAIL not in {r.verdict for r in results(control, run)}
    broken = breaks.setting("StatefulSet", path, value)(run)
    assert Verdict.FAIL in {r.verdict for r in results(control, broken)}


def test_images_that_no_registry_has_are_not_pulled_and_never_called_pulled(
    tmp_path: Path,
) -> None:
    at = target(tmp_path)
    of = world.resolved("samutsongkhram", at)
    view = world.plan_view(of, at)
    assert {r.verdict for r in results("WRK-012", view)} == {Verdict.NOT_APPLICABLE}
    other = breaks.setting("Deployment", f"{_POD}/containers/0/image", "registry.invalid/other")
    assert Verdict.FAIL in {r.verdict for r in results("WRK-012", other(view))}
    at = target(tmp_path, "Always")
    view = world.plan_view(of, at)
    assert {r.verdict for r in results("WRK-012", view)} == {Verdict.PASS}
