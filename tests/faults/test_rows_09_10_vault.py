"""Rows 8, 9 and 10: a real OpenBao that is sealed, restarted or re-elected, and its tokens."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from onboarding import environment, errors, vault
from tests.contract import openbao as real

NOTHING = 'path "sys/nothing" { capabilities = ["read"] }'
POLICY = 'path "sys/mounts" { capabilities = ["read"] }'


@pytest.fixture
def server(tmp_path: Path) -> Iterator[real.OpenBao]:
    """With an AppRole whose tokens live for four seconds and may read one path."""
    made = real.start(tmp_path / "openbao")
    ask(made, "POST", "sys/auth/approle", {"type": "approle"})
    ask(made, "POST", "sys/policies/acl/reader", {"policy": POLICY})
    role = {"token_policies": "reader", "token_ttl": "4s", "token_max_ttl": "4s"}
    ask(made, "POST", "auth/approle/role/reader", role)
    yield made
    made.stop()


def ask(
    server: real.OpenBao, method: str, path: str, body: dict[str, Any] | None = None
) -> dict[str, Any]:
    """As root, past our own door."""
    token = (server.folder / "root-token").read_text(encoding="utf-8")
    answer = requests.request(
        method,
        f"{server.environment.vault.address}/v1/{path}",
        json=body,
        headers={"X-Vault-Token": token},
        verify=str(server.folder / "tls.crt"),
        timeout=30,
    )
    answer.raise_for_status()
    return dict(answer.json()) if answer.content else {}


def reader(server: real.OpenBao, **spans: float) -> vault.Vault:
    secret = server.folder / "secret-id"
    made = ask(server, "POST", "auth/approle/role/reader/secret-id")
    secret.write_text(made["data"]["secret_id"], encoding="utf-8")
    role_id = ask(server, "GET", "auth/approle/role/reader/role-id")["data"]["role_id"]
    login = environment.VaultLogin(method="approle", role_id=role_id, secret_file=secret)
    target = server.environment
    timeouts = target.timeouts.model_copy(update=spans)
    return vault.connect_as(target.model_copy(update={"timeouts": timeouts}), login, "reader")


def test_row_10_a_token_is_replaced_before_it_ends(server: real.OpenBao) -> None:
    with reader(server) as door:
        ends = time.monotonic() + 9
        while time.monotonic() < ends:
            assert door.read("sys/mounts")
            time.sleep(0.5)
        # Half of four seconds each: about five sign-ins, and never a refusal in between.
        assert 4 <= door.sent["login"] <= 7
        assert door.sent["read"] <= 19


def test_row_10_a_revoked_token_is_replaced_once(server: real.OpenBao) -> None:
    door = reader(server)
    assert door.read("sys/mounts")
    ask(server, "PUT", "sys/leases/revoke-prefix/auth/approle")
    before = door.sent["read"]
    assert door.read("sys/mounts"), "signed in anew"
    assert door.sent["read"] == before + 2


def test_row_10_a_credential_that_ended_with_its_tokens_is_refused_clearly(
    server: real.OpenBao,
) -> None:
    door = reader(server)
    assert door.read("sys/mounts")
    ask(server, "PUT", "sys/leases/revoke-prefix/auth/approle")
    ask(server, "DELETE", "auth/approle/role/reader")
    before = sum(door.sent.values())
    with pytest.raises(errors.Denied, match="does not accept the credential"):
        door.read("sys/mounts")
    assert sum(door.sent.values()) == before + 3, "the request, its token, a sign-in, and no more"


def test_row_10_a_right_that_was_taken_away_is_refused_once(server: real.OpenBao) -> None:
    door = reader(server)
    assert door.read("sys/mounts")
    ask(server, "POST", "sys/policies/acl/reader", {"policy": NOTHING})
    before = sum(door.sent.values())
    with pytest.raises(errors.Denied, match="does not allow"):
        door.read("sys/mounts")
    assert sum(door.sent.values()) <= before + 2


def test_row_9_a_sealed_vault_is_said_to_be_sealed_in_time(server: real.OpenBao) -> None:
    opened = real.restarted(server)
    real.until_it_serves(server)
    with reader(server, retry=3.0) as door:
        assert door.read("sys/mounts")
        ask(server, "PUT", "sys/seal")
        began = time.monotonic()
        with pytest.raises(errors.Unreachable, match="sealed"):
            door.read("sys/mounts")
        assert time.monotonic() - began < 6
        with pytest.raises(errors.Unreachable, match="sealed"):
            door.write("sys/policies/acl/another", {"policy": POLICY})
        again = real.restarted(opened)
        try:
            real.until_it_serves(server)
            assert door.read("sys/mounts"), "the same connection goes on"
        finally:
            again.stop()


@pytest.mark.slow
def test_rows_8_and_9_restarted_or_re_elected_while_it_is_read(server: real.OpenBao) -> None:
    with reader(server) as door:
        assert door.read("sys/mounts")
        ask(server, "PUT", "sys/step-down")
        assert door.read("sys/mounts"), "an election takes a moment"
        again = real.restarted(server)
        try:
            assert door.read("sys/mounts"), "so does a restart"
        finally:
            again.stop()


@pytest.mark.slow
def test_row_8_a_vault_that_stalls_is_not_waited_for_longer_than_allowed(
    server: real.OpenBao,
) -> None:
    door = reader(server, request=1.0, retry=3.0)
    assert door.read("sys/mounts")
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        with pytest.raises(errors.Unreachable, match="does not answer"):
            door.read("sys/mounts")
        assert time.monotonic() - began < 6
        began = time.monotonic()
        with pytest.raises(errors.Unreachable, match="does not answer"):
            door.write("sys/policies/acl/another", {"policy": POLICY})
        assert time.monotonic() - began < 6
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert door.read("sys/mounts")
