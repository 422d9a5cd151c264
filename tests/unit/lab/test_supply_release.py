"""Official releases, from an HTTP server of our own put in the place of the real hosts."""

from __future__ import annotations

import functools
import hashlib
import http.server
import io
import socket
import tarfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from onboarding import errors, progress
from onboarding.lab import supply
from onboarding.lab.supply import cache, engine, release

CONTENT = b"#!/bin/sh\necho kube-apiserver v1.36.3\n"


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_request(self, *_: object) -> None:
        return

    def log_error(self, *_: object) -> None:
        return


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder that is served, and its address."""
    folder = tmp_path / "site"
    folder.mkdir()
    serve = functools.partial(Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield folder, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def mirrored(site: tuple[Path, str], tmp_path: Path) -> Callable[[str], engine.Engine]:
    """An engine of the real table whose hosts are all replaced by the user's file."""
    file = tmp_path / "engines.yaml"
    hosts = ", ".join(f"{name}: {site[1]}/{name}" for name in ("github", "kubernetes", "pulumi"))
    file.write_text(f"hosts: {{{hosts}}}", encoding="utf-8")
    return lambda name: engine.load(user_file=file)[name]


def publish(site: Path, url: str, content: bytes) -> Path:
    file = site / url.split("/", 3)[3]
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def packed(member: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        info = tarfile.TarInfo(member)
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def fetch(wanted: engine.Engine, folder: Path, hosts: release.Hosts | None = None) -> list[str]:
    notes: list[str] = []
    folder.mkdir(exist_ok=True)
    release.fetch(wanted, folder, hosts or release.Hosts(), threading.Event(), notes.append)
    return notes


def place(wanted: engine.Engine) -> engine.Release:
    assert wanted.release is not None
    return wanted.release


def test_a_bare_file_with_its_published_checksum_is_taken(
    site: tuple[Path, str], mirrored: Callable[[str], engine.Engine], tmp_path: Path
) -> None:
    wanted = mirrored("kube-apiserver")
    publish(site[0], place(wanted).url, CONTENT)
    publish(site[0], place(wanted).checksum, hashlib.sha256(CONTENT).hexdigest().encode())
    notes = fetch(wanted, tmp_path / "made")
    product = tmp_path / "made" / "kube-apiserver"
    assert product.read_bytes() == CONTENT
    assert product.stat().st_mode & 0o111
    assert [file.name for file in (tmp_path / "made").iterdir()] == ["kube-apiserver"]
    assert place(wanted).url in notes[0]


def test_one_member_of_an_archive_with_a_list_of_checksums_is_taken(
    site: tuple[Path, str], mirrored: Callable[[str], engine.Engine], tmp_path: Path
) -> None:
    wanted = mirrored("etcd")
    archive = packed(place(wanted).member, CONTENT)
    publish(site[0], place(wanted).url, archive)
    name = place(wanted).url.rsplit("/", 1)[1]
    lines = f"{'0' * 64}  other.tar.gz\n{hashlib.sha256(archive).hexdigest()}  {name}\n"
    publish(site[0], place(wanted).checksum, lines.encode())
    fetch(wanted, tmp_path / "made")
    assert (tmp_path / "made" / "etcd").read_bytes() == CONTENT


def test_a_wrong_checksum_is_refused_and_the_file_removed(
    site: tuple[Path, str], mirrored: Callable[[str], engine.Engine], tmp_path: Path
) -> None:
    wanted = mirrored("kube-apiserver")
    publish(site[0], place(wanted).url, CONTENT + b"tampered")
    publish(site[0], place(wanted).checksum, hashlib.sha256(CONTENT).hexdigest().encode())
    with pytest.raises(release.NotHadError, match="refused"):
        fetch(wanted, tmp_path / "made")
    assert list((tmp_path / "made").iterdir()) == []


def test_a_distribution_must_have_the_pinned_checksum_besides_the_published_one(
    site: tuple[Path, str], mirrored: Callable[[str], engine.Engine], tmp_path: Path
) -> None:
    wanted = mirrored("keycloak")
    archive = packed("keycloak-26.7.4/version.txt", b"Keycloak - Version 26.7.4")
    publish(site[0], place(wanted).url, archive)
    published = hashlib.sha1(archive, usedforsecurity=False).hexdigest()
    publish(site[0], place(wanted).checksum, published.encode())
    with pytest.raises(release.NotHadError, match="sha256"):
        fetch(wanted, tmp_path / "made")


@pytest.mark.parametrize("name", ["../evil", "{outside}/evil", "link/evil"])
def test_a_member_of_a_distribution_never_leaves_its_folder(
    mirrored: Callable[[str], engine.Engine], tmp_path: Path, name: str
) -> None:
    """As an archive would be whose checksum we pinned without looking."""
    folder, file = tmp_path / "made", tmp_path / "archive.tar.gz"
    folder.mkdir()
    with tarfile.open(file, "w:gz") as archive:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        members = [(tarfile.TarInfo(name.format(outside=tmp_path)), CONTENT)]
        for info, content in [(link, b"")] * name.startswith("link") + members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    with pytest.raises(release.NotHadError):
        release.unpack(mirrored("keycloak"), file, folder, "")
    assert not (tmp_path / "evil").exists()


def test_without_a_published_checksum_nothing_is_downloaded(
    site: tuple[Path, str], mirrored: Callable[[str], engine.Engine], tmp_path: Path
) -> None:
    wanted = mirrored("kube-apiserver")
    publish(site[0], place(wanted).url, CONTENT)
    with pytest.raises(release.NotHadError, match="404"):
        fetch(wanted, tmp_path / "made")
    publish(site[0], place(wanted).checksum, f"{'0' * 64}  other\n{'1' * 64}  another\n".encode())
    with pytest.raises(release.NotHadError, match="no checksum is published"):
        fetch(wanted, tmp_path / "made")
    assert list((tmp_path / "made").iterdir()) == []


def test_a_file_that_is_not_there_leaves_the_host_alive(
    site: tuple[Path, str], mirrored: Callable[[str], engine.Engine], tmp_path: Path
) -> None:
    hosts = release.Hosts()
    with pytest.raises(release.NotHadError, match="404"):
        fetch(mirrored("kube-apiserver"), tmp_path / "made", hosts)
    assert hosts.dead == set()


def test_an_archive_without_the_member_is_refused(
    site: tuple[Path, str], mirrored: Callable[[str], engine.Engine], tmp_path: Path
) -> None:
    wanted = mirrored("etcd")
    archive = packed("something/else", CONTENT)
    publish(site[0], place(wanted).url, archive)
    publish(site[0], place(wanted).checksum, hashlib.sha256(archive).hexdigest().encode())
    with pytest.raises(release.NotHadError, match="not in the archive"):
        fetch(wanted, tmp_path / "made")


def test_a_host_where_nobody_listens_is_given_up_at_once_and_asked_only_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    file = tmp_path / "engines.yaml"
    file.write_text(f"hosts: {{kubernetes: '{address}'}}", encoding="utf-8")
    hosts = release.Hosts()
    began = time.monotonic()
    with pytest.raises(release.NotHadError, match="does not answer"):
        fetch(engine.load(user_file=file)["kube-apiserver"], tmp_path / "made", hosts)
    assert time.monotonic() - began < 4
    monkeypatch.setattr(release, "_answers", lambda *_: pytest.fail("asked a dead host again"))
    with pytest.raises(release.NotHadError, match="does not answer"):
        fetch(engine.load(user_file=file)["kube-scheduler"], tmp_path / "made", hosts)


def test_a_host_that_accepts_and_stays_silent_is_given_up_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(release, "_READ_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        file = tmp_path / "engines.yaml"
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        file.write_text(f"hosts: {{kubernetes: '{address}'}}", encoding="utf-8")
        hosts = release.Hosts()
        with pytest.raises(release.NotHadError):
            fetch(engine.load(user_file=file)["kube-apiserver"], tmp_path / "made", hosts)
        assert len(hosts.dead) == 1


def test_a_stopped_download_ends_at_once(
    site: tuple[Path, str], mirrored: Callable[[str], engine.Engine], tmp_path: Path
) -> None:
    wanted = mirrored("kube-apiserver")
    publish(site[0], place(wanted).url, CONTENT)
    publish(site[0], place(wanted).checksum, hashlib.sha256(CONTENT).hexdigest().encode())
    stop = threading.Event()
    stop.set()
    with pytest.raises(errors.Interrupted):
        release.fetch(wanted, tmp_path, release.Hosts(), stop, lambda _: None)


def test_only_http_is_asked(tmp_path: Path) -> None:
    file = tmp_path / "engines.yaml"
    file.write_text(f"hosts: {{kubernetes: 'file://{tmp_path}'}}", encoding="utf-8")
    with pytest.raises(release.NotHadError, match="neither http nor https"):
        fetch(engine.load(user_file=file)["kube-apiserver"], tmp_path / "made")


TABLE = """
hosts: {mirror: http://127.0.0.1:1}
engines:
  go: {version: 1.26.0, command: {ask: [version], fits: later}}
  tool:
    version: 1.36.3
    command: {ask: [--version], fits: exact}
    release: {url: "{mirror}/tool-{version}", checksum: "{mirror}/tool-{version}.sha256"}
    build: {recipe: tool, target: "."}
"""


def supplied(
    site: tuple[Path, str], place: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[str, bytes]:
    """Source and content of ``tool``, whose build is a script of the test."""
    (place / "recipes" / "tool").mkdir(parents=True)
    (place / "engines.yaml").write_text(TABLE, encoding="utf-8")
    (place / "user.yaml").write_text(f"hosts: {{mirror: '{site[1]}'}}", encoding="utf-8")
    compiler = place / "bin" / "go"
    compiler.parent.mkdir()
    compiler.write_text(
        '#!/bin/sh\n[ "$1" = version ] && echo go1.26.8 && exit\n'
        'while [ "$1" != -o ]; do shift; done\n'
        "printf '#!/bin/sh\\necho v1.36.3 built\\n' > $2; chmod +x $2\n"
    )
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", f"{compiler.parent}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    table = engine.load(place / "engines.yaml", place / "user.yaml")
    path = supply.ensure(["tool"], progress.Silent(), table)["tool"]
    how = cache.supplied(table["tool"])
    assert how is not None
    return how.source, path.read_bytes()


def test_a_release_that_is_as_published_spares_the_build(
    site: tuple[Path, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site[0] / "tool-1.36.3").write_bytes(CONTENT)
    (site[0] / "tool-1.36.3.sha256").write_text(hashlib.sha256(CONTENT).hexdigest())
    assert supplied(site, tmp_path / "own", monkeypatch) == ("release", CONTENT)


@pytest.mark.parametrize("published", ["0" * 64, "nonsense", None])
def test_a_release_with_a_wrong_or_no_checksum_is_built_instead(
    site: tuple[Path, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    published: str | None,
) -> None:
    (site[0] / "tool-1.36.3").write_bytes(CONTENT)
    if published is not None:
        (site[0] / "tool-1.36.3.sha256").write_text(published)
    source, content = supplied(site, tmp_path / "own", monkeypatch)
    assert source == "built"
    assert content != CONTENT


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 64, ("sha256", "a" * 64)),
        ("A" * 40 + "\n", ("sha1", "a" * 40)),
        (f"{'b' * 128} *x.tgz", ("sha512", "b" * 128)),
        (f"{'b' * 64}  ./x.tgz", ("sha256", "b" * 64)),
    ],
)
def test_checksum_files_of_each_form_are_read(text: str, expected: tuple[str, str]) -> None:
    assert release.published(text, "x.tgz") == expected


@pytest.mark.parametrize("text", ["", "abc", "g" * 64, f"{'a' * 64}  y.tgz", "<html></html>"])
def test_what_holds_no_checksum_of_the_file_is_refused(text: str) -> None:
    with pytest.raises(release.NotHadError):
        release.published(text, "x.tgz")
