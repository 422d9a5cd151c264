"""A proxy in front of the API server, OpenBao and Keycloak that counts, kills and spoils.

It ends TLS with the lab's own server certificate, so a run believes it speaks with the systems::

    with proxy.Proxy(lab, folder) as between:             # folder: for the environment file
        between.plan = lambda asked: proxy.RESET if asked.number == 7 else None
        ended = between.onboard("apply", file, "--yes")   # through the proxy
        between.writes                                    # what it wrote, numbered from 1

The environment that a run sees is the lab's own (same name, addresses, state, pins and
credentials), so what it plans is the same with and without the proxy, and a plain
``onboard apply`` goes on where a run through the proxy was killed. Only the ways lead elsewhere:
the kubeconfigs name the proxy (for Pulumi and Ansible too), and ``launch`` turns connections of
onboard's own process to Vault and Keycloak. Those two keep their address in every request, as
Keycloak's issuer and the audience of its client assertions ask for.

``plan`` is asked once for every request, read or write, and returns what becomes of it: one of
the faults below, or None. ``asked.number`` counts the writing requests of a run from 1 (0 for
what writes nothing); ``asked.key`` names a write however parallel requests arrive: the same in
every run of an agency, with ids of single runs left out. ``begin`` starts the count anew.
"""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import os
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib import parse

import yaml

from onboarding import environment
from tests.faults import processes
from tests.running import ROOT, Done

