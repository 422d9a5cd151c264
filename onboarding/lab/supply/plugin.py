"""The version of Pulumi's Kubernetes plugin, which has no version command: it is asked by gRPC."""

from __future__ import annotations

import os
import selectors
import subprocess
from pathlib import Path

from onboarding.lab.supply import engine, version

_ASK_SECONDS = 20.0
_METHOD = "/pulumirpc.ResourceProvider/GetPluginInfo"
_NO_ENGINE = "127.0.0.1:1"


def installed(wanted: engine.Engine) -> list[Path]:
    """Files in Pulumi's own plugin folder that should be this plugin in this version."""
    prefix = "pulumi-"
    if not wanted.name.startswith(f"{prefix}resource-"):
        return []
    home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
    kind = wanted.name.removeprefix(prefix)
    file = home / "plugins" / f"{kind}-v{wanted.version}" / wanted.name
    return [file] if os.access(file, os.X_OK) else []


def reported(file: Path) -> version.Version | None:
    """Starts the plugin, asks ``GetPluginInfo`` on the port that it prints, and ends it."""
    try:
        child = subprocess.Popen(
            [str(file), _NO_ENGINE],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
    except OSError:
        return None
    try:
        port = _port(child)
        return None if port is None else _ask(port)
    finally:
        child.kill()
        child.communicate()


def _port(child: subprocess.Popen[bytes]) -> int | None:
    if child.stdout is None:
        return None
    with selectors.DefaultSelector() as ready:
        ready.register(child.stdout, selectors.EVENT_READ)
        if not ready.select(_ASK_SECONDS):
            return None
    line = child.stdout.readline().strip()
    return int(line) if line.isdigit() else None


def _ask(port: int) -> version.Version | None:
    import grpc

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        ask = channel.unary_unary(_METHOD, request_serializer=bytes, response_deserializer=bytes)
        try:
            answer = ask(b"", timeout=_ASK_SECONDS)
        except grpc.RpcError:
            return None
    # PluginInfo: field 1, a string, is the version.
    if len(answer) < 2 or answer[0] != 0x0A:
        return None
    return version.parse(answer[2 : 2 + answer[1]].decode(errors="replace"))
