"""What the image of Mayan EDMS does before it serves: on a database that was lost, and on accounts
that a hand changed."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from onboarding.product_api.mayan import api
from onboarding.products.mayan import PRODUCT
from tests.contract import signed_pdf
from tests.contract.servers import mayan as real
from tests.contract.servers import postgres

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

_TABLES = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"


@pytest.fixture
def filled(tmp_path: Path) -> Iterator[real.Server]:
    """An e-Office with a letter."""
    made = real.start(tmp_path)
    try:
        with api.Api(made.place, made.writer) as door:
            kind = door.make("/document_types/", {"label": "หนังสือ"})
            about = {"document_type_id": kind["id"], "label": "หนังสือ"}
            path = f"/documents/{door.make('/documents/', about)['id']}"
            pdf = signed_pdf.letter("kept")
            door.upload(f"{path}/files/", "letter.pdf", pdf, {"action_name": "replace"})
        yield made
    finally:
        made.stop()


def settle(home: real.Home) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        home.command(*PRODUCT.pods.settle),
        env=home.environment, cwd=home.folder, check=False, capture_output=True, text=True,
    )  # fmt: skip


def asked(home: real.Home, sql: str) -> str:
    words = home.command("psql", "--tuples-only", "--no-align", f"--command={sql}")
    return subprocess.check_output(words, env=home.environment, text=True).strip()


def test_a_database_that_lost_its_content_is_not_begun_anew_beside_letters(
    filled: real.Server,
) -> None:
    home = filled.end()
    kept = sorted(home.letters.rglob("*"))
    empty = real.Home(home.version, postgres.start(), home.folder)
    try:
        ended = settle(empty)
        assert ended.returncode == 1
        assert "holds files of letters: the database of these letters is lost" in ended.stderr
        assert f"empty {home.letters} by hand" in ended.stderr
        assert "Traceback" not in ended.stderr
        assert asked(empty, _TABLES) == "0"
        assert sorted(home.letters.rglob("*")) == kept
    finally:
        empty.database.stop()
    # Beside its own database the same folder is what it was.
    assert settle(home).returncode == 0


def test_at_each_start_nobody_else_administers_and_no_token_of_before_counts(
    filled: real.Server,
) -> None:
    made = {"username": "clerk", "email": "clerk@example.go.th", "password": "a-long-word-1"}
    with api.Api(filled.place, filled.writer) as door:
        door.make("/users/", made)
    tokens = [_token(filled, who.username, who.password) for who in (filled.writer, filled.reader)]
    assert {_status(filled, token) for token in tokens} == {200}
    asked(filled.home, "UPDATE auth_user SET is_superuser = true WHERE username = 'clerk'")
    assert _administer(filled.home) == ["clerk", filled.writer.username]
    served = filled.end().serve(filled.port)
    try:
        assert _administer(served.home) == [served.writer.username]
        assert {_status(served, token) for token in tokens} == {403}
        again = _token(served, served.writer.username, served.writer.password)
        assert _status(served, again) == 200
    finally:
        served.end()


def _administer(home: real.Home) -> list[str]:
    which = "SELECT username FROM auth_user WHERE is_superuser OR is_staff ORDER BY username"
    return asked(home, which).split()


def _token(server: real.Server, username: str, password: str) -> str:
    answer = requests.post(
        f"{server.address}/api/v4/auth/token/obtain/",
        json={"username": username, "password": password},
        headers={"Accept": "application/json"},
        verify=str(server.home.ca),
        timeout=300,
    )
    return str(answer.json()["token"])


def _status(server: real.Server, token: str) -> int:
    told = {"Authorization": f"Token {token}", "Accept": "application/json"}
    path = f"{server.address}/api/v4/document_types/"
    return requests.get(path, headers=told, verify=str(server.home.ca), timeout=300).status_code
