"""The images of a real e-Office as pods: no rights, a root nobody writes, and data that stay."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from onboarding import environment, labels, progress, vault
from onboarding.lab import component, images
from onboarding.lab.real import place
from onboarding.products.mayan import PRODUCT
from tests.integration.real import office_pods
from tests.integration.real.conftest import Cluster, command, eventually, must
from tests.running import ROOT, onboard

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(14400)]

_AGENCY = "mot"
_SLOW = 3600
Make = Callable[[str], Cluster]


@pytest.fixture(scope="module", autouse=True)
def _made() -> None:
    images.ensure((), progress.Silent())


@pytest.fixture
def loaded(lab: component.Lab) -> component.Lab:
    must(command("image", "load", timeout=_SLOW))
    return lab


def _ready(cluster: Cluster, name: str) -> str:
    waited = cluster.ask(
        "wait", "--for=condition=Ready", f"pod/{name}", f"--timeout={_SLOW}s", seconds=_SLOW + 30
    )
    if waited.code != 0:
        told = cluster.ask("describe", "pod", name).out
        said = cluster.ask("logs", name, "--all-containers", "--tail=30").out
        pytest.fail(f"{waited.err}\n{told}\n{said}")
    return cluster.ask("get", "pod", name, "-o", "jsonpath={.status.podIP}").out


def _row(cluster: Cluster, sql: str) -> str:
    reach = ["psql", "-h", "/tmp", "-U", "postgres", "-d", "eoffice", "-Atc", sql]
    return must(cluster.ask("exec", "database", "-c", "database", "--", *reach)).out.strip()


def _away(cluster: Cluster, name: str) -> None:
    must(cluster.ask("delete", "pod", name, "--wait", "--timeout=180s", seconds=200))


def _writes_nowhere(cluster: Cluster, name: str, container: str) -> None:
    tried = cluster.ask("exec", name, "-c", container, "--", "/bin/touch", "/opt/letter")
    assert "Read-only file system" in tried.err
    assert cluster.ask("exec", name, "-c", container, "--", "/usr/bin/id", "-u").out == "1000\n"


def test_what_the_node_has_is_not_loaded_again(loaded: component.Lab) -> None:
    again = command("image", "load", "--output", "json", timeout=_SLOW)
    listed = {one["name"]: one["reference"] for one in json.loads(must(again).out)["images"]}
    assert set(listed) == {"postgresql", "mayan-edms", "openbao-agent"}
    assert "image postgresql" not in again.err


def test_an_image_that_is_not_made_is_refused_with_the_command_that_makes_it(
    loaded: component.Lab,
) -> None:
    refused = command("image", "load", "word-processor")
    assert refused.code == 2
    assert "unknown image: word-processor" in refused.err


def test_a_database_pod_keeps_its_rows_and_takes_a_new_password(
    loaded: component.Lab, namespaces: Make
) -> None:
    cluster = namespaces("real-database")
    none = {"username": "-", "password": "-"}
    cluster.apply(office_pods.given("first", "key", none, none), office_pods.claim("data"))
    cluster.apply(office_pods.database())
    _ready(cluster, "database")
    _writes_nowhere(cluster, "database", "database")
    _row(cluster, "CREATE TABLE letter AS SELECT 7 AS n")
    _away(cluster, "database")
    cluster.apply(office_pods.given('it\'s "new"', "key", none, none), office_pods.database())
    _ready(cluster, "database")
    assert _row(cluster, "SELECT n FROM letter") == "7"
    # Ended in order: nothing had to be recovered.
    assert "not properly shut down" not in cluster.ask("logs", "database", "-c", "database").out
    reach = ["psql", "-h", "127.0.0.1", "-U", "eoffice", "-Atc", "SELECT 1"]

    def signed_in(password: str) -> bool:
        words = ["env", f"PGPASSWORD={password}", *reach]
        return cluster.ask("exec", "database", "-c", "database", "--", *words).code == 0

    assert signed_in('it\'s "new"')
    assert not signed_in("first")


def test_the_product_serves_as_a_pod_and_holds_its_accounts_over_a_restart(
    loaded: component.Lab, namespaces: Make
) -> None:
    cluster = namespaces("real-office")
    writer = {"username": "onboard-writer", "password": secrets.token_urlsafe(24)}
    reader = {"username": "onboard-reader", "password": secrets.token_urlsafe(24)}
    cluster.apply(
        office_pods.given("word", secrets.token_urlsafe(40), writer, reader),
        office_pods.claim("data"),
        office_pods.claim("documents"),
        office_pods.database(),
    )
    accounts = tuple(word.format(folder="/secrets") for word in PRODUCT.accounts)
    database = _ready(cluster, "database")
    cluster.apply(office_pods.product(database, accounts))
    address = _ready(cluster, "office")
    assert _health(address) == 200
    _writes_nowhere(cluster, "office", "product")
    door = _signed_in(address, writer)
    made = door.post(_url(address, "/tags/"), json={"label": "เรื่องด่วน", "color": "#ff0000"})
    assert made.status_code == 201, made.text
    kept = cluster.ask("exec", "office", "-c", "product", "--", "ls", "-A", "/var/lib/mayan")
    assert "config" not in kept.out

    _away(cluster, "office")
    cluster.apply(office_pods.product(database, accounts))
    address = _ready(cluster, "office")
    found = _signed_in(address, writer).get(_url(address, "/tags/")).json()["results"]
    assert "เรื่องด่วน" in [tag["label"] for tag in found]


def _url(address: str, path: str) -> str:
    return f"http://{address}:8000/api/v4{path}"


def _health(address: str) -> int:
    asked = requests.get(
        f"http://{address}:8000{office_pods.HEALTH}",
        headers={"Host": office_pods.HOST},
        timeout=300,
    )
    return asked.status_code


def _signed_in(address: str, account: dict[str, str]) -> requests.Session:
    door = requests.Session()
    door.headers.update({"Host": office_pods.HOST, "Accept": "application/json"})
    answer = door.post(_url(address, "/auth/token/obtain/"), json=account, timeout=300)
    assert answer.status_code == 200, answer.text
    door.headers["Authorization"] = f"Token {answer.json()['token']}"
    return door


@pytest.fixture
def instance(loaded: component.Lab) -> Iterator[Cluster]:
    """The namespace of an e-Office of an agency that was applied to the lab."""
    file = str(ROOT / "examples" / f"{_AGENCY}.yaml")
    words = ("apply", file, "--environment", loaded.home.name, "--yes", "--no-verify")
    must(onboard(*words, timeout=_SLOW))
    cluster = Cluster(loaded, "default")
    chosen = f"{labels.AGENCY}={_AGENCY},{labels.SYSTEM}=e-office"
    name = cluster.ask("get", "namespace", "-l", chosen, "-o", "name").out.split("/")[1].strip()
    yield Cluster(loaded, name)
    # Its reader heeds no signal: it would be waited for until it is killed.
    gone = ("delete", "pod", "reading", "--ignore-not-found", "--grace-period=1")
    must(Cluster(loaded, name).ask(*gone, seconds=_SLOW))


def test_the_agent_writes_secrets_as_files_and_renews_them(
    instance: Cluster, tmp_path: Path
) -> None:
    path = f"kv/data/{_AGENCY}/{instance.namespace}/trial"
    target = environment.load(instance.lab.home.environment_file)
    _keep(target, path, "first", tmp_path / "token")
    config = {"agent.hcl": _agent(target, instance.namespace, path)}
    meta = {"name": "reading"}
    instance.apply({"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta, "data": config})
    instance.apply(_reading(instance))
    _ready(instance, "reading")

    def inside(*words: str) -> str:
        return instance.ask("exec", "reading", "-c", "reader", "--", *words).out

    # The init container had ended before: the file was there when the reader began.
    assert instance.ask("logs", "reading", "-c", "reader").out == "first\n"
    assert re.match(r"-rw------- 1 1000 1000 ", inside("ls", "-ln", "/secrets/password"))
    assert "tmpfs" in inside("stat", "-f", "-c", "%T", "/secrets")
    _keep(target, path, "second", tmp_path / "token")
    assert eventually(lambda: inside("cat", "/secrets/password") == "second", 600)
    # No token of Vault is left where somebody else could take it.
    assert inside("ls", "-A", "/secrets") == "password\n"


def _agent(target: environment.Environment, role: str, path: str) -> str:
    text = f'{{{{ with secret "{path}" }}}}{{{{ .Data.data.password }}}}{{{{ end }}}}'
    return f"""\
