"""What the engine that runs Ansible promises, on a real cluster and a real authority."""

from __future__ import annotations

import errno
import json
import stat
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from onboarding import environment, kube, plan, progress, tenant
from onboarding.engines import ansible_playbooks
from onboarding.engines.ansible_playbooks import runner
from tests.integration import settings_place
from tests.unit.manifest import samples

pytestmark = pytest.mark.lab

STRANGE = "กรม {{ 7*7 }} {% raw %}{{ lookup('pipe', 'id') }}{% endraw %}"
ALLOWED = {
    "PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "PWD", "SHLVL", "OLDPWD", "_",
    "AWX_ISOLATED_DATA_DIR", "RUNNER_OMIT_EVENTS", "RUNNER_ONLY_FAILED_EVENTS",
}  # fmt: skip


class Place:
    """An agency with two namespaces, the engine under the applier, and what was written."""

    def __init__(self, of: tenant.Tenant, lab: environment.Environment, folder: Path) -> None:
        self.of = of
        self.target = settings_place.in_folder(lab, folder)
        self.engine = ansible_playbooks.AnsiblePlaybooks(self.target, environment.Role.APPLIER)
        self.kit = folder / "handover" / self.of.id
        self.logs = folder / "logs"
        self.cluster = kube.connect(lab, environment.Role.BOOTSTRAP)

    def planned(self) -> plan.Plan:
        return settings_place.planned(self.of, self.target, self.engine)

    def apply(self, changes: tuple[plan.Change, ...], **how: Any) -> list[plan.Outcome]:
        return list(self.engine.apply(self.of, changes, progress.Silent(), **how))

    def live(self) -> dict[str, dict[str, Any]]:
        found = {}
        for instance in self.of.e_offices:
            one = self.cluster.get("ConfigMap", "e-office-settings", instance.namespace)
            if one is not None:
                found[instance.namespace] = one
        return found


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder on the memory file system for this test alone, so that leftovers are ours."""
    folder = Path(tempfile.mkdtemp(prefix="onboard-test-", dir="/dev/shm"))
    monkeypatch.setattr(runner, "_MEMORY", folder)
    yield folder
    folder.rmdir()


@pytest.fixture(scope="module")
def agency(lab: environment.Environment) -> Iterator[tenant.Tenant]:
    """An agency with a certificate authority and two namespaces."""
    of = tenant.resolve(
        samples.build(
            metadata__id=settings_place.name(),
            agency__nameTh=STRANGE,
            tenancy__environments=["prod", "uat"],
        ),
        lab,
    )
    with settings_place.prepared(of, lab):
        yield of


@pytest.fixture
def place(
    agency: tenant.Tenant, lab: environment.Environment, tmp_path: Path, memory: Path
) -> Iterator[Place]:
    made = Place(agency, lab, tmp_path)
    settings_place.namespaces(agency, made.cluster)
    yield made
    for instance in agency.e_offices:
        made.cluster.delete("ConfigMap", "e-office-settings", instance.namespace)
    made.cluster.close()
    assert runs(memory) == []


def runs(memory: Path) -> list[str]:
    """What a run left behind: folders on the memory file system, and processes."""
    return [*map(str, memory.iterdir()), *(str(found) for found in children(memory))]


def children(memory: Path) -> Iterator[dict[str, str]]:
    """Environments of the processes of this test's Ansible runs."""
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            pairs = (entry / "environ").read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        found = dict(pair.partition("=")[::2] for pair in pairs if pair)
        if str(memory) in found.get("AWX_ISOLATED_DATA_DIR", ""):
            yield found


def statuses(outcomes: list[plan.Outcome]) -> list[str]:
    return [o.status.value for o in outcomes]


def test_reading_writes_nothing_and_starts_nothing(place: Place, memory: Path) -> None:
    assert len(place.planned().changes) == 3
    assert place.live() == {}
    assert not place.kit.exists()
    assert runs(memory) == []


def test_a_check_run_tells_the_truth_and_writes_nothing(place: Place) -> None:
    changes = place.planned().changes
    assert statuses(place.apply(changes, check=True)) == ["applied"] * 3
    assert place.live() == {}
    assert not place.kit.exists()
    place.apply(changes)
    assert statuses(place.apply(changes, check=True)) == ["unchanged"] * 3


