"""Agencies renamed, merged and split by law on the real engines: nobody's records are lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from onboarding import environment, vault
from onboarding.pki import revocation
from tests.contract import requesting
from tests.integration import outside, successions
from tests.running import onboard

pytestmark = pytest.mark.lab


def shown(*words: str, code: int = 0) -> dict[str, Any]:
    done = onboard(*words, "-o", "json")
    assert done.code == code, done.out + done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def applied(file: str, *flags: str) -> None:
    outcome = shown("apply", file, "--yes", *flags)
    assert outcome["ready"] is True, outcome["findings"]


def standing(file: str) -> dict[str, str]:
    """The certificates of an agency that were issued and not revoked, O by serial."""
    listed = shown("certs", "list", file)["certificates"]
    return {one["serial"]: one["organization"] for one in listed if one["state"] == "issued"}


def open_findings(file: str) -> list[str]:
    judged = shown("verify", file)
    # That nobody looked at a running e-Office lies in the lab, which has none.
    return [
        f["id"]
        for f in judged["findings"]
        if f["verdict"] == "fail" or (f["verdict"] == "unknown" and f["basis"] != "live")
    ]


def test_another_name_under_the_same_id_keeps_the_certificates(
    lab: environment.Environment, tmp_path: Path
) -> None:
    old = successions.write(tmp_path, "plk-titled", "เทศบาลตำบลเก่า")
    applied(old)
    request = requesting.request(tmp_path / "mayor.csr", common_name=successions.SIGNER)
    certified = ("certs", "issue", old, "--signer", "dir", "--csr", str(request), "--replace")
    first = shown(*certified)["serial"]
    assert standing(old) == {first: "เทศบาลตำบลเก่า"}

    (tmp_path / "new").mkdir()
    new = successions.write(tmp_path / "new", "plk-titled", "เทศบาลเมืองใหม่")
    before = outside.Outside(lab).now()
    told = shown("rename", old, new, *successions.LAW, "--yes")
    written = outside.Outside(lab).writes_since(before)
    assert [one for one in written if "plk-titled" in one] == []
    assert (told["goingOn"], told["certificates"][0]["fate"]) == (["plk-titled"], "former-name")
    assert told["certificates"][0]["serial"] == first

    assert told["plans"][0]["flags"] == ["--allow-looser-identity"]
    changes = shown("plan", new)
    assert changes["counts"]["delete"] == 0
    assert "Issuer" not in {change["kind"] for change in changes["changes"]}
    assert changes["amendments"]["changes"][0]["path"] == "agency.nameTh"
    applied(new, *told["plans"][0]["flags"])
    # The certificate with the former name is the official's still: nothing is open about it.
    assert standing(new) == {first: "เทศบาลตำบลเก่า"}
    assert open_findings(new) == []
    again = ("certs", "issue", new, "--signer", "dir", "--csr", str(request))
    assert onboard(*again).code == 4
    second = shown(*again, "--replace")["serial"]
    assert standing(new) == {second: "เทศบาลเมืองใหม่"}
    # The one list that both certificates name says that the first one is revoked.
    with vault.connect(lab, environment.Role.AUDITOR) as door:
        (published,) = revocation.published(door, "pki-plk-titled-sign").values()
    assert first in published.serials
    assert open_findings(new) == []


@pytest.mark.slow
def test_another_id_makes_a_successor_beside_the_old_one_with_its_history(
    lab: environment.Environment, tmp_path: Path
) -> None:
    old = successions.write(tmp_path, "plk-before", "เทศบาลตำบลก่อน")
    new = successions.write(tmp_path, "plk-after", "เทศบาลเมืองหลัง")
    applied(old)
    request = requesting.request(tmp_path / "mayor.csr", common_name=successions.SIGNER)
    certified = ("certs", "issue", old, "--signer", "dir", "--csr", str(request), "--replace")
    serial = shown(*certified)["serial"]
    told = shown("rename", old, new, *successions.LAW, "--yes")
    (trail,) = told["certificates"]
    assert (trail["serial"], trail["fate"], trail["reason"], trail["successor"]) == (
        serial,
        "revoked",
        "superseded",
        "plk-after",
    )
    applied(new)
    assert (open_findings(old), open_findings(new)) == ([], [])
    assert standing(old) == {serial: "เทศบาลตำบลก่อน"}
    acts = shown("history", new)["acts"]
    issued = [a for a in acts if a["what"] == "certificate-issued"]
    assert issued[-1]["tenant"] == "plk-before"
    assert {a["tenant"] for a in acts if a["what"] == "apply"} == {"plk-before", "plk-after"}
    chains = shown("history", new, "--verify")["chains"]
    assert [c["whole"] for c in chains] == [True]


@pytest.mark.slow
def test_two_pools_become_one_and_that_becomes_two_again(
    lab: environment.Environment, tmp_path: Path
) -> None:
    one = successions.pooled(tmp_path, "plk-pool-a", "อปท. กลุ่ม ก", **{"plk-b-1": 5})
    two = successions.pooled(tmp_path, "plk-pool-b", "อปท. กลุ่ม ข", **{"plk-b-2": 6, "plk-b-3": 7})
    whole = {"plk-b-1": 5, "plk-b-2": 6, "plk-b-3": 7}
    merged = successions.pooled(tmp_path, "plk-pool-c", "อปท. กลุ่ม ค", **whole)
    applied(one)
    applied(two)
    told = shown("merge", one, two, "--into", merged, *successions.LAW, "--yes")
    assert told["plans"][0]["refusal"] is None
    applied(merged)
    first = successions.pooled(tmp_path, "plk-pool-d", "อปท. กลุ่ม ง", **{"plk-b-1": 5})
    rest = {"plk-b-2": 6, "plk-b-3": 7}
    second = successions.pooled(tmp_path, "plk-pool-e", "อปท. กลุ่ม จ", **rest)
    into = ("--into", first, "--into", second)
    law = ("--gazette", "vol. 144 part 1 a", "--effective", "2026-12-02")
    assert len(shown("split", merged, *into, *law, "--yes")["plans"]) == 2
    applied(first)
    applied(second)
    for file in (one, two, merged, first, second):
        assert open_findings(file) == []
    acts = shown("history", second)["acts"]
    assert {a["tenant"] for a in acts if a["what"] == "apply"} == {
        "plk-pool-a",
        "plk-pool-b",
        "plk-pool-c",
        "plk-pool-e",
    }
