"""The probe of bodies reads the account of the product from a real OpenBao; no file stays."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import environment, errors, tenant
from onboarding.desired import office
from onboarding.probes import bodies
from tests.contract import openbao as openbao_server
from tests.contract import product_place
from tests.unit.manifest import samples


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[environment.Environment]:
    bao = openbao_server.start(tmp_path_factory.mktemp("openbao"))
    try:
        yield product_place.prepared(bao)
    finally:
        bao.stop()


def _agency(name: str) -> tenant.Tenant:
    return tenant.resolve(samples.build(metadata__id=name))


def test_the_account_that_administers_is_read(
    target: environment.Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "_MEMORY", tmp_path)
    of = _agency("probing")
    product_place.apply(of, target)
    read = bodies._account(of, target, of.e_offices[0])
    assert read == product_place.accounts(of, target)[office.WRITER]
    assert list(tmp_path.iterdir()) == []


def test_an_agency_without_one_is_told(target: environment.Environment) -> None:
    of = _agency("nowhere")
    with pytest.raises(errors.OnboardError):
        bodies._account(of, target, of.e_offices[0])
