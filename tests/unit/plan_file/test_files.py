"""A plan file is read back as it was written, and refused where it was not."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from onboarding import errors, item, plan_file
from tests.unit.plan_file import made


@pytest.fixture
def written(tmp_path: Path) -> Path:
    path = tmp_path / "moph.plan"
    plan_file.write(path, made.saved())
    return path


def test_what_was_written_is_read(written: Path) -> None:
    assert plan_file.read(written) == made.saved()
    assert plan_file.read(written).parts[0].digest == made.diff().digest


def test_the_file_is_private_canonical_and_alone(written: Path) -> None:
    assert stat.S_IMODE(written.stat().st_mode) == 0o600
    text = written.read_text(encoding="utf-8")
    assert text == item.canonical(json.loads(text)) + "\n"
    assert list(written.parent.iterdir()) == [written]


def test_a_file_fits_its_published_schema(written: Path) -> None:
    schema = plan_file.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    document = json.loads(written.read_text(encoding="utf-8"))
    jsonschema.validate(document, schema)
    document["tenants"][0]["changes"][0]["more"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document, schema)


def _expiry(document: dict[str, Any]) -> None:
    document["expires"] = "2030-01-01T00:00:00Z"


def _wanted(document: dict[str, Any]) -> None:
    document["tenants"][0]["changes"][0]["desired"]["fields"]["a"] = 3


def _reason(document: dict[str, Any]) -> None:
    document["tenants"][0]["changes"][-1]["reason"] = "harmless"


def _manifest(document: dict[str, Any]) -> None:
    document["tenants"][0]["manifest"]["text"] += "# more\n"


def _digest(document: dict[str, Any]) -> None:
    document["digest"] = "sha256:" + "1" * 64


def _nothing(document: dict[str, Any]) -> None:
    document["tenants"] = []


def _unknown_action(document: dict[str, Any]) -> None:
    document["tenants"][0]["changes"][0]["action"] = "explode"


@pytest.mark.parametrize(
    ("tamper", "told"),
    [
        (_expiry, "the checksum of the file does not fit its content"),
        (_reason, "the checksum of the file does not fit its content"),
        (_wanted, "moph: the digest does not fit the changes"),
        (_manifest, "moph: the text of manifest does not fit its sha256"),
        (_digest, "the digest does not fit the agencies' plans"),
        (_nothing, "tenants"),
        (_unknown_action, "tenants.0.changes.0.action"),
    ],
)
def test_a_file_that_was_changed_is_refused(
    written: Path, tamper: Callable[[dict[str, Any]], None], told: str
) -> None:
    document = json.loads(written.read_text(encoding="utf-8"))
    tamper(document)
    written.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(errors.InvalidInput, match=r"moph\.plan") as refused:
        plan_file.read(written)
    assert told in str(refused.value)


def test_who_also_mends_the_checksum_is_told_by_the_digest(written: Path) -> None:
    document = json.loads(written.read_text(encoding="utf-8"))
    _wanted(document)
    rest = {k: v for k, v in document.items() if k != "checksum"}
    document["checksum"] = f"sha256:{item.content_hash(rest)}"
    written.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(errors.InvalidInput, match="the digest does not fit the changes"):
        plan_file.read(written)


@pytest.mark.parametrize(
    "content", [b"", b"kind: Plan\n", b"[]", b'{"kind": "AgencyMou"}', b"\xff"]
)
def test_what_is_no_plan_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plan"
    path.write_bytes(content)
    with pytest.raises(errors.InvalidInput, match="is no plan file"):
        plan_file.read(path)


def test_every_cut_of_a_file_is_refused(written: Path) -> None:
    whole = written.read_bytes().rstrip()
    for length in range(0, len(whole), 97):
        written.write_bytes(whole[:length])
        with pytest.raises(errors.InvalidInput):
            plan_file.read(written)


def test_a_plan_of_another_version_of_the_form_is_told_as_such(written: Path) -> None:
    document = json.loads(written.read_text(encoding="utf-8"))
    document["apiVersion"] = "gdcc.go.th/v9"
    written.write_text(json.dumps(document), encoding="utf-8")
    with pytest.raises(errors.InvalidInput, match="by another version of onboard"):
        plan_file.read(written)


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="cannot be written"):
        plan_file.write(tmp_path / "none" / "plan", made.saved())


def test_the_digest_of_several_agencies_covers_the_sorted_list() -> None:
    other = made.part(made.diff((), (), agency="bdi"))
    both = made.saved(made.part(), other)
    assert [p.tenant_id for p in both.parts] == ["bdi", "moph"]
    assert both.digest == item.content_hash([["bdi", other.digest], ["moph", made.part().digest]])
    assert made.saved().digest == made.part().digest