def test_apply_then_the_plan_is_empty_and_a_second_run_changes_nothing(place: Place) -> None:
    changes = place.planned().changes
    assert statuses(place.apply(changes)) == ["applied"] * 3
    after = place.planned()
    assert (after.changes, after.conflicts, after.unchanged) == ((), (), 3)
    before = {scope: o["metadata"]["resourceVersion"] for scope, o in place.live().items()}
    assert statuses(place.apply(changes)) == ["unchanged"] * 3
    now = {scope: o["metadata"]["resourceVersion"] for scope, o in place.live().items()}
    assert now == before


def test_text_of_the_agency_is_never_evaluated(place: Place) -> None:
    place.apply(place.planned().changes)
    for live in place.live().values():
        assert yaml.safe_load(live["data"]["settings.yaml"])["agency"]["nameTh"] == STRANGE
    assert STRANGE in (place.kit / "README.th.md").read_text(encoding="utf-8")


def test_the_kit_is_private_and_holds_the_chain_as_published(place: Place) -> None:
    place.apply(place.planned().changes)
    assert stat.S_IMODE(place.kit.stat().st_mode) == 0o700
    for path in place.kit.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert (place.kit / "ca-chain.pem").read_text().count("-----BEGIN CERTIFICATE-----") == 2


def test_only_the_namespace_that_differs_is_written(place: Place) -> None:
    place.apply(place.planned().changes)
    changed, other = (i.namespace for i in place.of.e_offices)
    body = place.live()[changed]
    text = body["data"]["settings.yaml"].replace("years: 10", "years: 1")
    patch = [{"op": "replace", "path": "/data/settings.yaml", "value": text}]
    place.cluster.json_patch("ConfigMap", "e-office-settings", changed, patch)
    before = place.live()[other]["metadata"]["resourceVersion"]
    (change,) = place.planned().changes
    assert change.ref.scope == changed
    assert ("retention.years", 1, 10) in {(f.path, f.before, f.after) for f in change.fields}
    assert statuses(place.apply((change,))) == ["applied"]
    assert place.planned().changes == ()
    assert place.live()[other]["metadata"]["resourceVersion"] == before


def test_a_damaged_kit_is_seen_and_mended(place: Place) -> None:
    place.apply(place.planned().changes)
    (place.kit / "README.th.md").write_text("changed", encoding="utf-8")
    (place.kit / "ca-chain.pem").unlink()
    place.kit.chmod(0o755)
    (change,) = place.planned().changes
    assert {f.path for f in change.fields} == {
        "mode", "files.README·th·md", "files.ca-chain·pem",
    }  # fmt: skip
    assert statuses(place.apply((change,))) == ["applied"]
    assert place.planned().changes == ()


def test_an_object_of_someone_else_in_our_place_is_a_conflict(place: Place) -> None:
    namespace = place.of.e_offices[0].namespace
    foreign = {"metadata": {"name": "e-office-settings", "namespace": namespace}, "data": {}}
    place.cluster.apply("ConfigMap", foreign)
    (conflict,) = place.planned().conflicts
    assert (conflict.ref.scope, conflict.owner) == (namespace, "")


def test_what_is_wanted_no_more_is_removed(place: Place) -> None:
    place.apply(place.planned().changes)
    deletions = tuple(
        plan.Change(plan.Action.DELETE, c.ref, None)
        for c in plan.diff(
            place.of.id, (), place.engine.observe([place.of]).of(place.of.id), target={}
        ).changes
    )
    assert len(deletions) == 3
    assert statuses(place.apply(deletions)) == ["applied"] * 3
    assert place.live() == {}
    assert not place.kit.exists()


def test_a_failure_says_what_was_done_what_failed_and_where_to_look(place: Place) -> None:
    gone, first = sorted((i.namespace for i in place.of.e_offices), reverse=True)
    changes = place.planned().changes
    place.cluster.delete("Namespace", gone)
    _until(lambda: place.cluster.get("Namespace", gone) is None)
    outcomes = place.apply(changes)
    assert [(o.change.ref.scope, o.status.value) for o in outcomes] == [
        (first, "applied"),
        (gone, "failed"),
    ]
    error = outcomes[-1].error
    assert error is not None
    assert gone in error.message
    assert "namespace is not there" in error.resolution
    (log,) = place.logs.iterdir()
    assert any(str(log) in line for line in error.details)
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert not place.kit.exists()


