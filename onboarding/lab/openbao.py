"""OpenBao: raft storage, unseals itself with a key file, two audit devices, TLS."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any

from onboarding import errors
from onboarding.lab import component, wire
from onboarding.lab import home as homes

NAME = "openbao"
PORTS = ("openbao", "openbao-cluster")
_NEW_IS_READY = "uninitcode=200"
"""Only the leader answers sys/health with 200: a standby sends whoever asks elsewhere (307)."""
_LEADER_SECONDS = 60.0


def root_token_file(home: homes.Home) -> Path:
    """Holds the root token from the first start until ``onboard bootstrap`` has replaced it."""
    return home.credentials / "vault-root-token"


def recovery_key_file(home: homes.Home) -> Path:
    """With it a lost administrator's access is made anew; it opens no data by itself."""
    return home.credentials / "vault-recovery-key"


def audit_logs(home: homes.Home) -> tuple[Path, Path]:
    return home.logs / "openbao-audit-1.log", home.logs / "openbao-audit-2.log"


def describe(lab: component.Lab) -> component.Component:
    seal = lab.home.credentials / "vault-seal-key"
    config = lab.home.config / "openbao.hcl"
    return component.Component(
        name=NAME,
        argv=(str(lab.engines["bao"]), "server", f"-config={config}"),
        files={config: _config(lab, seal)},
        reads=(lab.certificate("server"), seal),
        ready=lambda lab: _health(lab, _NEW_IS_READY),
        start_seconds=60,
        prepare=lambda lab: _prepare(lab, seal),
        settle=_initialise,
    )


def _config(lab: component.Lab, seal: Path) -> str:
    first, second = audit_logs(lab.home)
    return f"""\
api_addr      = "{lab.url(NAME)}"
cluster_addr  = "{lab.url("openbao-cluster")}"
ui            = false

storage "raft" {{
  path    = "{lab.home.data(NAME)}"
  node_id = "lab"
  # There is no peer to wait for: the shortest election makes a start quick.
  performance_multiplier = 1
}}

listener "tcp" {{
  address         = "127.0.0.1:{lab.ports[NAME]}"
  cluster_address = "127.0.0.1:{lab.ports["openbao-cluster"]}"
  tls_cert_file   = "{lab.certificate("server")}"
  tls_key_file    = "{lab.key("server")}"
  tls_min_version = "tls12"
  {_reopening(lab.home)}
}}

seal "static" {{
  current_key_id = "lab-1"
  current_key    = "file://{seal}"
}}

audit "file" "lab-1" {{
  options {{ file_path = "{first}" }}
}}

audit "file" "lab-2" {{
  options {{ file_path = "{second}" }}
}}
"""


def reopening_mark(home: homes.Home) -> Path:
    """While this file is there, the recovery key may be used to make a root token."""
    return home.config / "openbao-reopening"


def _reopening(home: homes.Home) -> str:
    closed = not reopening_mark(home).is_file()
    return f"disable_unauthed_generate_root_endpoints = {str(closed).lower()}"


def _prepare(lab: component.Lab, seal: Path) -> None:
    lab.home.data(NAME).mkdir(mode=0o700, parents=True, exist_ok=True)
    if not seal.is_file():
        homes.write(seal, secrets.token_bytes(32))


def _health(lab: component.Lab, query: str = "") -> str:
    return component.answers(lab.url(NAME, f"/v1/sys/health?{query}"), lab.trust())


def _initialise(lab: component.Lab) -> None:
    """``operator init``, once; the root token goes to its 0600 file, never through a terminal."""
    if _read(lab, "/v1/sys/init")["initialized"]:
        return
    answer = wire.request(
        "PUT",
        lab.url(NAME, "/v1/sys/init"),
        lab.trust(),
        body={"recovery_shares": 1, "recovery_threshold": 1},
        timeout=30,
    )
    if answer.status != 200:
        raise errors.EngineFailed(
            "OpenBao could not be initialised",
            details=[f"status {answer.status}", *answer.json().get("errors", [])],
            resolution=f"Run: onboard lab logs openbao --name {lab.home.name}",
        )
    keys = answer.json()
    homes.write(recovery_key_file(lab.home), keys["recovery_keys_base64"][0])
    homes.write(root_token_file(lab.home), keys["root_token"])
    _wait_for_leader(lab)


def _wait_for_leader(lab: component.Lab) -> None:
    deadline = time.monotonic() + _LEADER_SECONDS
    while why := _health(lab):
        if time.monotonic() > deadline:
            raise errors.EngineFailed(
                "OpenBao was initialised and does not serve",
                details=[why],
                resolution=f"Run: onboard lab logs openbao --name {lab.home.name}",
            )
        time.sleep(0.1)


def _read(lab: component.Lab, path: str) -> dict[str, Any]:
    answer = wire.request("GET", lab.url(NAME, path), lab.trust())
    content = answer.json()
    if not isinstance(content, dict):
        raise errors.EngineFailed(f"OpenBao answers {answer.status} to {path}")
    return content
