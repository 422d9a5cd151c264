"""Bad input: a clear error, where, what to do, the documented exit code, nothing half-written."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from onboarding import environment
from tests.running import LAB, ROOT, Done, onboard

GOOD = (ROOT / "examples/admincourt.yaml").read_text(encoding="utf-8")
BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)


def validate(tmp_path: Path, content: str | bytes) -> Done:
    file = tmp_path / "agency.yaml"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return onboard("validate", str(file), timeout=20)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", ["the file is empty", "onboard init"]),
        ("just text", ["is not a manifest"]),
        ("a: [1, 2", ["agency.yaml:1:9", "not YAML"]),
        (b"\xff\xfe\x00", ["UTF-16"]),
        (GOOD.replace("{initial: 2500", "{initial: many"), ["users.initial", 'got "many"']),
        (GOOD.replace("letterCode:", "leterCode:"), ["leterCode", "letterCode"]),
        (GOOD.replace("kind:", "kind: AgencyMou\nkind:", 1), ["duplicate key 'kind'"]),
        (GOOD.replace("contacts:", "contactz:"), ["contactz", "contacts"]),
        (GOOD.replace("สำนักงานศาลปกครอง", unicodedata.normalize("NFD", "กำ́é")), ["form C"]),
        (GOOD.replace("v1alpha2", "v9"), ["gdcc.go.th/v9", "gdcc.go.th/v1alpha2"]),
        (BOMB, ["anchor '&a' is not allowed"]),
        ("x: " + "y" * 10_000_000, ["is larger than 1024 KiB"]),
    ],
    ids=[
        "empty", "no mapping", "not YAML", "not UTF-8", "wrong type", "unknown key",
        "duplicate key", "missing part", "NFD", "unknown version", "alias bomb", "10 MB",
    ],
)  # fmt: skip
def test_a_bad_manifest_is_refused_with_place_and_remedy(
    tmp_path: Path, content: str | bytes, words: list[str]
) -> None:
    done = validate(tmp_path, content)
    assert done.code == 2, done.out + done.err
    assert "Traceback" not in done.err
    assert "agency.yaml" in done.err
    assert [w for w in words if w not in done.err] == []


@pytest.mark.parametrize(
    "content",
    [GOOD.replace("\n", "\r\n"), "\ufeff" + GOOD],
    ids=["CRLF", "byte order mark"],
)
def test_line_ends_and_byte_order_mark_of_other_editors_are_read(
    tmp_path: Path, content: str
) -> None:
    done = validate(tmp_path, content)
    assert done.code == 0, done.err


def test_all_problems_of_a_file_are_reported_at_once(tmp_path: Path) -> None:
    content = GOOD.replace("branch: judiciary", "branch: court").replace("TH-10", "TH-99x")
    done = validate(tmp_path, content)
    assert "agency.branch" in done.err
    assert "agency.provinceCode" in done.err


def test_two_manifests_that_claim_the_same_are_refused(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / f"{name}.yaml").write_text(GOOD, encoding="utf-8")
    done = onboard("validate", str(tmp_path / "one.yaml"), str(tmp_path / "two.yaml"))
    assert done.code == 2
    assert "claimed by" in done.err


def test_a_missing_file_is_named() -> None:
    done = onboard("plan", "no-such.yaml")
    assert done.code == 2
    assert "no-such.yaml" in done.err


def test_an_unknown_environment_says_where_it_was_looked_for() -> None:
    done = onboard("plan", "examples/moph.yaml", "--environment", "nowhere")
    assert done.code == 2
    assert "nowhere" in done.err
    assert "onboard lab up" in done.err


def _variant(lab: environment.Environment, folder: Path, **changed: object) -> str:
    path = folder / "variant.yaml"
    environment.save(path, lab.model_copy(update=changed))
    return str(path)


@pytest.mark.lab
def test_a_system_that_does_not_answer_is_undetermined(
    lab: environment.Environment, tmp_path: Path
) -> None:
    away = lab.vault.model_copy(update={"address": "https://127.0.0.1:1"})
    done = onboard("plan", "examples/admincourt.yaml", "-e", _variant(lab, tmp_path, vault=away))
    assert done.code == 5, done.err
    assert "127.0.0.1:1" in done.err


@pytest.mark.lab
@pytest.mark.parametrize("system", ["cluster", "vault", "keycloak"])
def test_a_system_that_is_not_the_pinned_one_is_refused(
    lab: environment.Environment, tmp_path: Path, system: str
) -> None:
    other = getattr(lab, system).model_copy(update={"identity": "another"})
    file = _variant(lab, tmp_path, **{system: other})
    done = onboard("apply", "examples/admincourt.yaml", "--yes", "-e", file)
    assert done.code == 7, done.err
    assert "pinned another" in done.err


@pytest.mark.lab
def test_a_credential_that_is_no_longer_good_says_how_to_renew_it(
    lab: environment.Environment, tmp_path: Path
) -> None:
    planner = lab.login(environment.Role.PLANNER)
    stale = tmp_path / "stale.kubeconfig"
    text = planner.kubeconfig.read_text(encoding="utf-8")
    token = next(line for line in text.splitlines() if "token:" in line)
    stale.write_text(text.replace(token, token[:-12]), encoding="utf-8")
    stale.chmod(0o600)
    logins = {
        **lab.credentials,
        environment.Role.PLANNER: planner.model_copy(update={"kubeconfig": stale}),
    }
    file = _variant(lab, tmp_path, credentials=logins)
    done = onboard("plan", "examples/admincourt.yaml", "-e", file)
    assert done.code == 5, done.err
    assert "onboard bootstrap" in done.err


@pytest.mark.lab
def test_a_namespace_that_someone_else_made_is_never_taken_over(
    lab: environment.Environment, tmp_path: Path
) -> None:
    from onboarding import kube

    door = kube.connect(lab, environment.Role.BOOTSTRAP)
    manifest = tmp_path / "taken.yaml"
    manifest.write_text(
        GOOD.replace("id: admincourt", "id: taken").replace("admincourt.go.th", "taken.go.th"),
        encoding="utf-8",
    )
    door.apply("Namespace", {"metadata": {"name": "ga-taken-prod", "labels": {"owner": "them"}}})
    try:
        done = onboard("apply", str(manifest), "--yes")
        assert done.code == 4, done.err
        assert "ga-taken-prod" in done.err
        untouched = door.get("Namespace", "ga-taken-prod")
        assert untouched is not None
        assert untouched["metadata"]["labels"]["owner"] == "them"
        assert not any(k.startswith("gdcc.go.th/") for k in untouched["metadata"]["labels"])
    finally:
        door.delete("Namespace", "ga-taken-prod")


def test_a_lab_that_is_not_up_says_so() -> None:
    assert LAB != "never-started"
    done = onboard("lab", "status", "--name", "never-started")
    assert done.code != 0
    assert "onboard lab up --name never-started" in done.out + done.err
