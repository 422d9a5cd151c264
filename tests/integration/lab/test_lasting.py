"""What must outlive time: credentials that end, a bootstrap that is due, moved addresses."""

from __future__ import annotations

import json

import pytest
import yaml

from onboarding.lab import home as homes
from tests.integration.lab.conftest import command, must

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]


def _logins(home: homes.Home) -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]]
    found = yaml.safe_load(home.environment_file.read_text())["credentials"]
    return found


def test_first_administrators_are_gone_after_the_bootstrap(up: homes.Home) -> None:
    assert set(_logins(up)) == {"bootstrap", "planner", "applier", "auditor"}
    assert not (up.credentials / "vault-root-token").exists()
    assert not (up.credentials / "keycloak-bootstrap-secret").exists()
    for login in _logins(up).values():
        assert login["vault"]["method"] == "approle"
        assert login["keycloak"]["method"] == "private-key-jwt"


def test_lab_that_slept_too_long_lets_itself_in_again(up: homes.Home) -> None:
    secret = up.credentials / "bootstrap" / "vault-secret-id"
    secret.write_text("ended-long-ago\n")
    (up.config / "bootstrapped.json").unlink()
    must(command("up"))
    assert secret.read_text() != "ended-long-ago\n"
    assert not (up.credentials / "vault-root-token").exists()
    assert "endpoints = true" in (up.config / "openbao.hcl").read_text()
    assert command("doctor").code == 0


def test_lost_recovery_key_is_told_plainly(up: homes.Home) -> None:
    key = up.credentials / "vault-recovery-key"
    secret = up.credentials / "bootstrap" / "vault-secret-id"
    kept = {path: path.read_bytes() for path in (key, secret)}
    try:
        secret.write_text("ended-long-ago\n")
        key.unlink()
        (up.config / "bootstrapped.json").unlink()
        done = command("up")
        assert done.code == 5
        assert "no other way in is left" in done.err
        assert "lab reset" in done.err
    finally:
        for path, content in kept.items():
            path.write_bytes(content)
            path.chmod(0o600)


def test_old_bootstrap_is_repeated(up: homes.Home) -> None:
    stamp = up.config / "bootstrapped.json"
    content = json.loads(stamp.read_text())
    stamp.write_text(json.dumps({**content, "at": "2020-01-01T00:00:00+00:00"}))
    must(command("up"))
    assert json.loads(stamp.read_text())["at"] > "2026"


def test_lost_credential_is_issued_anew(up: homes.Home) -> None:
    lost = up.credentials / "planner" / "kubeconfig"
    lost.unlink()
    assert "planner: kubeconfig is missing" in command("doctor").out
    must(command("up"))
    assert lost.is_file()
