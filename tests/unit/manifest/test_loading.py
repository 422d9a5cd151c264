"""A manifest is accepted as a whole or refused with every mistake, its place and its remedy."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pydantic
import pytest

from onboarding import errors, manifest
from onboarding.manifest import model
from tests.unit.manifest import samples


def problems(text: str) -> tuple[errors.Problem, ...]:
    with pytest.raises(errors.InvalidInput) as caught:
        manifest.loads(text, "f.yaml")
    assert caught.value.resolution
    return caught.value.problems


def one(**changes: Any) -> errors.Problem:
    (problem,) = problems(samples.text(**changes))
    return problem


@pytest.mark.parametrize("name", samples.NAMES)
def test_examples_are_valid(name: str) -> None:
    assert samples.example(name).id == name


def test_illustrative_values_of_the_examples_are_marked() -> None:
    for name in samples.NAMES:
        text = (samples.EXAMPLES / f"{name}.yaml").read_text(encoding="utf-8")
        for key in ("orderRef", "number", "approver", "fingerprint", "annualReport"):
            lines = text.splitlines()
            for index, line in enumerate(lines):
                if line.strip().startswith((f"{key}:", f"ra: {{{key}")):
                    assert "#i" in line or "#i" in lines[index - 1], line


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"metadata__id": "Moph"}, "metadata.id", "is not a usable id"),
        ({"metadata__id": "a--b"}, "metadata.id", "is not a usable id"),
        ({"metadata__id": "environment"}, "metadata.id", "is reserved"),
        ({"metadata__id": "master"}, "metadata.id", "is reserved"),
        ({"agency__nameEn": "Court\x1b[2J"}, "agency.nameEn", "invisible character U+001B"),
        ({"agency__nameEn": "Court\nerror: no"}, "agency.nameEn", "has a line break"),
        ({"metadata__id": "1a"}, "metadata.id", "is not a usable id"),
        ({"metadata__id": "a" * 31}, "metadata.id", "is not a usable id"),
        ({"metadata__id": "мoph"}, "metadata.id", "is not a usable id"),
        ({"agency__nameTh": "Culture"}, "agency.nameTh", "has no Thai letter"),
        ({"agency__branch": "executive"}, "agency.branch", "expected one of"),
        ({"agency__domains": ["culture.com"]}, "agency.domains[0]", "under .th"),
        ({"agency__domains": ["Culture.go.th"]}, "agency.domains[0]", "not a domain"),
        ({"agency__domains": ["cultur\u0435.go.th"]}, "agency.domains[0]", "not a domain"),
        ({"agency__domains": []}, "agency.domains", "at least 1"),
        ({"agency__sarabanEmail": "x"}, "agency.sarabanEmail", "not an e-mail"),
        ({"agency__provinceCode": "10"}, "agency.provinceCode", "not a province"),
        ({"agency__organizationId": "0993000086847"}, "agency.organizationId", "check digit"),
        ({"mou__signedOn": "2568-02-03"}, "mou.signedOn", "Buddhist Era"),
        ({"mou__signedOn": "2025-02-30"}, "mou.signedOn", "not in the calendar"),
        ({"mou__signedOn": "3/2/2025"}, "mou.signedOn", "expected a date"),
        ({"mou__signedOn": 20250203}, "mou.signedOn", "expected a date"),
        ({"mou__effectiveTo": "2020-01-01"}, "mou.effectiveTo", "is before effectiveFrom"),
        ({"users__initial": "300"}, "users.initial", "expected a whole number"),
        ({"users__initial": 0}, "users.initial", "at least 1"),
        ({"users__initial": True}, "users.initial", "expected a whole number"),
        ({"identity__requiredIal": 2.3}, "identity.requiredIal", "expected one of"),
        ({"identity__requiredAal": 4}, "identity.requiredAal", "at most 3"),
        ({"security__maxDataClass": "top-secret"}, "security.maxDataClass", "must never enter"),
        ({"tenancy__isolation": "federated"}, "tenancy.isolation", "needs shards"),
        ({"tenancy__isolation": "pooled"}, "tenancy.isolation", "needs subTenants"),
        ({"tenancy__environments": ["prod", "prod"]}, "tenancy.environments[1]", "twice"),
        ({"users__initial": 100_001}, "users.initial", "more than one instance holds"),
    ],
)
def test_a_wrong_value_is_named_with_its_rule(
    changes: dict[str, Any], field: str, message: str
) -> None:
    problem = one(**changes)
    assert problem.field.split(" ")[0] == field
    assert message in problem.message
    assert problem.line > 1
    assert problem.remedy


def test_a_wrong_line_shows_the_thai_name_of_its_field() -> None:
    assert one(users__initial=0).field == "users.initial (จำนวนผู้ใช้เริ่มต้น)"


def test_buddhist_era_dates_are_answered_with_the_gregorian_one() -> None:
    assert one(mou__signedOn="2568-02-03").remedy == "write the Gregorian date 2025-02-03"


def test_ai_true_is_refused_with_the_fence_it_lacks() -> None:
    system = {"name": "e-office", "kind": "e-office", "dataClass": "secret"}
    problem = one(systems=[{**system, "features": {"ai": True}}])
    assert problem.field.startswith("systems[0].features.ai")
    assert "maxLetterClass: normal" in problem.remedy


def test_ai_fenced_to_normal_letters_may_be_on_beside_secret_ones() -> None:
    ai = {"maxLetterClass": "normal", "endpoint": "https://ai.go.th"}
    built = samples.build(
        systems=[
            {"name": "e-office", "kind": "e-office", "dataClass": "secret", "features": {"ai": ai}}
        ]
    )
    assert built.systems[0].features.ai is not None


def test_top_secret_is_refused_in_every_place_that_has_a_class() -> None:
    system = {"name": "e-office", "kind": "e-office", "dataClass": "top-secret"}
    assert "ลับที่สุด" in one(systems=[system]).message
    letters = {"secrecy": ["normal", "top-secret"]}
    system = {"name": "e-office", "kind": "e-office", "dataClass": "secret"}
    assert "ลับที่สุด" in one(systems=[{**system, "eoffice": letters}]).message


def test_all_contradictions_come_at_once() -> None:
    signing = {
        "ra": {"approver": "cio"},
        "signers": [samples.SIGNER, {**samples.SIGNER, "body": "x", "authorityTo": "2020-01-01"}],
    }
    link = {
        "id": "a", "kind": "data-exchange", "peer": "culture", "direction": "in", "dataset": "d",
        "basis": "law", "class": "open", "expires": "2027-01-01",
    }  # fmt: skip
    thaid = {"dopaPermitRef": "TBD", "purpose": "x", "systems": ["mail"], "scopes": ["openid"]}
    found = problems(samples.text(signing=signing, links=[link, link], identity__thaid=thaid))
    assert sorted(problem.field.split(" ")[0] for problem in found) == [
        "identity.thaid.systems[0]",
        "links[0].peer",
        "links[1].id",
        "links[1].peer",
        "signing.signers[1].authorityTo",
        "signing.signers[1].body",
        "signing.signers[1].id",
    ]


def test_pooled_signers_name_their_body() -> None:
    tenancy = {
        "isolation": "pooled",
        "environments": ["prod"],
        "subTenants": [{"id": "b-1", "nameTh": "เทศบาล", "users": 300}],
    }
    signers = [samples.SIGNER, {**samples.SIGNER, "id": "other", "body": "b-2"}]
    found = problems(
        samples.text(tenancy=tenancy, signing={"ra": {"approver": "c"}, "signers": signers})
    )
    assert [p.message for p in found] == [
        "does not say for which body",
        "no body has the id 'b-2'",
    ]


def test_a_system_without_the_options_it_needs_is_refused() -> None:
    systems = [{"name": "bus", "kind": "iot-telemetry", "dataClass": "open"}]
    assert one(systems=systems).message == "a system of kind iot-telemetry needs telemetry"


def test_options_of_another_system_are_refused() -> None:
    system = {"name": "h", "kind": "health-platform", "dataClass": "confidential", "eoffice": {}}
    assert one(systems=[system]).message == "a health-platform has no eoffice"


def test_two_e_offices_and_equal_names_are_refused() -> None:
    system = {"name": "e-office", "kind": "e-office", "dataClass": "open"}
    messages = {p.message for p in problems(samples.text(systems=[system, system]))}
    assert messages == {"'e-office' stands here twice", "a second e-office"}


def test_long_thai_names_need_their_official_short_form() -> None:
    long = "ก" * 65
    assert "too long for a certificate" in one(agency__nameTh=long).message
    built = samples.build(agency__nameTh=long, agency__certificateName="สั้น")
    assert built.agency.certificate_name == "สั้น"


def test_ids_that_would_make_too_long_a_name_are_refused() -> None:
    tenancy = {
        "isolation": "federated",
        "environments": ["uat"],
        "shards": [{"id": "b" * 30, "nameTh": "ส่วน", "users": 300}],
    }
    problem = one(metadata__id="a" * 30, tenancy=tenancy)
    assert "68 characters" in problem.message
    assert problem.field.startswith("tenancy.shards[0].id")


def test_shards_whose_names_meet_are_refused() -> None:
    shards = [
        {"id": "culture-a", "nameTh": "ส่วน", "users": 100},
        {"id": "a", "nameTh": "ส่วน", "users": 200},
    ]
    tenancy = {"isolation": "federated", "environments": ["prod"], "shards": shards}
    found = problems(samples.text(tenancy=tenancy))
    assert [p.message for p in found] == [
        "makes the name 'ga-culture-a-prod' twice (also culture-a in prod)",
        "makes the name 'e-office-a' twice (also culture-a in prod)",
    ]


@pytest.mark.parametrize(
    "secret",
    [
        "-----BEGIN RSA PRIVATE KEY-----",
        "hvs.CAESIJ1234567890abcdefgh",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
        "1234567890121",
        "เลข 1-2345-67890-12-1",
    ],
)
def test_secrets_and_personal_ids_are_refused_and_not_echoed(secret: str) -> None:
    with pytest.raises(errors.InvalidInput) as caught:
        manifest.loads(samples.text(mou__number=secret), "f.yaml")
    assert "not shown" in str(caught.value)
    assert secret not in str(caught.value)


def test_another_kind_of_file_is_one_clear_line() -> None:
    assert "got 'Environment'" in problems("kind: Environment\nname: x\n")[0].message
    assert "not a manifest" in problems("- a\n")[0].message
    (problem,) = problems(samples.text(apiVersion="gdcc.go.th/v9"))
    assert "known: gdcc.go.th/v1alpha1, gdcc.go.th/v1alpha2" in problem.message


def test_draft_values_are_warnings_with_their_place() -> None:
    built, document = manifest.read(samples.EXAMPLES / "plk-lao.yaml")
    found = {p.field.split(" ")[0]: p for p in manifest.draft_values(built, document)}
    assert set(found) == {
        "mou.signatories[0].name",
        "tenancy.subTenants[1].nameTh",
        "identity.thaid.dopaPermitRef",
        "signing.signers[0].nameTh",
    }
    assert "55 more" in found["tenancy.subTenants[1].nameTh"].message
    assert all(p.line > 1 and p.remedy for p in found.values())


@pytest.mark.parametrize(
    ("text", "draft"),
    [
        ("TBD", True), ("PERMIT-TBD", True), ("00000", True), ("(ชื่อผู้ลงนาม)", True),
        ("0000", False), ("ORDER-1", False), ("สถาบัน (องค์การมหาชน)", False), ("TBD-1", False),
    ],
)  # fmt: skip
def test_what_counts_as_a_draft(text: str, draft: bool) -> None:
    assert manifest.is_draft(text) is draft


def test_every_field_has_a_name_in_thai_and_english() -> None:
    seen: set[type[pydantic.BaseModel]] = set()

    def walk(kind: type[pydantic.BaseModel]) -> None:
        for name, info in kind.model_fields.items():
            assert info.title, (kind, name)
            assert isinstance(info.json_schema_extra, dict), (kind, name)
            assert info.json_schema_extra["titleTh"], (kind, name)
            for inner in _models(info.annotation):
                if inner not in seen:
                    seen.add(inner)
                    walk(inner)

    walk(model.AgencyMou)
    assert len(seen) > 30


def _models(annotation: Any) -> list[type[pydantic.BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, pydantic.BaseModel):
        return [annotation]
    return [m for inner in getattr(annotation, "__args__", ()) for m in _models(inner)]


def test_importing_the_manifest_loads_no_vendor_sdk() -> None:
    code = (
        "import sys; from onboarding import manifest, tenant;"
        "print([m for m in ('kubernetes','pulumi','hvac','ansible_runner','keycloak','requests',"
        "'jinja2','click') if m in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == "[]"


def test_loading_is_quick() -> None:
    samples.example("plk-lao")
    begun = time.process_time()
    for _ in range(20):
        samples.example("plk-lao")
    assert (time.process_time() - begun) / 20 < 0.1
