"""Which files of a folder are manifests."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from pathlib import Path

import pytest

from onboarding import capacity, crosscheck, errors, folder, progress, tenant
from tests.unit import folders


def read(*places: Path) -> list[folder.Read | folder.Refused | folder.Skipped]:
    return list(folder.read(folder.files(places), progress.Silent()))


def test_manifests_are_found_to_the_depth_in_the_order_of_names(tmp_path: Path) -> None:
    below = tmp_path / "b" / "deep"
    below.mkdir(parents=True)
    (tmp_path / ".git").mkdir()
    folders.write(tmp_path, "zoo")
    folders.write(below, "arts").rename(below / "arts.yml")
    folders.write(tmp_path / ".git", "hidden")
    (tmp_path / "notes.txt").write_text("agency: no YAML file\n", encoding="utf-8")
    found = [file.path.relative_to(tmp_path) for file in folder.files([tmp_path])]
    assert found == [Path("zoo.yaml"), Path("b/deep/arts.yml")]


def test_a_file_that_is_named_twice_is_read_once(tmp_path: Path) -> None:
    path = folders.write(tmp_path, "one")
    assert len(read(path, path, tmp_path)) == 1


def read_each(*places: Path) -> Iterator[folder.Read]:
    for one in folder.read(folder.files(places), progress.Silent()):
        assert isinstance(one, folder.Read)
        yield one


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("apiVersion: v1\nkind: Environment\nname: lab\n", "of kind Environment"),
        ("a: &x 1\nb: *x\n---\nkind: Service\n", "of kind Service"),
        ("- just\n- a list\n", "holds no agency"),
        ("id: moc\nusers: 900\n", "holds no agency"),
    ],
)
def test_what_clearly_is_something_else_is_skipped_with_the_reason(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "other.yaml"
    path.write_text(text, encoding="utf-8")
    assert read(tmp_path) == [folder.Skipped(path, reason)]
    assert isinstance(read(path)[0], folder.Refused), "named by the user it is an error"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kind: AgencyMou\n",
        "agency: {nameTh: ก}\n",
        "kind: AgencyMuo\nagency: {}\n",
        "a: [\nagency:",
    ],
)
def test_what_may_be_a_broken_manifest_is_never_skipped(tmp_path: Path, text: str) -> None:
    (tmp_path / "broken.yaml").write_text(text, encoding="utf-8")
    assert isinstance(read(tmp_path)[0], folder.Refused)


def test_a_folder_without_yaml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="there is no YAML file in"):
        folder.files([tmp_path])


def test_nothing_of_a_manifest_is_kept(tmp_path: Path) -> None:
    folders.write(tmp_path, "arts")
    together, needs = crosscheck.Crosscheck(), capacity.Needs()
    models = []
    for one in read_each(tmp_path):
        of = tenant.resolve(one.manifest)
        together.add(one.path, of)
        needs.add(of)
        models.append(weakref.ref(one.manifest))
        del of, one
    gc.collect()
    assert [model() for model in models] == [None]
