"""``onboard state``: verify, export, import and repair as a user sees them."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from onboarding import environment, errors
from onboarding.state import chain, opening
from tests.unit.cli import world
from tests.unit.cli.test_runs import MANIFEST, run


@dataclass
class Remembers(world.Memory):
    """An engine that remembers heads of journals, as Vault does."""

    heads: dict[str, chain.Head] = field(default_factory=dict)

    def remembered(self, tenant_id: str) -> chain.Head:
        return self.heads.get(tenant_id, chain.Head())

    def remember(self, tenant_id: str, head: chain.Head) -> None:
        self.heads[tenant_id] = head

    def all_remembered(self) -> tuple[str, ...]:
        return tuple(self.heads)


@pytest.fixture
def applied(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], tmp_path: Path
) -> Path:
    """The folder of the store after one run, of which a head is remembered."""
    engines[0] = Remembers(engines[0].name)
    assert run(capsys, "apply", MANIFEST, "--yes", "-q", "--no-verify")[0] == 0
    return tmp_path / "store" / "tenants" / "admincourt"


def test_a_whole_store_is_said_to_be_whole(
    capsys: pytest.CaptureFixture[str], applied: Path
) -> None:
    code, out, _ = run(capsys, "state", "verify")
    assert code == 0
    assert out.splitlines()[1:] == ["  admincourt  whole"]
    code, out, _ = run(capsys, "state", "verify", "-o", "json")
    assert json.loads(out)["found"] == []
    assert run(capsys, "-q", "state", "repair", "admincourt")[1] == (
        "admincourt: nothing to repair\n"
    )


def test_a_deleted_store_is_told_by_plan_and_verify_and_rebuilt_from_the_live_systems(
    capsys: pytest.CaptureFixture[str], engines: list[world.Memory], applied: Path
) -> None:
    shutil.rmtree(applied)
    code, _, err = run(capsys, "-q", "plan", MANIFEST)
    assert code == 1
    assert err.startswith("error: the state store does not hold what was recorded for admincourt")
    code, out, err = run(capsys, "state", "verify")
    assert code == 1
    assert "  admincourt  DAMAGED\n    ! journal: Vault remembers more: record" in out
    assert "onboard state repair admincourt" in err
    assert run(capsys, "-q", "state", "repair", "admincourt", "--yes")[0] == 2
    code, _, err = run(capsys, "-q", "state", "repair", MANIFEST)
    assert code == 2
    assert "nothing was changed" in err
    code, out, err = run(capsys, "-q", "state", "repair", MANIFEST, "--yes")
    assert code == 0
    assert out.startswith("admincourt: rebuilt, 3 items of ours are known again\n")
    assert run(capsys, "state", "verify")[0] == 0
    code, out, _ = run(capsys, "-q", "plan", MANIFEST)
    assert code == 0
    assert "No changes" in out


def test_a_damaged_document_is_rebuilt_and_the_old_is_kept(
    capsys: pytest.CaptureFixture[str], applied: Path
) -> None:
    (kept,) = (applied / "documents").glob("applied@*")
    kept.write_text("{", encoding="utf-8")
    assert run(capsys, "state", "verify")[0] == 1
    code, out, err = run(capsys, "-q", "state", "repair", "admincourt", "--yes")
    assert code == 0
    assert "  damaged:\n    ! applied: it cannot be read" in err
    aside = Path(out.splitlines()[1].rpartition(": ")[2])
    assert (aside / "documents" / kept.name).read_text(encoding="utf-8") == "{"
    assert run(capsys, "state", "verify")[0] == 0


def test_an_agency_nobody_knows_is_refused(
    capsys: pytest.CaptureFixture[str], applied: Path
) -> None:
    code, _, err = run(capsys, "state", "repair", "moph", "--yes")
    assert code == 2
    assert "neither the store nor Vault knows this agency" in err


def test_an_export_is_imported_once_and_a_changed_one_never(
    capsys: pytest.CaptureFixture[str], applied: Path, tmp_path: Path
) -> None:
    file = tmp_path / "state.tar"
    assert run(capsys, "state", "export", "--out", str(file))[0] == 0
    assert run(capsys, "state", "export", "--out", str(file))[0] == 2
    assert run(capsys, "state", "import", str(file), "--yes")[1] == (
        "everything is there already\n"
    )
    shutil.rmtree(applied)
    code, _, err = run(capsys, "state", "import", str(file))
    assert code == 2
    assert "nothing was changed" in err
    assert not applied.exists()
    whole = file.read_bytes()
    for at in range(0, len(whole), 499):
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        code, _, err = run(capsys, "state", "import", str(file), "--yes")
        assert code in (0, 2), err
        if code == 0:  # a byte of padding: what was read is what was exported
            shutil.rmtree(applied)
    for end in (0, 10, len(whole) // 2):
        file.write_bytes(whole[:end])
        assert run(capsys, "state", "import", str(file), "--yes")[0] == 2
    file.write_bytes(whole)
    assert run(capsys, "state", "import", str(file), "--agency", "moph", "--yes")[0] == 2
    assert run(capsys, "state", "import", str(file), "--yes")[0] == 0
    assert run(capsys, "state", "verify")[0] == 0


@pytest.mark.parametrize(
    "url",
    ["postgresql://me:geheim@db/x", "s3://b/p?aws_secret=geheim", "postgres://db?password=geheim"],
)
def test_a_password_in_a_url_is_refused_and_not_repeated(
    applied: Path, tmp_path: Path, url: str
) -> None:
    target = environment.load(environment.locate(None))
    changed = target.model_copy(update={"state": environment.State(store=url)})
    environment.save(tmp_path / "wrong.yaml", changed)
    with pytest.raises(errors.InvalidInput) as refused:
        environment.load(tmp_path / "wrong.yaml")
    assert "state.store: the URL holds a password" in str(refused.value)
    assert "geheim" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        "file:///srv/test_row_22_no_secret_on_a_failing_way0/store",
        "file:///srv/password=no/token/store",
        "s3://secrets/no_secret?region=password",
        "postgresql://token@secret.invalid/password?schema=secret",
    ],
)
def test_words_that_only_look_like_a_password_are_none(
    applied: Path, tmp_path: Path, url: str
) -> None:
    target = environment.load(environment.locate(None))
    pulumi = target.pulumi.model_copy(update={"backend": url})
    wanted = target.model_copy(update={"state": environment.State(store=url), "pulumi": pulumi})
    environment.save(tmp_path / "plain.yaml", wanted)
    read = environment.load(tmp_path / "plain.yaml")
    assert (read.state.store, read.pulumi.backend) == (url, url)


@pytest.mark.parametrize(
    "url", ["ftp://x", "file://host/x", "file:relative", "s3://", "s3://b/p?endpoint=http://far"]
)
def test_another_kind_of_store_is_refused(url: str) -> None:
    with pytest.raises(errors.UsageError, match="is not supported"):
        opening.at(environment.State(store=url))