SYSTEMS = ("cluster", "vault", "keycloak")
PRODUCT = "product"
"""The configuration API of an e-Office."""
_ROLES = (environment.Role.PLANNER, environment.Role.APPLIER, environment.Role.AUDITOR)
_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_LONGEST = 120.0


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: ``path`` with its query; ``number`` from 1 where it writes, else 0."""

    number: int
    system: str
    method: str
    path: str
    body: bytes = field(repr=False, default=b"")
    times: int = 1
    """How often this run has asked for the same."""
    line: int = 0
    """The port of its connection: whoever asks again does so on the same one."""
    at: float = field(default_factory=time.time)

    @property
    def key(self) -> str:
        path = _ID.sub("{id}", self.path.partition("?")[0])
        return f"{self.system} {self.method} {path} #{self.times}"


@dataclass(frozen=True, slots=True)
class Fault:
    """``forward``: the system gets the request. ``deed``: what then becomes of the answer.

    ``kill`` ends the run (with ``forward`` its answer is lost, for nobody is there to take it);
    ``pass-and-kill`` gives the answer first; ``reset`` ends the connection by RST; ``half-reset``
    and ``half`` pass half of the body, then reset or close it; ``answer`` is an answer of our own;
    ``silence`` leaves the request unanswered; ``pass`` changes nothing after ``seconds``.
    """

    deed: str
    forward: bool = True
    seconds: float = 0.0
    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


KILL_BEFORE = Fault("kill", forward=False)
KILL_AFTER = Fault("kill")
KILL_PASSED = Fault("pass-and-kill")
RESET = Fault("reset", forward=False)
LOSE_REPLY = Fault("reset")
RESET_MID_BODY = Fault("half-reset")
TRUNCATE = Fault("half")
SILENCE = Fault("silence", forward=False)
DROP_REPLY = Fault("silence")


def delay(seconds: float) -> Fault:
    return Fault("pass", seconds=seconds)


def answer(status: int, headers: Mapping[str, str] | None = None, body: bytes = b"{}") -> Fault:
    """An answer that the system never gave, e.g. ``answer(429, {"Retry-After": "2"})``."""
    return Fault("answer", forward=False, status=status, headers=headers or {}, body=body)


Plan = Callable[[Asked], Fault | None]


def writes(system: str, method: str, path: str, content_type: str, body: bytes) -> bool:
    """Whether a request changes persisted state: no read, question, token request or sign-in."""
    if method not in ("POST", "PUT", "PATCH", "DELETE"):
        return False
    place, _, query = path.partition("?")
    if system == "cluster":
        last = place.rstrip("/").rpartition("/")[2]
        questions = last == "token" or last.endswith("reviews") or "dryRun=All" in query
        return not questions and not _only_tests(content_type, body)
    if system == "vault":
        below = place.removeprefix("/v1/")
        return not (
            below.startswith(("auth/token/", "sys/capabilities", "identity/lookup/"))
            or (below.startswith("auth/") and "/login" in below)
            or "/lookup" in below
        )
    if system == PRODUCT:
        return not place.endswith("/auth/token/obtain/")
    return place.startswith("/admin/")


def _only_tests(content_type: str, body: bytes) -> bool:
    """A JSON patch that asks and changes nothing, or has no step at all (Pulumi's provider)."""
    if "json-patch" not in content_type:
        return False
    try:
        return all(step.get("op") == "test" for step in json.loads(body) or ())
    except (ValueError, AttributeError, TypeError):
        return False


class Between:
    """In front of any server; ``writes`` and ``asked`` hold what came since ``begin``."""

    def __init__(self) -> None:
        self.plan: Plan = lambda _: None
        self.hear: Callable[[bytes], None] = lambda _: None
        """Is given the body of every answer that was passed on whole."""
        self.asked: list[Asked] = []
        self.victim: subprocess.Popen[Any] | None = None
        self.killed = False
        self._lock = threading.Lock()
        self._seen: Counter[tuple[bool, str, str, str]] = Counter()
        self._fronts: dict[str, _Front] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for front in self._fronts.values():
            front.close()

    def listen(self, system: str, address: str, ca: Path, tls: ssl.SSLContext) -> int:
        """Stand in front of ``address``, which ``ca`` vouches for; the port to ask instead."""
        self._fronts[system] = _Front(self, system, address, ca, tls)
        return self._fronts[system].port

    @property
    def writes(self) -> list[Asked]:
        return [a for a in self.asked if a.number]

    def begin(self) -> None:
        """Count from 1 again, with nobody to kill."""
        with self._lock:
            self.asked.clear()
            self._seen.clear()
            self.killed = False
            self.victim = None

    def note(
        self, system: str, method: str, path: str, content_type: str, body: bytes, line: int
    ) -> Asked:
        with self._lock:
            number = 0
            if writes(system, method, path, content_type, body):
                number = len(self.writes) + 1
            same = (number > 0, system, method, _ID.sub("{id}", path.partition("?")[0]))
            self._seen[same] += 1
            asked = Asked(number, system, method, path, body, self._seen[same], line)
            self.asked.append(asked)
            return asked

    def kill(self) -> None:
        """Kill the run with everything it started; nothing it still asks is passed on."""
        with self._lock:
            self.killed = True
            if self.victim is not None:
                processes.kill_tree(self.victim.pid)


class Proxy(Between):
    """See the module."""

    def __init__(self, target: environment.Environment, folder: Path) -> None:
        super().__init__()
        self.target = target
        self.folder = folder

    def __enter__(self) -> Self:
        labs = environment.labs_folder() / self.target.name / "pki"
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(labs / "server.crt", labs / "server.key")
        addresses = {
            "cluster": self.target.cluster.server,
            "vault": self.target.vault.address,
            "keycloak": self.target.keycloak.address,
        }
        for system, address in addresses.items():
            self.listen(system, address, self.target.vault.ca_file, tls)
        self._write_environment()
        return self

    @property
    def environment_file(self) -> Path:
        return self.folder / "onboard.yaml"

    def onboard(self, *words: str, spec: Mapping[str, Any] | None = None) -> Done:
        """Run a command through the proxy to its end, however it ends. See ``launch`` for spec."""
        self.begin()
        with self.started(*words, spec=spec) as child:
            out, err = child.communicate(timeout=900)
        return Done(child.returncode, out, err)

    @contextlib.contextmanager
    def started(
        self, *words: str, spec: Mapping[str, Any] | None = None
    ) -> Iterator[subprocess.Popen[str]]:
        """A command through the proxy, in a session of its own; killed whole at the end."""
        told = {"ports": {str(f.behind): f.port for f in self._fronts.values()}, **(spec or {})}
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.launch", json.dumps(told), *words],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={
                **{k: v for k, v in os.environ.items() if not k.startswith("ONBOARD_")},
                "NO_COLOR": "1",
                "CI": "true",
                "ONBOARD_ENVIRONMENT": str(self.environment_file),
            },
        )
        self.victim = child
        try:
            yield child
        finally:
            processes.kill_tree(child.pid)
            child.wait(30)
            for stream in (child.stdout, child.stderr):
                if stream is not None:
                    stream.close()

    def _write_environment(self) -> None:
        credentials = dict(self.target.credentials)
        server = f"https://127.0.0.1:{self._fronts['cluster'].port}"
        for role in _ROLES:
            login = credentials[role]
            content = yaml.safe_load(login.kubeconfig.read_text(encoding="utf-8"))
            for cluster in content["clusters"]:
                cluster["cluster"]["server"] = server
            path = self.folder / f"{role.value}.kubeconfig"
            path.touch(0o600)
            path.write_text(yaml.safe_dump(content), encoding="utf-8")
            credentials[role] = login.model_copy(update={"kubeconfig": path})
        through = self.target.model_copy(update={"credentials": credentials})
        environment.save(self.environment_file, through)


