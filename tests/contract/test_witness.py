"""Vault remembers the heads of journals: the applier writes them, the planner only reads."""

from __future__ import annotations

import pytest

from onboarding import environment, errors, vault
from onboarding.engines import vault_pki, witness
from onboarding.state import chain
from tests.contract.openbao import OpenBao


def test_the_applier_writes_a_head_and_the_planner_reads_it(openbao: OpenBao) -> None:
    applier = vault_pki.VaultPki(openbao.environment, environment.Role.APPLIER)
    planner = vault_pki.VaultPki(openbao.environment, environment.Role.PLANNER)
    assert isinstance(planner, witness.Witness)
    assert planner.remembered("moph") == chain.Head()
    for head in (chain.Head(7, "ab" * 32), chain.Head(9, "cd" * 32)):
        applier.remember("moph", head)
        assert planner.remembered("moph") == head
    assert planner.all_remembered() == ("moph",)
    with pytest.raises(errors.Denied):
        planner.remember("moph", chain.Head(10, "ef" * 32))
    with (
        vault.connect(openbao.environment, environment.Role.APPLIER) as door,
        pytest.raises(errors.Denied),
    ):
        door.remove(f"{witness.FOLDER}/moph")
    assert planner.remembered("moph") == chain.Head(9, "cd" * 32)
