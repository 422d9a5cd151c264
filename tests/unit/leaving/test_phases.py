"""What an agency in each phase must hold, over real desired items of real manifests."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from onboarding import desired, item, labels, manifest, tenant
from onboarding.desired import phases, realm, settings, vault_policies
from tests.running import ROOT
from tests.unit import targets

EXAMPLES = ("m-culture", "moph", "plk-lao", "dlt", "eec", "police", "coj")


def items(name: str, phase: tenant.Phase) -> dict[item.Ref, item.Item]:
    of = tenant.resolve(manifest.load(ROOT / "examples" / f"{name}.yaml"), TARGET)
    return {i.ref: i for i in desired.everything(replace(of, phase=phase), TARGET)}


TARGET = targets.pinned().model_copy(
    update={
        "cluster": targets.pinned().cluster.model_copy(
            update={"internal_ingress_class": "internal", "node_pools": ("restricted",)}
        )
    }
)
READS = {"get", "list", "watch", "read"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_frozen_agency_signs_in_nowhere_and_writes_nothing(name: str) -> None:
    frozen = items(name, tenant.Phase.FROZEN).values()
    for one in frozen:
        kind = one.ref.kind
        if kind == "Client" and one.ref.name in realm.SERVICE_CLIENTS:
            assert one.fields["enabled"] is True, "the tool would lock itself out"
        elif kind in ("Client", "Organization", "IdentityProvider"):
            assert one.fields["enabled"] is False, one.ref
        elif kind == "Namespace":
            assert one.fields["metadata"]["labels"][labels.PHASE] == "frozen"
        elif kind == "Role":
            assert all(set(r["verbs"]) <= READS for r in one.fields["rules"]), one.ref
        elif kind == "Policy":
            assert all(set(c) <= READS for c in one.fields["rules"].values()), one.ref
            assert vault_policies.rules_in(one.fields["document"]) == one.fields["rules"]
        elif kind == settings.KIND:
            assert one.fields["access"] == {"mode": "read-only"}
            assert "mode: read-only" in settings.text_of(one.fields)
    assert not {i.ref.kind for i in frozen} & {"Ingress", "TlsSecret", "PkiRole"}


@pytest.mark.parametrize("name", EXAMPLES)
def test_freezing_keeps_all_that_holds_data_or_lets_be_read(name: str) -> None:
    present, frozen = items(name, tenant.Phase.PRESENT), items(name, tenant.Phase.FROZEN)
    gone = {present[ref].ref.kind for ref in present.keys() - frozen.keys()}
    assert gone <= {"Ingress", "TlsSecret", "PkiRole"}
    assert not [r for r in present.keys() - frozen.keys() if present[r].holds_data]
    assert frozen.keys() <= present.keys()


@pytest.mark.parametrize("name", EXAMPLES)
def test_freezing_twice_is_freezing_once(name: str) -> None:
    of = tenant.resolve(manifest.load(ROOT / "examples" / f"{name}.yaml"), TARGET)
    frozen = replace(of, phase=tenant.Phase.FROZEN)
    once = desired.everything(frozen, TARGET)
    assert phases.of(frozen, once) == once


@pytest.mark.parametrize("name", EXAMPLES)
def test_of_an_agency_that_has_gone_only_the_proof_of_its_signatures_is_kept(name: str) -> None:
    kept = items(name, tenant.Phase.GONE).values()
    assert {i.ref.kind for i in kept} == set(phases.CHAIN)
    by_kind = {i.ref.kind: i.fields for i in kept}
    assert by_kind["Issuer"] == {"usage": ["crl-signing", "read-only"]}
    assert by_kind["CrlConfig"]["expiry"] == "876000h"
    assert by_kind["CrlConfig"]["auto_rebuild"] is False


def test_an_agency_that_comes_back_gets_an_authority_beside_the_old_one() -> None:
    of = tenant.resolve(manifest.load(Path(ROOT / "examples" / "m-culture.yaml")), TARGET)
    again = tenant.standing(of, tenant.Phase.PRESENT, 2)
    assert of.pki_mount == "pki-m-culture-sign"
    assert again.pki_mount == "pki-m-culture-sign-2"
    scopes = {i.ref.scope for i in desired.everything(again, TARGET)}
    assert of.pki_mount not in scopes
    assert tenant.standing(of, tenant.Phase.PRESENT, 1) == of
