"""The version of the Pulumi plugin, which is asked by gRPC as Pulumi itself would."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import pytest

from onboarding.lab.supply import engine, installed, plugin, version

PLUGIN = """#!{python}
import sys
from concurrent import futures
import grpc

def answer(request, context):
    return bytes([10, len({told!r})]) + {told!r}

handler = grpc.method_handlers_generic_handler(
    "pulumirpc.ResourceProvider", {{"GetPluginInfo": grpc.unary_unary_rpc_method_handler(answer)}}
)
server = grpc.server(futures.ThreadPoolExecutor(1))
server.add_generic_rpc_handlers((handler,))
print(server.add_insecure_port("127.0.0.1:0"), flush=True)
server.start()
server.wait_for_termination()
"""
NAME = "pulumi-resource-kubernetes"


@pytest.fixture
def wanted() -> engine.Engine:
    return engine.load(user_file=Path("/nonexistent"))[NAME]


def put(folder: Path, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / NAME
    file.write_text(text)
    file.chmod(0o755)
    return file


def serving(told: bytes) -> str:
    return PLUGIN.format(python=sys.executable, told=told)


def test_a_plugin_tells_its_version(tmp_path: Path) -> None:
    assert plugin.reported(put(tmp_path, serving(b"v4.25.0"))) == version.Version(4, 25, 0)


@pytest.mark.parametrize(
    "text", ["#!/bin/sh\nexit 1\n", "#!/bin/sh\necho hello\n", "not a program", serving(b"")]
)
def test_what_tells_none_has_none(tmp_path: Path, text: str) -> None:
    assert plugin.reported(put(tmp_path, text)) is None


@pytest.mark.parametrize(("told", "found"), [(b"v4.25.0", True), (b"v4.26.0", False)])
def test_a_plugin_that_pulumi_installed_is_taken_in_the_exact_version(
    wanted: engine.Engine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    told: bytes,
    found: bool,
) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    file = put(tmp_path / "plugins" / "resource-kubernetes-v4.25.0", serving(told))
    assert installed.find(wanted) == (("path", file) if found else None)


def test_only_a_resource_plugin_is_looked_for_there(
    wanted: engine.Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PULUMI_HOME", str(tmp_path))
    put(tmp_path / "plugins" / "resource-kubernetes-v4.25.0", "#!/bin/sh\n")
    assert plugin.installed(dataclasses.replace(wanted, name="pulumi")) == []
