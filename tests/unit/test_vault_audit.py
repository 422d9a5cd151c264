"""Who wrote last, read from the end of an audit log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from onboarding import item
from onboarding.vault import audit

ROLE = item.Ref(item.EngineName.VAULT, "PkiRole", "pki-a-sign", "signer")
MOUNT = item.Ref(item.EngineName.VAULT, "Mount", "", "pki-a-sign")


def line(path: str, who: str, time: str, operation: str = "update", **more: Any) -> str:
    entry = {
        "time": time,
        "type": "response",
        "auth": {"display_name": "approle", "metadata": {"role_name": who}},
        "request": {"operation": operation, "path": path},
        **more,
    }
    return json.dumps(entry, separators=(",", ":")) + "\n"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    file = tmp_path / "audit.log"
    file.write_text(
        line("pki-a-sign/roles/signer", "first", "2026-01-01T00:00:00.1Z")
        + line("sys/mounts/pki-a-sign/tune", "tuner", "2026-01-02T00:00:00.1Z")
        + line("pki-a-sign/roles/signer", "second", "2026-01-03T00:00:00.1Z", "delete")
        + line("pki-a-sign/roles/signer", "refused", "2026-01-04T00:00:00.1Z", error="denied")
        + line("pki-a-sign/roles/signer", "reader", "2026-01-05T00:00:00.1Z", "read")
        + line("pki-b-sign/roles/signer", "other", "2026-01-06T00:00:00.1Z")
        + '{"type":"response", torn'
    )
    return file


def test_the_last_write_that_succeeded_is_told(log: Path) -> None:
    assert audit.found_in(log, [ROLE, MOUNT]) == {
        ROLE: audit.Write("second", "delete", "2026-01-03T00:00:00Z"),
        MOUNT: audit.Write("tuner", "update", "2026-01-02T00:00:00Z"),
    }


def test_what_the_log_does_not_know_is_left_out(log: Path) -> None:
    unknown = item.Ref(item.EngineName.VAULT, "Policy", "", "ga-a")
    assert audit.found_in(log, [unknown]) == {}


def test_a_log_of_many_blocks_is_read_to_its_first_line(
    log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "_BLOCK", 37)
    assert audit.found_in(log, [ROLE, MOUNT])[MOUNT].name == "tuner"
    log.write_text(line("pki-a-sign/roles/signer", "only", "2026-01-01T00:00:00Z"))
    assert audit.found_in(log, [ROLE])[ROLE].name == "only"
