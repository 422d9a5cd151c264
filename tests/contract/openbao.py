"""A real OpenBao of a test's own: raft storage, static seal, TLS, two audit devices."""

from __future__ import annotations

import ipaddress
import json
import os
import secrets
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from onboarding import environment

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
    port, cluster_port = _free_port(), _free_port()
    _certificate(folder)
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _private(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as out:
        out.write(content)


def _certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "contract OpenBao")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "tls.crt").write_bytes(certificate.public_bytes(pem))
    encoded = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    _private(folder / "tls.key", encoded)
