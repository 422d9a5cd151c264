"""No secret leaves Vault and the operator's 0600 files: a whole run is searched for known ones."""

from __future__ import annotations

import base64
import os
import re
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import platformdirs
import pytest
import yaml

from onboarding import environment, kube
from tests.integration import rights_calls
from tests.running import ROOT, onboard

pytestmark = pytest.mark.lab

AGENCY = "admincourt"
MANIFEST = ROOT / "examples" / f"{AGENCY}.yaml"


def _operator_secrets(home: Path) -> Iterator[tuple[str, bytes]]:
    """Every credential of the operator: file contents, and tokens and keys inside kubeconfigs."""
    for path in sorted((home / "credentials").rglob("*")):
        if not path.is_file() or path.name.endswith((".crt", ".jwks.json", ".pub")):
            continue
        content = path.read_bytes().strip()
        if "kubeconfig" in path.name:
            for user in yaml.safe_load(content)["users"]:
                for key in ("token", "client-key-data"):
                    if key in user["user"]:
                        yield f"{path}:{key}", user["user"][key].encode()
        else:
            yield str(path), content


def _tenant_secrets(lab: environment.Environment) -> Iterator[tuple[str, bytes]]:
    """The private keys a run made: ingress certificates and OIDC client keys."""
    found = subprocess.run(
        ["kubectl", "--kubeconfig", str(lab.login(environment.Role.BOOTSTRAP).kubeconfig),
         "--cache-dir", "/dev/null", "get", "secrets", "-A", "-o", "yaml",
         "-l", f"gdcc.go.th/agency={AGENCY}"],
        capture_output=True, check=True,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    for secret in yaml.safe_load(found.stdout)["items"]:
        key = base64.b64decode(secret["data"]["tls.key"])
        yield f"Secret {secret['metadata']['namespace']}/{secret['metadata']['name']}", key


def _oidc_keys(lab: environment.Environment) -> Iterator[tuple[str, bytes]]:
    """The private keys of the agency's OIDC clients, read as the workloads themselves do."""
    cluster = kube.connect(lab, environment.Role.BOOTSTRAP)
    for namespace in (f"ga-{AGENCY}-prod", f"ga-{AGENCY}-uat"):
        token = cluster.token(namespace, "e-office", seconds=600, audience="vault")
        login = {"role": namespace, "jwt": token.value}
        workload = rights_calls.vault_login(lab, "kubernetes", login)
        answer = workload("GET", f"kv/data/{AGENCY}/{namespace}/oidc-client")
        yield f"KV {namespace}", answer.content["data"]["data"]["private_key"].encode()


def _unknown(text: bytes) -> list[str]:
    """Tokens and keys that no test could have known before: by their form."""
    return sorted({form.decode() for form, pattern in _FORMS.items() if pattern.search(text)})


_FORMS = {
    b"private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    b"token of Vault": re.compile(rb"(?<![\w./-])(?:hv)?s\.[A-Za-z0-9_-]{24,}"),
    b"signed token": re.compile(rb"eyJ[\w-]{16,}\.eyJ[\w-]{16,}\.[\w-]{16,}"),
}


def _needles(secrets: list[tuple[str, bytes]]) -> dict[bytes, str]:
    """What to look for: a secret as it is, its longest line (PEM), and its base64 form."""
    needles: dict[bytes, str] = {}
    for name, content in secrets:
        longest = max(content.splitlines() or [b""], key=len)
        for form in (content, longest, base64.b64encode(content)):
            if len(form) >= 16:
                needles[form] = name
    return needles


class _Watch(threading.Thread):
    """Collects argv and environment of every process that a run starts."""

    def __init__(self, root_pid: int) -> None:
        super().__init__(daemon=True)
        self.seen: dict[str, bytes] = {}
        self._root = root_pid
        self.stop = False

    def run(self) -> None:
        family = {self._root}
        while not self.stop:
            for entry in Path("/proc").iterdir():
                if entry.name.isdigit():
                    self._look(entry, family)
            time.sleep(0.02)

    def _look(self, entry: Path, family: set[int]) -> None:
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            if int(entry.name) in family or parent in family:
                family.add(int(entry.name))
                for part in ("cmdline", "environ"):
                    self.seen[f"{entry.name}/{part}"] = (entry / part).read_bytes()
        except (OSError, IndexError, ValueError):
            return


@pytest.fixture(scope="module")
def run(lab: environment.Environment) -> _Watch:
    """An apply that really writes, watched from outside."""
    first = onboard("apply", str(MANIFEST), "--yes")
    assert first.code in (0, 4), first.err
    namespace = f"ga-{AGENCY}-uat"
    kubectl = [str(Path(sys.executable).parent / "kubectl"), "--kubeconfig",
               str(lab.login(environment.Role.BOOTSTRAP).kubeconfig), "-n", namespace]  # fmt: skip
    subprocess.run([*kubectl, "delete", "secret,configmap,networkpolicy", "-l",
                    "gdcc.go.th/managed-by=onboard"], check=True, capture_output=True)  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-m", "onboarding", "-v", "apply", str(MANIFEST), "--yes"],
        env={**os.environ, "ONBOARD_ENVIRONMENT": lab.name},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    watch = _Watch(child.pid)
    watch.start()
    printed, _ = child.communicate(timeout=600)
    watch.stop = True
    watch.join()
    assert child.returncode in (0, 4), printed
    watch.seen["printed"] = printed
    return watch


def test_no_secret_in_argv_environment_or_output(run: _Watch, lab: environment.Environment) -> None:
    home = environment.labs_folder() / lab.name
    needles = _needles([*_operator_secrets(home), *_tenant_secrets(lab), *_oidc_keys(lab)])
    assert len(needles) > 10
    assert len(run.seen) > 5
    leaks = [
        f"{needles[n]} in {place}" for place, text in run.seen.items() for n in needles if n in text
    ]
    leaks += [f"a {form} in {place}" for place, text in run.seen.items() for form in _unknown(text)]
    assert leaks == []


@pytest.mark.usefixtures("run")
def test_no_secret_in_any_file_a_run_leaves(
    lab: environment.Environment, tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = environment.labs_folder() / lab.name
    needles = _needles([*_operator_secrets(home), *_tenant_secrets(lab), *_oidc_keys(lab)])
    places = [home / "state", home / "pulumi", home / "logs", home / "onboard.yaml",
              home / "lab.json",
              platformdirs.user_log_path("onboard"), platformdirs.user_state_path("onboard"),
              Path("/dev/shm"), Path("/tmp")]  # fmt: skip
    # Where secrets are meant to be, wherever this computer keeps its homes; and other tests' own
    # copies of kubeconfigs, which they break on purpose.
    safes = [home / "credentials", home / "pki", home / "data"]
    safes.append(tmp_path_factory.getbasetemp().parent)
    searched, leaks = 0, []
    for path in (p for place in places for p in _files(place)):
        if any(path.is_relative_to(safe) for safe in safes):
            continue
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            continue
        searched += 1
        leaks += [f"{needles[n]} in {path}" for n in needles if n in content]
        if path.is_relative_to(home / "state") or path.is_relative_to(home / "pulumi"):
            leaks += [f"a {form} in {path}" for form in _unknown(content)]
    assert searched > 20
    assert leaks == []


def _files(place: Path) -> Iterator[Path]:
    """Files below a place that were written lately; binaries and sockets are left out."""
    recent = time.time() - 3600
    # Others make and remove folders meanwhile; ``os.walk`` passes over what has gone.
    below = (Path(folder) / name for folder, _, names in os.walk(place) for name in names)
    for path in [place] if place.is_file() else below:
        try:
            known = path.lstat()
        except OSError:
            continue
        if stat.S_ISREG(known.st_mode) and known.st_size < 64_000_000 and known.st_mtime > recent:
            yield path


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
        done = onboard("-v", "plan", str(MANIFEST), "--environment", str(broken))
        assert done.code not in (0, 1), done.out
        assert not [c for c in canaries.values() if c in done.out + done.err]