def test_a_run_that_takes_too_long_is_stopped(place: Place) -> None:
    outcomes = place.apply(place.planned().changes, seconds=1)
    assert statuses(outcomes)[-1] == "failed"
    error = outcomes[-1].error
    assert error is not None
    assert error.details[0] == "Ansible was stopped after 1s (timeouts.ansible)"


class Watcher(progress.Silent):
    """Looks at the processes of the run at each step, or presses Ctrl-C there."""

    def __init__(self, memory: Path, *, interrupt: bool = False) -> None:
        self._memory = memory
        self.seen: list[dict[str, str]] = []
        self.folders: list[tuple[str, int]] = []
        self._interrupt = interrupt

    def note(self, text: str) -> None:
        if self._interrupt:
            raise KeyboardInterrupt
        self.seen += children(self._memory)
        self.folders += [(str(p), stat.S_IMODE(p.stat().st_mode)) for p in self._memory.iterdir()]


def test_ctrl_c_ends_the_run_at_once_and_leaves_nothing(place: Place, memory: Path) -> None:
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        list(place.engine.apply(place.of, place.planned().changes, Watcher(memory, interrupt=True)))
    assert time.monotonic() - began < 30
    assert runs(memory) == []
    assert not place.kit.exists()


def test_the_child_inherits_nothing_and_its_folder_is_private(
    place: Place, memory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_TOKEN", "canary-in-the-environment")
    monkeypatch.setenv("ANSIBLE_CALLBACK_PLUGINS", "/canary")
    monkeypatch.setenv("ANSIBLE_CONFIG", "/canary.cfg")
    watcher = Watcher(memory)
    outcomes = list(place.engine.apply(place.of, place.planned().changes, watcher))
    assert statuses(outcomes) == ["applied"] * 3
    assert watcher.seen
    for found in watcher.seen:
        assert "canary" not in json.dumps(found)
        assert {k for k in found if not k.startswith("ANSIBLE_")} <= ALLOWED
    assert {mode for _, mode in watcher.folders} == {0o700}


def test_a_publisher_that_nobody_vouches_for_is_refused(place: Place, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    other = tmp_path / "other-ca.pem"
    other.write_bytes(_self_signed(key).public_bytes(serialization.Encoding.PEM))
    vault = place.target.vault.model_copy(update={"ca_file": other})
    elsewhere = place.target.model_copy(update={"vault": vault})
    engine = ansible_playbooks.AnsiblePlaybooks(elsewhere, environment.Role.APPLIER)
    outcomes = list(engine.apply(place.of, place.planned().changes, progress.Silent()))
    assert statuses(outcomes) == ["applied", "applied", "failed"]
    error = outcomes[-1].error
    assert error is not None
    assert "caFile" in error.resolution
    assert not place.kit.exists()


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "someone else")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )


def test_a_full_memory_file_system_is_an_error_with_a_remedy(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, text: str) -> Path:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    changes = place.planned().changes
    monkeypatch.setattr(runner, "private_file", full)
    (outcome,) = place.apply(changes)
    assert outcome.error is not None
    assert "Make room" in outcome.error.resolution


def test_an_unreadable_cluster_is_an_error_with_a_remedy(place: Place, tmp_path: Path) -> None:
    changes = place.planned().changes
    login = place.target.login(environment.Role.APPLIER)
    content = yaml.safe_load(login.kubeconfig.read_text(encoding="utf-8"))
    for entry in content["clusters"]:
        entry["cluster"]["server"] = "https://127.0.0.1:1"
    dead = tmp_path / "dead.kubeconfig"
    runner.private_file(dead, yaml.safe_dump(content))
    elsewhere = place.target.model_copy(
        update={
            "credentials": {environment.Role.APPLIER: login.model_copy(update={"kubeconfig": dead})}
        }
    )
    engine = ansible_playbooks.AnsiblePlaybooks(elsewhere, environment.Role.APPLIER)
    (outcome,) = engine.apply(place.of, changes, progress.Silent())
    assert outcome.status is plan.Status.FAILED
    assert outcome.error is not None
    assert "does not answer" in outcome.error.resolution


def _until(done: Any, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.3)
