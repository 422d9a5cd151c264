"""A real OpenBao for the contract tests: one bare, one that bootstrap has prepared."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import environment, plan, progress
from onboarding.bootstrap import vault as bootstrap
from tests.contract import openbao as real
from tests.contract.servers import postgres, s3


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[postgres.Server]:
    server = postgres.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[s3.Server]:
    server = s3.start(tmp_path_factory.mktemp("s3"))
    yield server
    server.stop()


@pytest.fixture
def bare_openbao(tmp_path: Path) -> Iterator[real.OpenBao]:
    """Initialised and otherwise empty; bootstrap signs in with the root token."""
    server = real.start(tmp_path / "openbao")
    yield server
    server.stop()


@pytest.fixture(scope="session")
def openbao(tmp_path_factory: pytest.TempPathFactory) -> Iterator[real.OpenBao]:
    """Prepared by bootstrap: the environment has a credential for each role of the tool.

    There is no cluster behind it, so the configuration of its Kubernetes sign-in is left out.
    """
    server = real.start(tmp_path_factory.mktemp("openbao"))
    try:
        yield prepared(server)
    finally:
        server.stop()


def prepared(server: real.OpenBao) -> real.OpenBao:
    """The same server after bootstrap, with logins for all roles and the root token revoked."""
    target = server.environment
    made = plan.diff("environment", bootstrap.desired(target), bootstrap.observe(target), target={})
    changes = [c for c in made.changes if c.ref.kind != "KubernetesAuthConfig"]
    for outcome in bootstrap.apply(target, changes, progress.Silent()):
        if outcome.error is not None:
            raise outcome.error
    for role in environment.Role:
        target = with_login(target, role)
    return real.OpenBao(server.process, target, server.folder)


def with_login(target: environment.Environment, role: environment.Role) -> environment.Environment:
    """The environment with a Vault login for ``role`` issued by bootstrap."""
    base = target.login(environment.Role.BOOTSTRAP)
    login = base.model_copy(update={"vault": bootstrap.issue_credentials(target, role)})
    return target.model_copy(update={"credentials": {**target.credentials, role: login}})
