"""What of an e-Office product is in Vault: OpenBao prepared for it, the accounts of an agency."""

from __future__ import annotations

from typing import Any

import requests

from onboarding import environment, plan, product_api, progress, tenant, vault
from onboarding.desired import office, vault_policies
from onboarding.desired import vault as wanted
from onboarding.engines import vault_pki
from tests.contract import conftest
from tests.contract import openbao as openbao_server

KINDS = ("Policy", "Account")
"""What of Vault concerns the product."""


def prepared(bao: openbao_server.OpenBao) -> environment.Environment:
    """OpenBao after bootstrap for an environment with an e-Office product."""
    about = {"e_office": environment.EOffice(product="mayan-edms")}
    asked = bao.environment.model_copy(update=about)
    return conftest.prepared(openbao_server.OpenBao(bao.process, asked, bao.folder)).environment


def planned(of: tenant.Tenant, target: environment.Environment) -> plan.Plan:
    """What Vault lacks of policies and accounts."""
    seen = vault_pki.VaultPki(target, environment.Role.PLANNER).observe([of]).of(of.id)
    return plan.diff(
        of.id,
        [i for i in wanted.desired(of, target) if i.ref.kind in KINDS],
        [i for i in seen if i.ref.kind in KINDS],
        target={},
    )


def apply(of: tenant.Tenant, target: environment.Environment) -> None:
    engine = vault_pki.VaultPki(target, environment.Role.APPLIER)
    for outcome in engine.apply(of, planned(of, target).changes, progress.Silent()):
        assert outcome.error is None, outcome.error


def accounts(of: tenant.Tenant, target: environment.Environment) -> dict[str, product_api.Account]:
    """As a pod of the agency's e-Office reads them from Vault."""
    paths = {
        name: office.secret(of, of.e_offices[0], name) for name in (office.READER, office.WRITER)
    }
    return {name: product_api.Account(**read(of, target, path)) for name, path in paths.items()}


def read(of: tenant.Tenant, target: environment.Environment, path: str) -> dict[str, Any]:
    """A secret, with the rights that the pod of the agency's e-Office has in Vault."""
    with vault.connect(target, environment.Role.APPLIER) as door:
        token = door.tenant_token([vault_policies.workload_name(of, of.e_offices[0])])
        answer = requests.get(
            f"{target.vault.address}/v1/{path}",
            headers={"X-Vault-Token": token},
            verify=str(target.vault.ca_file),
            timeout=60,
        )
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()["data"]["data"]
    return found
