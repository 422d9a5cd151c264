"""Signing in to a cluster from a kubeconfig: what is understood, and what is refused."""

from __future__ import annotations

import base64
import json
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from onboarding import errors
from onboarding.kube import kinds, login


def kubeconfig(folder: Path, user: dict[str, Any], **cluster: Any) -> Path:
    path = folder / "kubeconfig"
    content = {
        "clusters": [{"name": "c", "cluster": {"server": "https://a.invalid/", **cluster}}],
        "users": [{"name": "u", "user": user}],
        "contexts": [
            {"name": "x", "context": {"cluster": "c", "user": "u"}},
            {"name": "y", "context": {"cluster": "c", "user": "gone"}},
        ],
        "current-context": "x",
    }
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return path


def token(seconds_left: float) -> str:
    claims = json.dumps({"exp": int(time.time() + seconds_left)}).encode()
    return f"e30.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.sig"


def test_a_token_is_read_with_its_end(tmp_path: Path) -> None:
    found = login.read(kubeconfig(tmp_path, {"token": token(3600)}))
    assert found.server == "https://a.invalid"
    assert found.expires is not None
    assert found.token not in repr(found)


def test_a_token_file_is_looked_for_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "t").write_text("abc\n", encoding="utf-8")
    assert login.read(kubeconfig(tmp_path, {"tokenFile": "t"})).token == "abc"


def test_an_expired_token_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(errors.Denied, match=r"ended on .*\n  the clock of this computer says"):
        login.read(kubeconfig(tmp_path, {"token": token(-5)}))


@pytest.mark.parametrize(
    ("user", "cluster", "why"),
    [
        ({"exec": {"command": "x"}}, {}, "plugin"),
        ({"auth-provider": {}}, {}, "plugin"),
        ({}, {"server": "http://a.invalid"}, "https"),
        ({}, {"insecure-skip-tls-verify": True}, "verification"),
        ({}, {"certificate-authority": "missing"}, "cannot be read"),
        ({}, {"certificate-authority-data": "###"}, "cannot be read"),
        ({}, {"certificate-authority-data": base64.b64encode(b"no").decode()}, "PEM"),
    ],
)
def test_what_is_not_safe_or_not_usable_is_refused(
    tmp_path: Path, user: dict[str, Any], cluster: dict[str, Any], why: str
) -> None:
    with pytest.raises(errors.InvalidInput, match=why):
        login.read(kubeconfig(tmp_path, user, **cluster))


def test_missing_parts_are_named(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, {})
    with pytest.raises(errors.InvalidInput, match="'z' in contexts"):
        login.read(path, "z")
    with pytest.raises(errors.InvalidInput, match="'gone' in users"):
        login.read(path, "y")
    with pytest.raises(errors.Denied, match="cannot be read"):
        login.read(tmp_path / "nothing")
    path.write_text("[1, 2]", encoding="utf-8")
    with pytest.raises(errors.InvalidInput, match="not a kubeconfig"):
        login.read(path)


@pytest.mark.parametrize(
    ("name", "namespace", "path"),
    [
        ("Namespace", "", "/api/v1/namespaces/n"),
        ("Deployment", "a", "/apis/apps/v1/namespaces/a/deployments/n"),
        ("ClusterRole", "a", "/apis/rbac.authorization.k8s.io/v1/clusterroles/n"),
    ],
)
def test_paths_of_kinds(name: str, namespace: str, path: str) -> None:
    assert kinds.kind(name).path(namespace, "n") == path


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(errors.UsageError):
        kinds.kind("Widget")
