"""A way to a port of a pod through the API server, where no other leads there.

By WebSocket (Kubernetes API, subresource ``portforward``); the API server asks for the right, and
records who took the way. What goes through it is inside the TLS of the API server.
"""

from __future__ import annotations

import contextlib
import json
import socket
from typing import Any
from urllib import parse

from onboarding import environment, errors, https
from onboarding.kube import login

_PROTOCOL = "v4.channel.k8s.io"
_DENIED = (401, 403, 422)
"""By rights, or (the last) by an admission policy of ours."""
_SECONDS = 30.0
"""To open it; what is asked for through it has its own deadlines."""


def tunnel(
    target: environment.Environment, role: environment.Role, namespace: str, pod: str, port: int
) -> https.Tunnel:
    """Opens connections to the pod's port, each of its own.

    Opening raises ``errors.Denied`` or ``errors.Unreachable``.
    """
    at = login.read(target.login(role).kubeconfig)
    path = f"/api/v1/namespaces/{namespace}/pods/{pod}/portforward?ports={port}"

    def opened() -> socket.socket:
        import websocket
        from kubernetes.stream import ws_client

        streams: Any = ws_client
        door: Any = websocket.WebSocket(skip_utf8_validation=True, sslopt={"context": at.tls})
        try:
            door.connect(
                at.server.replace("https://", "wss://", 1) + path,
                subprotocols=[_PROTOCOL],
                header=[f"Authorization: Bearer {at.token}"] if at.token else [],
                suppress_origin=True,
                timeout=_SECONDS,
                **_line(at),
            )
        except (websocket.WebSocketException, OSError) as problem:
            raise _refused(problem, role, f"{namespace}/{pod}") from problem
        door.settimeout(None)
        way: socket.socket = streams.PortForward(door, [port]).socket(port)
        return way

    return opened


def _line(at: login.Login) -> dict[str, Any]:
    """By the kubeconfig's proxy, or directly: never by a proxy of the user's shell."""
    if at.proxy:
        by = parse.urlsplit(at.proxy)
        return {"http_proxy_host": by.hostname, "http_proxy_port": by.port, "proxy_type": "http"}
    to = parse.urlsplit(at.server)
    plain = socket.create_connection((to.hostname or "", to.port or 443), _SECONDS)
    return {"socket": at.tls.wrap_socket(plain, server_hostname=to.hostname)}


def _refused(problem: Exception, role: environment.Role, pod: str) -> errors.OnboardError:
    if getattr(problem, "status_code", 0) in _DENIED:
        return errors.Denied(
            f"the cluster does not allow the role {role.value!r} to reach into the pod {pod}",
            details=[_said(problem)],
            resolution="Run: onboard bootstrap    (it gives each role the rights it needs)",
        )
    return errors.Unreachable(
        f"the pod {pod} cannot be reached through the API server",
        details=[_said(problem)],
        resolution="See that it runs, then run the same command again.",
    )


def _said(problem: Exception) -> str:
    """In the API server's own words, where it gave some."""
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        return str(json.loads(getattr(problem, "resp_body", b"")).get("message"))
    return https.reason(problem)