class _Front(http.server.ThreadingHTTPServer):
    """What listens in the place of one system."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(
        self, proxy: Between, system: str, address: str, ca: Path, tls: ssl.SSLContext
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Relay)
        self.proxy = proxy
        self.system = system
        self.tls = tls
        url = parse.urlsplit(address)
        self.behind = int(url.port or 443)
        self.trust = ssl.create_default_context(cafile=str(ca))
        self.port = int(self.server_address[1])
        threading.Thread(target=self.serve_forever, name=f"proxy {system}", daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed says goodbye in many ways; anything else is our own mistake."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Relay(http.server.BaseHTTPRequestHandler):
    """One connection of a client; every request of it goes to the system on one of its own."""

    protocol_version = "HTTP/1.1"
    server: _Front

    def setup(self) -> None:
        self.request.settimeout(_LONGEST)
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().finish()
        # The server closes the plain connection, which the one with TLS has taken over.
        self.request.close()

    def log_message(self, *_: Any) -> None:
        """What was asked is kept by the proxy."""

    def relay(self) -> None:
        front, proxy = self.server, self.server.proxy
        body = self._body()
        content_type = self.headers.get("Content-Type", "")
        line = int(self.client_address[1])
        asked = proxy.note(front.system, self.command, self.path, content_type, body, line)
        fault = proxy.plan(asked) or Fault("pass")
        if fault.seconds:
            time.sleep(fault.seconds)
        if proxy.killed:
            self._reset()
            return
        if not fault.forward:
            self._spoil(fault)
            return
        upstream = http.client.HTTPSConnection(
            "127.0.0.1", front.behind, context=front.trust, timeout=_LONGEST
        )
        try:
            upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                    upstream.putheader(name, value)
            if body or self.command in ("POST", "PUT", "PATCH"):
                upstream.putheader("Content-Length", str(len(body)))
            upstream.endheaders(body or None)
            got = upstream.getresponse()
            if fault.deed == "pass":
                self._pass(got)
                return
            whole = got.read()
            self._spoil(fault, got, whole)
        except (OSError, http.client.HTTPException):
            self._reset()
        finally:
            upstream.close()

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            parts = []
            while size := int(self.rfile.readline().partition(b";")[0], 16):
                parts.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(parts)
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _head(self, got: http.client.HTTPResponse, length: int | None) -> bool:
        """Send status and headers; whether the body goes in chunks."""
        self.send_response_only(got.status, got.reason)
        for name, value in got.getheaders():
            if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                self.send_header(name, value)
        bodiless = self.command == "HEAD" or got.status in (204, 304)
        chunked = length is None and not bodiless
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        elif length is not None and not bodiless:
            self.send_header("Content-Length", str(length))
        self.end_headers()
        return chunked

    def _pass(self, got: http.client.HTTPResponse) -> None:
        """Piece by piece, for a watch has no end."""
        chunked = self._head(got, got.length)
        self.wfile.flush()
        whole = b""
        while piece := got.read1(65536):
            self.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece) if chunked else piece)
            whole += piece
        self.server.proxy.hear(whole)
        if chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _spoil(
        self, fault: Fault, got: http.client.HTTPResponse | None = None, whole: bytes = b""
    ) -> None:
        match fault.deed:
            case "kill":
                self.server.proxy.kill()
            case "answer":
                self.send_response_only(fault.status)
                for name, value in fault.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(fault.body)))
                self.end_headers()
                self.wfile.write(fault.body)
                return
            case "silence":
                while not self.server.proxy.killed and self._waits():
                    time.sleep(0.1)
            case "pass-and-kill" | "half" | "half-reset" if got is not None:
                cut = len(whole) if fault.deed == "pass-and-kill" else len(whole) // 2
                self._head(got, len(whole))
                self.wfile.write(whole[:cut])
                self.wfile.flush()
                if fault.deed == "pass-and-kill":
                    self.server.proxy.kill()
                if fault.deed == "half":
                    self.close_connection = True
                    self.connection.shutdown(socket.SHUT_WR)
                    return
            case _:
                pass
        self._reset()

    def _waits(self) -> bool:
        """Whether the client is still there."""
        self.connection.settimeout(0.2)
        try:
            return bool(self.connection.recv(1))
        except TimeoutError:
            return True
        except OSError:
            return False

    def _reset(self) -> None:
        """End the connection by RST, not in good order."""
        self.close_connection = True
        with contextlib.suppress(OSError, ValueError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = relay  # noqa: N815
    do_LIST = do_SCAN = do_OPTIONS = relay  # noqa: N815 - methods of OpenBao
