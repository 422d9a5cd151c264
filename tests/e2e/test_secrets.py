"""No secret leaves Vault and the operator's 0600 files: a whole run is searched for known ones."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
from pathlib import Path

import platformdirs
import pytest
import yaml

from onboarding import environment
from tests import canaries
from tests.integration import successions
from tests.running import onboard

pytestmark = pytest.mark.lab

AGENCY = f"watched-{secrets.token_hex(3)}"
"""New to the lab: its first apply makes every secret that there is."""


def known_secrets(lab: environment.Environment) -> dict[bytes, str]:
    return canaries.needles(
        [
            *canaries.operator_secrets(environment.labs_folder() / lab.name),
            *canaries.tenant_secrets(lab, AGENCY),
            *canaries.oidc_keys(lab, AGENCY, "prod"),
        ]
    )


@pytest.fixture(scope="module")
def run(lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory) -> canaries.Watch:
    """An apply that really writes, watched from outside."""
    manifest = successions.write(tmp_path_factory.mktemp("watched"), AGENCY, "เทศบาลตำบลลับ")
    child = subprocess.Popen(
        [sys.executable, "-m", "onboarding", "-v", "apply", manifest, "--yes"],
        env={**os.environ, "ONBOARD_ENVIRONMENT": lab.name},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    watch = canaries.Watch(child.pid)
    watch.start()
    printed, _ = child.communicate(timeout=600)
    watch.stop = True
    watch.join()
    assert child.returncode == 0, printed
    watch.seen["printed"] = printed
    return watch


def test_no_secret_in_argv_environment_or_output(
    run: canaries.Watch, lab: environment.Environment
) -> None:
    needles = known_secrets(lab)
    assert len(needles) > 10
    assert len(run.seen) > 5
    leaks = [
        f"{needles[n]} in {place}" for place, text in run.seen.items() for n in needles if n in text
    ]
    leaks += [
        f"a {form} in {place}"
        for place, text in run.seen.items()
        for form in canaries.unknown(text)
    ]
    assert leaks == []


@pytest.mark.usefixtures("run")
def test_no_secret_in_any_file_a_run_leaves(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = environment.labs_folder() / lab.name
    needles = known_secrets(lab)
    places = [home / "state", home / "pulumi", home / "logs", home / "onboard.yaml",
              home / "lab.json",
              platformdirs.user_log_path("onboard"), platformdirs.user_state_path("onboard"),
              Path("/dev/shm"), Path("/tmp")]  # fmt: skip
    # Where secrets are meant to be, wherever this computer keeps its homes; and other tests' own
    # copies of kubeconfigs, which they break on purpose.
    safes = [home / "credentials", home / "pki", home / "data"]
    base = tmp_path_factory.getbasetemp()
    safes.append(base.parent.parent if base.name.startswith("popen-") else base.parent)
    searched, leaks = 0, []
    for path in (p for place in places for p in canaries.files(place)):
        if any(path.is_relative_to(safe) for safe in safes):
            continue
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        searched += 1
        leaks += [f"{needles[n]} in {path}" for n in needles if n in content]
        if path.is_relative_to(home / "state") or path.is_relative_to(home / "pulumi"):
            leaks += [f"a {form} in {path}" for form in canaries.unknown(content)]
    assert searched > 20
    assert leaks == []


def test_credentials_are_for_the_operator_only(lab: environment.Environment) -> None:
    home = environment.labs_folder() / lab.name
    # Public keys stand beside their private halves, in a folder that is closed itself.
    paths = [home / "credentials", *(home / "credentials").rglob("*")]
    secret = [p for p in paths if not p.name.endswith(".jwks.json")]
    open_to_others = [str(p) for p in secret if p.stat().st_mode & 0o077]
    assert open_to_others == []


def test_a_failing_run_tells_no_secret(lab: environment.Environment, tmp_path: Path) -> None:
    """Credentials that are not accepted are named by their file, never shown."""
    login = lab.login(environment.Role.PLANNER)
    canaries = {"vault": "canary-of-vault-0123456789", "token": "canary-of-cluster-0123456789"}
    secret, kubeconfig = tmp_path / "secret-id", tmp_path / "kubeconfig"
    secret.write_text(canaries["vault"], encoding="utf-8")
    content = yaml.safe_load(login.kubeconfig.read_text(encoding="utf-8"))
    content["users"][0]["user"]["token"] = canaries["token"]
    kubeconfig.write_text(yaml.safe_dump(content), encoding="utf-8")
    for path in (secret, kubeconfig):
        path.chmod(0o600)
    home = environment.labs_folder() / lab.name
    for old, new in ((login.vault.secret_file, secret), (login.kubeconfig, kubeconfig)):
        broken = tmp_path / "onboard.yaml"
        text = (home / "onboard.yaml").read_text(encoding="utf-8").replace(str(old), str(new))
        broken.write_text(text, encoding="utf-8")
        done = onboard("-v", "plan", "examples/admincourt.yaml", "--environment", str(broken))
        assert done.code not in (0, 1), done.out
        assert not [c for c in canaries.values() if c in done.out + done.err]
