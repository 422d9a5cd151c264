"""Sites on the real node: each host with its own certificate, and its pods behind it."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from cryptography import x509

from onboarding.lab import component
from onboarding.lab.real import sites
from tests.contract.servers import tls
from tests.integration.real.conftest import Cluster, command, eventually, must

pytestmark = [pytest.mark.real, pytest.mark.timeout(3600)]

_HOST = "letters.agency.test"
_PORT = 8000
_STARTED = "jsonpath={.items[*].status.containerStatuses[*].containerID}"
"""Another one after each start."""


def _certificate() -> tuple[str, str]:
    return tls.certificate(_HOST, x509.DNSName(_HOST))


def _secret(certificate: str, key: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "tls"},
        "type": "kubernetes.io/tls",
        "stringData": {"tls.crt": certificate, "tls.key": key},
    }


def _answer(node: str, trust: str) -> str:
    """What the host answers at the node's address; "" while it answers nothing we believe."""
    context = ssl.create_default_context(cadata=trust)
    connection = http.client.HTTPSConnection(_HOST, timeout=5)
    try:
        plain = socket.create_connection((node, 443), timeout=5)
        connection.sock = context.wrap_socket(plain, server_hostname=_HOST)
        connection.request("GET", "/")
        answered = connection.getresponse()
        return answered.read().decode() if answered.status == 200 else ""
    except OSError:
        return ""
    finally:
        connection.close()


def test_a_host_is_served_with_its_own_certificate_and_with_a_renewed_one(
    lab: component.Lab, namespaces: Callable[[str], Cluster]
) -> None:
    certificate, key = _certificate()
    cluster = namespaces("real-ingress")
    cluster.pod("letters", "serve", f":{_PORT}")
    backend = {"service": {"name": "letters", "port": {"number": 80}}}
    cluster.apply(
        _secret(certificate, key),
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "letters"},
            "spec": {
                "selector": {"app": "letters"},
                "ports": [{"port": 80, "targetPort": _PORT}],
            },
        },
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "Ingress",
            "metadata": {"name": "letters"},
            "spec": {
                "ingressClassName": "gdcc",
                "tls": [{"hosts": [_HOST], "secretName": "tls"}],
                "rules": [
                    {
                        "host": _HOST,
                        "http": {
                            "paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]
                        },
                    }
                ],
            },
        },
    )
    node = sites.address(lab)
    assert eventually(lambda: _answer(node, certificate) == "letters\n", seconds=120)
    assert _answer(node, _certificate()[0]) == ""

    gateway = Cluster(lab, "gdcc-gateway")
    started = ("get", "pods", "-l", "app=traefik", "-o", _STARTED)
    before = must(gateway.ask(*started)).out
    renewed, key = _certificate()
    cluster.apply(_secret(renewed, key))
    assert eventually(lambda: _answer(node, renewed) == "letters\n", seconds=120)
    assert _answer(node, certificate) == ""
    assert must(gateway.ask(*started)).out == before != ""

    ingress = cluster.ask("get", "ingress", "letters", "-o", "jsonpath={.status}").out
    assert node in ingress
    shown = json.loads(must(command("status", "--output", "json")).out)["sites"]
    assert shown["address"] == node
    assert _HOST in shown["hosts"]


def test_a_host_that_nobody_has_is_shown_no_certificate(lab: component.Lab) -> None:
    context = ssl.create_default_context()
    with (
        socket.create_connection((sites.address(lab), 443), timeout=5) as plain,
        pytest.raises(ssl.SSLError, match=r"(?i)unrecognized.name"),
    ):
        context.wrap_socket(plain, server_hostname="nobody.test")


def test_plain_http_is_sent_to_tls(lab: component.Lab) -> None:
    connection = http.client.HTTPConnection(sites.address(lab), timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": _HOST})
        answered = connection.getresponse()
    finally:
        connection.close()
    assert answered.status in (301, 308)
    assert answered.headers["Location"].startswith(f"https://{_HOST}/")
