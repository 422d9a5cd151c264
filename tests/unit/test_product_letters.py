"""What is taken out of a Mayan EDMS: files with their digests, and what is said of letters."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import pytest

from onboarding import errors, product_api
from onboarding.product_api.mayan import api, ids, letters

CONTENT = b"%PDF-1.7 a letter"
FILE = {
    "id": 4,
    "filename": "หนังสือ/ออก:1.pdf",
    "checksum": hashlib.sha256(CONTENT).hexdigest(),
    "mimetype": "application/pdf",
    "timestamp": "2026-11-23T09:00:00+07:00",
    "comment": "",
}
LETTER = {
    "id": 7,
    "uuid": "8da365f8-0f50-403e-beb6-77f55196a844",
    "label": "ขอเชิญประชุม",
    "description": "",
    "datetime_created": "2026-11-23T08:59:00+07:00",
    "document_type": {"label": "กระทรวง [mot/mot]"},
}
STEP = {
    "datetime": "2026-11-23T09:01:00+07:00",
    "user": {"username": "ps"},
    "transition": {"label": "ลงนาม"},
    "comment": "",
}
FILED: dict[str, list[dict[str, Any]]] = {
    "/documents/?_ordering=id": [LETTER],
    "/documents/": [LETTER],
    "/documents/7/files/": [FILE],
    "/documents/7/metadata/": [{"metadata_type": {"name": "speed"}, "value": "ด่วน"}],
    "/documents/7/workflow_instances/": [{"id": 2, "workflow_template": {"label": "งานสารบรรณ"}}],
    "/documents/7/workflow_instances/2/log_entries/": [
        {**STEP, "user": None, "transition": None},
        STEP,
    ],
    "/documents/7/comments/": [],
    "/documents/7/tags/": [{"label": "ข"}, {"label": "ก"}],
    "/documents/7/versions/": [
        {"timestamp": "2026-11-23T09:00:01+07:00", "active": True, "comment": ""}
    ],
    f"/objects/{ids.LETTER}/7/events/": [
        {
            "timestamp": "2026-11-23T09:01:00+07:00",
            "actor": {"username": "ps"},
            "verb": {"id": "documents.document_view"},
        }
    ],
    "/sequences/": [
        {"label": "หนังสือส่ง", "next_value": "4", "backend_data": '{"value_first": 1}'},
        {"label": "หนังสือรับ", "next_value": "10", "backend_data": {"value_first": 10}},
    ],
}


class Told(api.Api):
    """A product that tells what it is given."""

    def __init__(self, *, binned: int = 0) -> None:
        self._lists = dict(FILED)
        self._binned = binned

    def every(self, path: str, *only: str) -> Iterator[dict[str, Any]]:
        return iter(self._lists[path])

    def get(self, path: str) -> dict[str, Any]:
        return {"count": self._binned if path.startswith("/trashed") else 1}

    def content(self, path: str) -> bytes:
        assert path == "/documents/7/files/4/download/"
        return CONTENT


def stored(door: Told) -> dict[str, product_api.Stored]:
    return {one.path: one for one in letters.stored(door)}


def test_letters_and_the_numbers_that_were_taken_are_counted() -> None:
    assert letters.count(Told()) == product_api.Held(letters=1, entries=3)


def test_letters_in_the_bin_are_never_left_behind() -> None:
    with pytest.raises(errors.Refused, match=r"2 letter\(s\) lie in the bin"):
        letters.count(Told(binned=2))


def test_each_file_is_there_with_the_digest_that_the_product_keeps() -> None:
    found = stored(Told())
    file = found[f"{LETTER['uuid']}/4-หนังสือ_ออก_1.pdf"]
    assert file.sha256 == FILE["checksum"]
    assert file.read() == CONTENT
    for path, one in found.items():
        assert hashlib.sha256(one.read()).hexdigest() == one.sha256, path


def test_what_is_said_of_a_letter_can_be_read_without_the_product() -> None:
    found = stored(Told())
    told = json.loads(found[f"{LETTER['uuid']}/letter.json"].read())
    assert told["title"] == "ขอเชิญประชุม"
    assert told["fields"] == {"speed": "ด่วน"}
    assert told["tags"] == ["ก", "ข"]
    assert [(one["by"], one["step"]) for one in told["steps"]] == [("", ""), ("ps", "ลงนาม")]
    assert [(one["by"], one["event"]) for one in told["events"]] == [
        ("ps", "documents.document_view")
    ]
    assert [one["shown"] for one in told["versions"]] == [True]
    (file,) = told["files"]
    assert (file["name"], file["sha256"]) == (FILE["filename"], FILE["checksum"])
    assert file["path"] in found
    assert "ขอเชิญประชุม" in found["letters.csv"].read().decode()
    assert "หนังสือส่ง,4" in found["registers.csv"].read().decode()


def test_a_list_that_lacks_a_letter_ends_the_export() -> None:
    short = Told()
    short._lists["/documents/?_ordering=id"] = []
    with pytest.raises(errors.EngineFailed, match="came or went") as caught:
        stored(short)
    assert caught.value.details == (f"{LETTER['uuid']}: filed meanwhile",)


def test_a_file_that_was_never_stored_to_its_end_ends_the_export() -> None:
    half = Told()
    half._lists["/documents/7/files/"] = [{**FILE, "checksum": None}]
    with pytest.raises(errors.EngineFailed, match="never stored to its end"):
        stored(half)


@pytest.mark.parametrize(
    "said", ["../../x", "..", "", "/", "ก" * 200 + ".pdf", "a\x00b\n.pdf", "x." + "y" * 300]
)
def test_no_name_of_a_file_leads_out_of_its_folder_or_is_too_long(said: str) -> None:
    door = Told()
    door._lists["/documents/7/files/"] = [{**FILE, "filename": said}]
    (path,) = [PurePosixPath(path) for path in stored(door) if "/4-" in path]
    assert path.parent == PurePosixPath(str(LETTER["uuid"]))
    assert 2 < len(path.name.encode()) <= 255
    assert path.name.isprintable()
