"""The official release of an engine, downloaded and held to its published checksum."""

from __future__ import annotations

import hashlib
import http.client
import os
import socket
import tarfile
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from onboarding import errors
from onboarding.lab.supply import engine

_CONNECT_SECONDS = 3.0
_READ_SECONDS = 30.0
_CHUNK = 1 << 20
_CHECKSUM_LIMIT = 1 << 20
_BROKEN = (OSError, http.client.HTTPException)
_ALGORITHMS = {40: "sha1", 64: "sha256", 128: "sha512"}


class NotHadError(Exception):
    """This source cannot supply the engine; the text says why. Another source may."""


@dataclass(slots=True)
class Hosts:
    """The hosts that did not answer in this run: each is waited for once."""

    dead: set[str] = field(default_factory=set)

    def require(self, url: str) -> None:
        """Raises ``NotHadError`` where nobody answers at the URL's host within three seconds."""
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise NotHadError(f"{url} is neither http nor https")
        host, port = _door(url)
        name = f"{host}:{port}"
        if name in self.dead:
            raise NotHadError(f"{host} does not answer")
        if not _answers(host, port):
            self.dead.add(name)
            raise NotHadError(f"{host} does not answer")

    def lost(self, url: str) -> None:
        """Remembers that the host stopped answering."""
        host, port = _door(url)
        self.dead.add(f"{host}:{port}")


def fetch(
    wanted: engine.Engine,
    folder: Path,
    hosts: Hosts,
    stop: threading.Event,
    note: Callable[[str], None],
) -> None:
    """Puts the engine's product into ``folder``.

    Raises ``NotHadError`` where the release cannot be had or does not have its published checksum,
    ``errors.Interrupted`` when stopped; OSError of the own disk is the caller's.
    """
    source = wanted.release
    if source is None:
        raise NotHadError("no release with a published checksum is known")
    expected = published(_text(source.checksum, hosts), Path(_path(source.url)).name)
    note(f"downloading {source.url}")
    file = folder / ".download"
    sums = {expected[0]: expected[1]}
    if wanted.artifact is not None:
        sums["sha256"] = wanted.artifact.sha256
    found = _download(source.url, file, hosts, stop, set(sums))
    for algorithm, value in sums.items():
        if found[algorithm] != value:
            file.unlink()
            raise NotHadError(
                f"refused: {source.url} has {algorithm} {found[algorithm]}, published is {value}"
            )
    unpack(wanted, file, folder, source.member)
    file.unlink(missing_ok=True)


def published(text: str, name: str) -> tuple[str, str]:
    """Algorithm and checksum of ``name`` in a checksum file: a bare sum, or lines ``sum  name``.

    Raises ``NotHadError`` where it holds none.
    """
    lines = [line.split() for line in text.splitlines() if line.strip()]
    for words in lines:
        named = Path(words[-1].lstrip("*")).name == name if len(words) > 1 else len(lines) == 1
        value = words[0].lower()
        if named and len(value) in _ALGORITHMS and set(value) <= set("0123456789abcdef"):
            return _ALGORITHMS[len(value)], value
    raise NotHadError(f"no checksum is published for {name}")


def unpack(wanted: engine.Engine, file: Path, folder: Path, member: str) -> None:
    """The product out of the verified download: a bare file, one member, or a whole folder.

    Raises ``NotHadError`` where the archive does not hold it.
    """
    product = folder / wanted.product()
    try:
        if wanted.artifact is not None:
            with tarfile.open(file) as archive:
                archive.extraction_filter = getattr(tarfile, "data_filter", None)
                archive.extractall(folder, _inside(archive, folder))  # noqa: S202 - only what stays
        elif member:
            with tarfile.open(file) as archive:
                content = archive.extractfile(_member(archive, member))
                if content is None:
                    raise NotHadError(f"{member} is not a file in the archive")
                with content, product.open("wb") as out:
                    while chunk := content.read(_CHUNK):
                        out.write(chunk)
        else:
            file.rename(product)
    except (tarfile.TarError, EOFError, KeyError) as error:
        raise NotHadError(f"the archive cannot be read: {error}") from error
    if wanted.artifact is None:
        product.chmod(0o755)
    elif not product.is_dir():
        raise NotHadError(f"the archive does not hold {wanted.product()}")