vault {{
  address = "{target.vault.address}"
  ca_cert = "/trust/ca.crt"
}}
auto_auth {{
  method "kubernetes" {{
    mount_path = "auth/kubernetes"
    config = {{ role = "{role}", token_path = "/var/run/secrets/vault/token" }}
  }}
}}
template_config {{
  exit_on_retry_failure         = true
  static_secret_render_interval = "5s"
}}
template {{
  destination          = "/secrets/password"
  perms                = "0600"
  error_on_missing_key = true
  contents             = {json.dumps(text)}
}}
"""


_LITTLE = {
    "requests": {"cpu": "10m", "memory": "64Mi"},
    "limits": {"cpu": "200m", "memory": "256Mi"},
}
"""Within what the agency's own pods leave of its quota."""


def _reading(instance: Cluster) -> dict[str, Any]:
    """The agent first as an init container, then beside a reader, as the instance's own account."""
    deployed = json.loads(instance.ask("get", "deployments", "-o", "json").out)["items"]
    template = deployed[0]["spec"]["template"]
    token = {"audience": "vault", "expirationSeconds": 3600, "path": "token"}
    volumes = [
        {"name": "agent", "configMap": {"name": "reading"}},
        {"name": "trust", "configMap": {"name": "kube-root-ca.crt"}},
        {"name": "token", "projected": {"sources": [{"serviceAccountToken": token}]}},
        {"name": "tmp", "emptyDir": {"sizeLimit": "16Mi"}},
        office_pods.SECRETS,
    ]
    mounts = {
        "agent": "/config",
        "trust": "/trust",
        "token": "/var/run/secrets/vault",
        "tmp": "/tmp",
        "secrets": "/secrets",
    }
    agent = ["bao", "agent", "-config=/config/agent.hcl"]

    def one(name: str, command: list[str], **more: Any) -> dict[str, Any]:
        return office_pods.container(
            name, "openbao-agent", mounts, command=command, resources=_LITTLE, **more
        )

    reader = office_pods.container(
        "reader",
        "postgresql",
        {"secrets": "/secrets"},
        command=["/bin/sh", "-c", "cat /secrets/password; echo; exec sleep infinity"],
        resources=_LITTLE,
    )
    wanted = office_pods.pod(
        "reading",
        reader,
        serviceAccountName=template["spec"]["serviceAccountName"],
        initContainers=[
            one("secrets", [*agent, "-exit-after-auth"]),
            one("renewal", agent, restartPolicy="Always"),
        ],
        volumes=volumes,
        # The agency's namespace need not be of the node's pool.
        nodeName=place.NODE,
        nodeSelector=None,
        tolerations=None,
    )
    # Those of its workload, by which the network lets it out to Vault.
    wanted["metadata"]["labels"] = template["metadata"]["labels"]
    return wanted


def _keep(target: environment.Environment, path: str, word: str, token: Path) -> None:
    """As a person with the right would; none of the tool's roles may write there."""
    name = f"ga-{_AGENCY}-by-hand"
    with vault.connect(target, environment.Role.APPLIER) as door:
        rules = f'path "{path}" {{ capabilities = ["create", "update"] }}'
        door.write(f"sys/policies/acl/{name}", {"policy": rules})
        try:
            token.touch(0o600)
            token.write_text(door.tenant_token([name]), encoding="ascii")
            login = environment.VaultLogin(method="token", secret_file=token)
            vault.connect_as(target, login, "by hand").write(path, {"data": {"password": word}})
        finally:
            token.unlink()
            door.remove(f"sys/policies/acl/{name}")
