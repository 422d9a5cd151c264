"""A real OpenBao of a test's own: raft storage, static seal, TLS, two audit devices."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from onboarding import environment
from tests.contract.servers import tls

_CONFIG = """
storage "raft" {{
  path = "{folder}/raft"
  node_id = "one"
  performance_multiplier = 1
}}
listener "tcp" {{
  address = "127.0.0.1:{port}"
  tls_cert_file = "{folder}/tls.crt"
  tls_key_file = "{folder}/tls.key"
}}
seal "static" {{
  current_key_id = "1"
  current_key = "file://{folder}/seal.key"
}}
api_addr = "https://127.0.0.1:{port}"
cluster_addr = "https://127.0.0.1:{cluster_port}"
"""
_AUDIT = """
audit "file" "{name}" {{
  options {{
    file_path = "{folder}/{name}.log"
  }}
}}
"""


@dataclass(frozen=True, slots=True)
class OpenBao:
    """A running server, its environment (bootstrap signs in with the root token) and its folder."""

    process: subprocess.Popen[bytes]
    environment: environment.Environment
    folder: Path

    def audit_log(self) -> list[dict[str, Any]]:
        """What the first audit device has written, oldest first."""
        lines = (self.folder / "audit-1.log").read_text(encoding="utf-8").splitlines()
        return [json.loads(line) for line in lines]

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(30)


def start(folder: Path, *, audit_devices: int = 2) -> OpenBao:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "raft").mkdir()
    port, cluster_port = tls.free_port(), tls.free_port()
    tls.write(folder)
    _private(folder / "seal.key", secrets.token_bytes(32))
    text = _CONFIG.format(folder=folder, port=port, cluster_port=cluster_port)
    for number in range(1, audit_devices + 1):
        text += _AUDIT.format(folder=folder, name=f"audit-{number}")
    (folder / "openbao.hcl").write_text(text, encoding="utf-8")
    process = _process(folder)
    address = f"https://127.0.0.1:{port}"
    made = _initialise(address, folder / "tls.crt", process)
    _private(folder / "root-token", made["root_token"].encode())
    _private(folder / "credentials" / "admin.kubeconfig", b"{}")
    return OpenBao(process, _environment(folder, address), folder)


def restarted(server: OpenBao) -> OpenBao:
    """Killed and started, not yet serving.

    It opens itself once, as it starts. One that `start` has just initialised tries again after a
    few seconds, and would undo a seal.
    """
    server.process.kill()
    server.process.wait(30)
    return replace(server, process=_process(server.folder))


def until_it_serves(server: OpenBao) -> None:
    """Raises RuntimeError after a minute."""
    ca = str(server.folder / "tls.crt")
    ends = time.monotonic() + 60
    while time.monotonic() < ends:
        try:
            if requests.get(
                f"{server.environment.vault.address}/v1/sys/health", verify=ca, timeout=5
            ).ok:
                return
        except requests.RequestException:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"OpenBao did not come back; see {server.folder / 'server.log'}")


def _process(folder: Path) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).with_name("bao")), "server"]
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(
            [*command, f"-config={folder / 'openbao.hcl'}"], stdout=log, stderr=log
        )


def _initialise(address: str, ca: Path, process: subprocess.Popen[bytes]) -> dict[str, Any]:
    body = {"recovery_shares": 1, "recovery_threshold": 1}
    ends = time.monotonic() + 300
    made: dict[str, Any] = {}
    while time.monotonic() < ends and process.poll() is None:
        try:
            if not made:
                answer = requests.put(
                    f"{address}/v1/sys/init", json=body, verify=str(ca), timeout=30
                )
                made = answer.json() if answer.ok else {}
            elif requests.get(f"{address}/v1/sys/health", verify=str(ca), timeout=5).ok:
                return made
        except requests.ConnectionError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"OpenBao did not start; see {ca.parent / 'server.log'}")


def _environment(folder: Path, address: str) -> environment.Environment:
    kubeconfig = folder / "credentials" / "admin.kubeconfig"
    login = {
        "kubeconfig": str(kubeconfig),
        "vault": {"method": "token", "secretFile": str(folder / "root-token")},
        "keycloak": {
            "method": "client-secret",
            "clientId": "none",
            "secretFile": str(folder / "none"),
        },
    }
    ca = str(folder / "tls.crt")
    return environment.Environment.model_validate(
        {
            "name": "contract",
            "production": False,
            "cluster": {"server": "https://127.0.0.1:1", "caFile": ca, "storageClass": "none"},
            "vault": {"address": address, "caFile": ca, "publicUrl": "http://pki.example.go.th"},
            "keycloak": {"address": "https://127.0.0.1:1", "caFile": ca},
            "pulumi": {
                "backend": f"file://{folder}/pulumi",
                "home": str(folder),
                "passphraseFile": str(folder / "none"),
            },
            "state": {"store": f"file://{folder}/state"},
            "images": {"eOffice": "none", "allowedRegistries": ("none",)},
            "credentials": {"bootstrap": login},
        }
    )


def _private(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
        out.write(content)
