"""Plan files as a user meets them: kept, shown, applied exactly, refused when something moved."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import onboarding
from onboarding import clock, desired, environment, errors, item, plan, plan_file
from tests.running import ROOT
from tests.unit.cli import world
from tests.unit.cli.conftest import WANTED
from tests.unit.cli.running import run

MANIFEST = str(ROOT / "examples/admincourt.yaml")


@pytest.fixture
def kept(tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory]) -> str:
    """A plan file for three new objects."""
    path = str(tmp_path / "court.plan")
    code, _, err = run(capsys, "plan", MANIFEST, "-q", "--out", path)
    assert code == 0, err
    return path


def digest(path: str) -> str:
    return str(json.loads(Path(path).read_text(encoding="utf-8"))["digest"])


def journal(tmp_path: Path) -> list[str]:
    from onboarding.state import opening

    target = environment.load(tmp_path / "onboard.yaml")
    return [entry.event for entry in opening.of(target).journal(world.AGENCY)]


def test_plan_says_where_the_plan_is_and_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    path = tmp_path / "court.plan"
    words = ("plan", MANIFEST, "-q", "-o", str(path), "--expires-in", "30m")
    code, out, err = run(capsys, *words)
    assert code == 0
    assert f"Digest {digest(str(path))}" in out
    until = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "…", err)
    assert until == (
        f"{path}: written, holds until … UTC.\n"
        f"  onboard show {path}\n"
        f"  onboard apply --plan {path}\n"
    )
    saved = plan_file.read(path)
    assert saved.made.expires - saved.made.created == timedelta(minutes=30)


@pytest.mark.parametrize(
    "words",
    [
        ("-o", "json", "-o", "{}"),
        ("-o", "{}", "--output", "json"),
        ("-o{}", "-ojson"),
        ("--out", "{}", "-o", "json"),
        ("--out", "{}", "-o", "{}", "--output=json"),
    ],
)
def test_the_short_option_is_the_form_or_the_file_by_its_word(
    words: tuple[str, ...],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
) -> None:
    path = str(tmp_path / "court.plan")
    code, out, err = run(capsys, "plan", MANIFEST, "-q", *(w.format(path) for w in words))
    assert code == 0, err
    assert json.loads(out)["digest"] == digest(path)


@pytest.mark.parametrize("name", ["text", "json"])
def test_a_file_called_like_a_form_is_named_by_the_long_option(
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "plan", MANIFEST, "-q", "-o", name)[0] == 0
    assert not Path(name).exists()
    assert run(capsys, "plan", MANIFEST, "-q", "--out", name)[0] == 0
    assert plan_file.read(Path(name))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("-o", "JSON"), "write -o json; for a file of this name, --out JSON."),
        (("-o=json",), "write -o json; for a file of this name, --out =json."),
        (("-o=a.plan",), "write -o a.plan; for a file of this name, --out =a.plan."),
        (("-o", "text", "--output", "json"), "the output has one form: text or json"),
        (("-o", "a", "-o", "b"), "the plan is kept in one file, not in a and b"),
        (("-o", "a", "--out", "b"), "the plan is kept in one file, not in a and b"),
    ],
)
@pytest.mark.parametrize("command", ["plan", "offboard"])
def test_slips_of_the_short_option_make_no_file(
    command: str,
    words: tuple[str, ...],
    told: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = sorted(tmp_path.iterdir())
    code, _, err = run(capsys, command, MANIFEST, *words)
    assert code == 2
    assert told in err
    assert sorted(tmp_path.iterdir()) == before


def test_a_plan_takes_the_place_of_a_plan_and_of_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    assert run(capsys, "plan", MANIFEST, "-q", "-o", kept)[0] == 0
    manifest = tmp_path / "court.yaml"
    manifest.write_text("kind: AgencyMou\n", encoding="utf-8")
    code, _, err = run(capsys, "plan", MANIFEST, "-q", "-o", str(manifest))
    assert code == 2
    assert err == f"error: {manifest} is there already, and is no plan file\nName another file.\n"
    assert manifest.read_text(encoding="utf-8") == "kind: AgencyMou\n"


def test_apply_writes_what_the_plan_file_holds_without_asking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    code, out, err = run(capsys, "apply", "--plan", kept)
    assert code == 0, err
    assert "State: ready." in out
    assert world.refs(engines) == {"one", "two", "three"}
    (begun,) = [e for e in _entries(tmp_path) if e["event"] == "apply-begun"]
    assert f"sha256:{begun['details']['digest']}" == digest(kept)
    assert begun["details"]["purpose"] == "apply"
    assert begun["details"]["by"]
    assert begun["details"]["tool"] == onboarding.__version__
    assert len(begun["details"]["manifest"]) == 64


def _entries(tmp_path: Path) -> list[dict[str, Any]]:
    from onboarding.state import opening

    target = environment.load(tmp_path / "onboard.yaml")
    entries = opening.of(target).journal(world.AGENCY)
    return [{"event": e.event, "details": e.details} for e in entries]


def test_a_plan_that_was_applied_is_not_applied_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    run(capsys, "apply", "--plan", kept)
    before = journal(tmp_path)
    code, out, err = run(capsys, "apply", "--plan", kept, "-q")
    assert (code, err) == (0, "")
    assert "this plan was applied already, on 20" in out
    assert out.endswith("; nothing is left to do.\n")
    assert journal(tmp_path) == before
    del engines[2].held[next(iter(engines[2].held))]
    code, out, err = run(capsys, "apply", "--plan", kept, "-q")
    assert (code, out) == (7, "")
    assert "admincourt: this plan was applied already, and is not applied again" in err
    assert "since then: create pulumi_stack Thing place/three" in err
    assert world.refs(engines) == {"one", "two"}


def test_what_changed_live_is_named_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    found = world.thing(item.EngineName.VAULT, "two", x=9)
    engines[0].held[found.ref] = found
    code, out, err = run(capsys, "apply", "--plan", kept, "-q")
    assert (code, out) == (7, "")
    assert re.sub("[0-9a-f]{64}", "…", err) == (
        "error: admincourt: what was planned is not what would be done now; nothing was written\n"
        "  reviewed sha256:…\n"
        "  now      sha256:…\n"
        "  vault_pki Thing place/two: planned to create, now to update\n"
        "Make a new plan and review it: onboard plan FILE -o PLAN\n"
    )
    assert world.refs(engines) == {"two"}


def test_an_expired_plan_is_refused_whatever_day_is_given(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    _made_at(Path(kept), datetime.now(UTC) - timedelta(hours=25))
    code, _, err = run(capsys, "apply", "--plan", kept, "--as-of", "2026-01-01")
    assert code == 7
    assert "the plan has expired: it held until" in err
    assert world.refs(engines) == set()
    code, out, _ = run(capsys, "show", kept)
    assert code == 0
    assert "This plan has expired" in out


def _made_at(path: Path, when: datetime) -> None:
    from dataclasses import replace

    saved = plan_file.read(path)
    made = replace(saved.made, created=when, expires=when + timedelta(hours=24))
    plan_file.write(path, replace(saved, made=made))


def test_a_plan_for_another_environment_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    path = tmp_path / "onboard.yaml"
    other = environment.load(path).model_copy(update={"name": "elsewhere"})
    environment.save(path, other)
    code, _, err = run(capsys, "apply", "--plan", kept)
    assert code == 7
    assert "environment: planned for unit, now elsewhere" in err


def test_a_plan_of_another_version_of_the_tool_is_refused(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    kept: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    planned_with = onboarding.__version__
    monkeypatch.setattr(onboarding, "__version__", "9.9.9")
    code, _, err = run(capsys, "apply", "--plan", kept)
    assert code == 7
    assert f"version of onboard: planned with {planned_with}, now 9.9.9" in err
    assert world.refs(engines) == set()


def test_a_manifest_that_was_edited_after_the_review_is_named_field_by_field(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    manifest = tmp_path / "court.yaml"
    text = Path(MANIFEST).read_text(encoding="utf-8")
    manifest.write_text(text, encoding="utf-8")
    kept = str(tmp_path / "plan")
    run(capsys, "plan", str(manifest), "-q", "--out", kept)
    manifest.write_text(text.replace("initial: 2500", "initial: 2600"), encoding="utf-8")
    code, _, err = run(capsys, "apply", "--plan", kept, "-q")
    assert code == 7
    assert "admincourt: the manifest was changed after the plan was made" in err
    assert re.search(r"court\.yaml: \S*users.initial: 2500 -> 2600", err)
    manifest.write_text(text + "# a remark\n", encoding="utf-8")
    assert "only its comments or its form" in run(capsys, "apply", "--plan", kept, "-q")[2]
    manifest.unlink()
    assert run(capsys, "apply", "--plan", kept, "-q")[0] == 0


def test_a_tampered_file_is_refused(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    path = Path(kept)
    path.write_text(path.read_text(encoding="utf-8").replace('"create"', '"delete"', 1))
    code, _, err = run(capsys, "apply", "--plan", kept)
    assert code == 2
    assert "was changed after it was written" in err


def test_apply_expects_a_digest(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    code, _, err = run(capsys, "apply", MANIFEST, "-q", "--expect", "sha256:" + "0" * 64)
    assert code == 7
    assert "the plan is not the one that was reviewed; nothing was written" in err
    assert world.refs(engines) == set()
    assert run(capsys, "apply", MANIFEST, "-q", "--expect", "sha256:12")[0] == 2
    code, _, err = run(capsys, "apply", MANIFEST, "-q", "--expect", digest(kept))
    assert code == 0, err
    assert world.refs(engines) == {"one", "two", "three"}


@pytest.mark.parametrize("way", ["plan", "expect"])
def test_a_run_that_was_stopped_goes_on_with_the_rest_of_the_reviewed_plan(
    way: str, capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    words = {
        "plan": ("apply", "--plan", kept, "-q"),
        "expect": ("apply", MANIFEST, "-q", "--expect", digest(kept)),
    }[way]
    engines[2].stop_with = KeyboardInterrupt()
    assert run(capsys, *words)[0] == 130
    assert world.refs(engines) == {"one", "two"}
    engines[2].stop_with = None
    other = world.thing(item.EngineName.SSO, "foreign")
    engines[1].held[other.ref] = other
    code, _, err = run(capsys, *words)
    assert code == 7
    assert "new: delete sso Thing place/foreign" in err
    del engines[1].held[other.ref]
    code, _, err = run(capsys, *words)
    assert code == 0, err
    assert world.refs(engines) == {"one", "two", "three"}


def test_what_was_never_begun_has_no_rest(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    one = world.thing(item.EngineName.VAULT, "one")
    engines[0].held[one.ref] = one
    code, _, err = run(capsys, "apply", "--plan", kept, "-q")
    assert code == 7
    assert "no longer needed: create vault_pki Thing place/one" in err


def test_a_plan_file_and_manifests_exclude_each_other(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    assert run(capsys, "apply", MANIFEST, "--plan", kept)[0] == 2
    assert run(capsys, "apply")[0] == 2
    other = "sha256:" + "1" * 64
    code, _, err = run(capsys, "apply", "--plan", kept, "--expect", other)
    assert code == 7
    assert "is not the plan that was expected" in err


def test_several_agencies_are_planned_each_on_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text("kind: AgencyMou\n", encoding="utf-8")
    kept = str(tmp_path / "plan")
    words = ("plan", MANIFEST, str(broken), str(ROOT / "examples/onde.yaml"), "-q", "-o", "json")
    code, out, err = run(capsys, *words, "--out", kept)
    shown = json.loads(out)
    assert code == 2
    assert [t["tenant"] for t in shown["tenants"]] == ["admincourt", "onde"]
    assert [e["exitCode"] for e in shown["ended"]] == [0, 2, 0]
    assert shown["digest"] == digest(kept)
    assert f"error: {broken}" in err
    assert [p.tenant_id for p in plan_file.read(Path(kept)).parts] == ["admincourt", "onde"]


def test_one_agency_that_fails_stops_no_other_and_the_run_is_partial(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    words = ("apply", str(tmp_path / "none.yaml"), MANIFEST, "-q", "--yes")
    code, out, err = run(capsys, *words)
    assert code == 6
    assert world.refs(engines) == {"one", "two", "three"}
    assert out.endswith(
        f"2 agencies:\n"
        f"  {tmp_path / 'none.yaml'}  {tmp_path / 'none.yaml'} does not exist\n"
        f"  {'admincourt':<{len(str(tmp_path / 'none.yaml'))}}  ready\n"
    )
    assert "none.yaml does not exist" in err


def test_a_bug_met_with_one_agency_stops_no_other(
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    from onboarding import tenant

    real = tenant.resolve

    def broken(of: Any, *rest: Any, **more: Any) -> tenant.Tenant:
        if of.id == "onde":
            raise ZeroDivisionError("a bug")
        return real(of, *rest, **more)

    monkeypatch.setattr(tenant, "resolve", broken)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    both = (str(ROOT / "examples/onde.yaml"), MANIFEST)
    code, out, err = run(capsys, "plan", *both, "-q")
    assert code == 1
    assert "error: unexpected ZeroDivisionError: a bug" in err
    assert "  admincourt" in out
    assert run(capsys, "apply", *both, "-q", "--yes")[0] == 6
    assert world.refs(engines) == {"one", "two", "three"}


def test_where_every_agency_fails_the_gravest_code_counts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    found = world.thing(item.EngineName.VAULT, "old")
    engines[0].held[found.ref] = found
    code, _, _ = run(capsys, "apply", str(tmp_path / "none.yaml"), MANIFEST, "-q", "--yes")
    assert code == 2
    assert world.refs(engines) == {"old"}


def test_the_digest_of_several_is_expected_as_a_whole(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    both = (MANIFEST, str(ROOT / "examples/onde.yaml"))
    kept = str(tmp_path / "plan")
    run(capsys, "plan", *both, "-q", "--out", kept)
    code, _, err = run(capsys, "apply", *both, "-q", "--expect", "sha256:" + "0" * 64)
    assert code == 7
    assert "the plans are not those that were reviewed; nothing was written" in err
    assert world.refs(engines) == set()


@pytest.fixture
def two(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    engines: list[world.Memory],
    monkeypatch: pytest.MonkeyPatch,
) -> tuple[str, ...]:
    """Two agencies reviewed as one, of which a run was stopped after the first."""
    from onboarding.cli import applying

    real = applying.one
    monkeypatch.setattr(
        desired, "everything", lambda of, *_: WANTED if of.id == world.AGENCY else ()
    )
    files = (MANIFEST, str(ROOT / "examples/onde.yaml"))
    run(capsys, "plan", *files, "-q", "--out", str(tmp_path / "plan"))

    def stopped(job: Any, *rest: Any) -> Any:
        if job.tenant.id == "onde":
            raise errors.Interrupted("stopped")
        return real(job, *rest)

    words = ("apply", *files, "-q", "--expect", digest(str(tmp_path / "plan")))
    with monkeypatch.context() as once:
        once.setattr(applying, "one", stopped)
        assert run(capsys, *words)[0] == 130
    assert world.refs(engines) == {"one", "two", "three"}
    return words


def test_a_stopped_run_over_several_goes_on_by_the_same_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], two: tuple[str, ...]
) -> None:
    before = journal(tmp_path)
    code, out, err = run(capsys, *two)
    assert (code, err) == (0, "")
    assert "  admincourt  this plan was applied already, on 20" in out
    assert "  onde        ready\n" in out
    assert journal(tmp_path) == before


def test_what_changed_since_the_run_over_several_was_stopped_is_refused(
    capsys: pytest.CaptureFixture[str], two: tuple[str, ...], engines: list[world.Memory]
) -> None:
    del engines[2].held[next(iter(engines[2].held))]
    code, out, err = run(capsys, *two)
    assert code == 7
    assert "admincourt: what was planned is not what would be done now" in err
    assert world.refs(engines) == {"one", "two"}
    assert "  ready\n" in out


def test_a_paused_agency_does_not_hold_up_the_others_of_a_review(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    both = (MANIFEST, str(ROOT / "examples/onde.yaml"))
    today = clock.Clock().today().isoformat()
    run(capsys, "pause", both[1], "--reason", "move", "--until", today)
    run(capsys, "plan", *both, "-q", "--out", str(tmp_path / "plan"))
    code, out, err = run(capsys, "apply", *both, "-q", "--expect", digest(str(tmp_path / "plan")))
    assert (code, err) == (0, "")
    assert "  onde        left alone: paused until" in out
    assert world.refs(engines) == {"one", "two", "three"}


def test_a_canary_stands_in_no_plan_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], engines: list[world.Memory]
) -> None:
    canary = "canary-7f3a9c"
    ref = item.Ref(item.EngineName.CLUSTER, "Thing", "place", "three")
    engines[2].held[ref] = item.Item(ref, {"x": f"password: {canary}"}, world.AGENCY)
    kept = tmp_path / "plan"
    for words in (("--out", str(kept)), ("-o", "json"), ("--verbose",)):
        code, out, err = run(capsys, "plan", MANIFEST, *words)
        assert code == 0, err
        assert canary not in out + err
    assert canary not in kept.read_text(encoding="utf-8")
    (change,) = [
        c for c in plan_file.read(kept).parts[0].plan.changes if c.action is plan.Action.UPDATE
    ]
    assert change.fields == (plan.FieldChange("x", "(not shown)", 1),)


@pytest.mark.parametrize("form", ["text", "json", "markdown", "html"])
def test_show_renders_every_form(
    form: str, capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    code, out, err = run(capsys, "show", kept, "--verbose", "--format", form)
    assert (code, err) == (0, "")
    assert digest(kept) in out
    assert "place/one" in out or form == "json"
    if form == "json":
        assert json.loads(out) == json.loads(Path(kept).read_text(encoding="utf-8"))


def test_the_schema_of_the_plan_file_is_published(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], kept: str
) -> None:
    import jsonschema

    code, out, _ = run(capsys, "schema", "plan")
    assert code == 0
    jsonschema.validate(json.loads(Path(kept).read_text(encoding="utf-8")), json.loads(out))