def _inside(archive: tarfile.TarFile, folder: Path) -> list[tarfile.TarInfo]:
    """All members; each is a file or folder below ``folder``. Python looks since 3.11.4 only."""
    members = archive.getmembers()
    for info in members:
        place = Path(os.path.normpath(folder / info.name))
        if not (info.isreg() or info.isdir()) or not place.is_relative_to(folder):
            raise NotHadError(f"{info.name} in the archive is no file or folder below its own")
    return members


def _member(archive: tarfile.TarFile, name: str) -> tarfile.TarInfo:
    for info in archive:
        if info.name.removeprefix("./") == name:
            return info
    raise NotHadError(f"{name} is not in the archive")


def _text(url: str, hosts: Hosts) -> str:
    hosts.require(url)
    try:
        with _open(url) as answer:
            return bytes(answer.read(_CHECKSUM_LIMIT)).decode(errors="replace")
    except urllib.error.HTTPError as error:
        raise NotHadError(f"no checksum: {url} answers {error.code}") from error
    except _BROKEN as error:
        hosts.lost(url)
        raise NotHadError(f"{url}: {error}") from error


def _download(
    url: str, file: Path, hosts: Hosts, stop: threading.Event, algorithms: set[str]
) -> dict[str, str]:
    hosts.require(url)
    seals = {name: hashlib.new(name, usedforsecurity=name != "sha1") for name in algorithms}
    with file.open("wb") as out:
        try:
            answer = _open(url)
        except urllib.error.HTTPError as error:
            raise NotHadError(f"{url} answers {error.code}") from error
        except _BROKEN as error:
            hosts.lost(url)
            raise NotHadError(f"{url}: {error}") from error
        with answer:
            while chunk := _chunk(answer.read, url, hosts):
                if stop.is_set():
                    raise errors.Interrupted("the download was stopped")
                out.write(chunk)
                for seal in seals.values():
                    seal.update(chunk)
    return {name: seal.hexdigest() for name, seal in seals.items()}


def _open(url: str) -> http.client.HTTPResponse:
    # Hosts.require has let nothing but http and https pass.
    answer: http.client.HTTPResponse = urllib.request.urlopen(  # noqa: S310
        url, timeout=_READ_SECONDS
    )
    return answer


def _chunk(read: Callable[[int], bytes], url: str, hosts: Hosts) -> bytes:
    # Apart from writing, so that a broken connection is never taken for a failing disk.
    try:
        return read(_CHUNK)
    except _BROKEN as error:
        hosts.lost(url)
        raise NotHadError(f"{url} broke off: {error}") from error


def _path(url: str) -> str:
    return urllib.parse.urlsplit(url).path


def _door(url: str) -> tuple[str, int]:
    """Host and port that a request to ``url`` connects to: a proxy's where one is configured."""
    parts = urllib.parse.urlsplit(url)
    proxy = urllib.request.getproxies().get(parts.scheme)
    if proxy and not urllib.request.proxy_bypass(parts.hostname or ""):
        parts = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
    return parts.hostname or "", parts.port or {"https": 443}.get(parts.scheme, 80)


def _answers(host: str, port: int) -> bool:
    # In a thread: looking up a name has no time limit of its own.
    opened: list[bool] = []

    def knock() -> None:
        try:
            socket.create_connection((host, port), _CONNECT_SECONDS).close()
        except (OSError, UnicodeError):
            return
        opened.append(True)

    attempt = threading.Thread(target=knock, daemon=True)
    attempt.start()
    attempt.join(_CONNECT_SECONDS)
    return bool(opened)
