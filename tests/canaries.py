"""Where to look for secrets that a run leaves, and what they look like."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import os
import re
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import yaml

from onboarding import environment, kube
from tests.integration import rights_calls


def operator_secrets(home: Path) -> Iterator[tuple[str, bytes]]:
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


def tenant_secrets(lab: environment.Environment, agency: str) -> Iterator[tuple[str, bytes]]:
    """The private keys a run made: ingress certificates and OIDC client keys."""
    found = subprocess.run(
        ["kubectl", "--kubeconfig", str(lab.login(environment.Role.BOOTSTRAP).kubeconfig),
         "--cache-dir", "/dev/null", "get", "secrets", "-A", "-o", "yaml",
         "-l", f"gdcc.go.th/agency={agency}"],
        capture_output=True, check=True,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
    )  # fmt: skip
    for secret in yaml.safe_load(found.stdout)["items"]:
        key = base64.b64decode(secret["data"]["tls.key"])
        yield f"Secret {secret['metadata']['namespace']}/{secret['metadata']['name']}", key


def oidc_keys(
    lab: environment.Environment, agency: str, *environments: str
) -> Iterator[tuple[str, bytes]]:
    """The private keys of the agency's OIDC clients, read as the workloads themselves do."""
    cluster = kube.connect(lab, environment.Role.BOOTSTRAP)
    for namespace in (f"ga-{agency}-{each}" for each in environments):
        token = cluster.token(namespace, "e-office", seconds=600, audience="vault")
        login = {"role": namespace, "jwt": token.value}
        workload = rights_calls.vault_login(lab, "kubernetes", login)
        answer = workload("GET", f"kv/data/{agency}/{namespace}/oidc-client")
        yield f"KV {namespace}", answer.content["data"]["data"]["private_key"].encode()


def passed(text: bytes) -> Iterator[bytes]:
    """Values of the fields of a request or an answer that are secret by their name: what a system
    made in a run and told once (tokens, keys, passwords)."""
    with contextlib.suppress(OSError, EOFError):
        text = gzip.decompress(text)
    for found in _SECRET_FIELD.finditer(text):
        yield json.loads(b'"' + found[1] + b'"').encode()


_SECRET_FIELD = re.compile(
    rb'"(?:client_token|access_token|refresh_token|id_token|token|private_key|secret|secret_id'
    rb'|password|client_assertion|jwt)"\s*:\s*"((?:[^"\\]|\\.)+)"'
)


def needles(secrets: list[tuple[str, bytes]]) -> dict[bytes, str]:
    """What to look for: a secret as it is, its longest line (PEM), and its base64 form."""
    found: dict[bytes, str] = {}
    for name, content in secrets:
        longest = max(content.splitlines() or [b""], key=len)
        for form in (content, longest, base64.b64encode(content)):
            if len(form) >= 16:
                found[form] = name
    return found


def unknown(text: bytes) -> list[str]:
    """Tokens and keys that no test could have known before: by their form."""
    return sorted({form.decode() for form, pattern in _FORMS.items() if pattern.search(text)})


_FORMS = {
    b"private key": re.compile(rb"-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----"),
    b"token of Vault": re.compile(rb"(?<![\w./-])(?:hv)?s\.[A-Za-z0-9_-]{24,}"),
    b"signed token": re.compile(rb"eyJ[\w-]{16,}\.eyJ[\w-]{16,}\.[\w-]{16,}"),
}


class Watch(threading.Thread):
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


def files(place: Path) -> Iterator[Path]:
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
