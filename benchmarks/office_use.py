"""An e-Office on the lab's real node, as it comes to be and is used without the tool."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib import parse

import requests

from benchmarks import peers
from onboarding import (
    desired,
    environment,
    https,
    item,
    manifest,
    plan,
    product_api,
    product_login,
    tenant,
)
from onboarding.desired import office, settings
from onboarding.engines.ansible_playbooks import office as configuring
from onboarding.lab import component, kubeconfig
from onboarding.lab.real import groups, place
from onboarding.products import contract
from tests.integration import oidc_login

_READY_SECONDS = 1800
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Memory:
    """MiB of a pod: what it uses and the kernel could not take back at once, as the kubelet counts
    it, and the most that was ever charged to it, cached files along."""

    used: float
    highest: float


class Office:
    """The only e-Office of an agency, which was applied once: its secrets are in Vault."""

    def __init__(self, lab: component.Lab, file: Path) -> None:
        self.lab, self.file = lab, file
        self.target = environment.load(lab.home.environment_file)
        self.of = tenant.resolve(manifest.load(file), self.target)
        (self.instance,) = office.instances(self.of)
        self._here = ("-n", self.instance.namespace)
        self._certificates: list[dict[str, Any]] = []

    @property
    def place(self) -> product_api.Place:
        about = self.target.e_office
        assert about is not None
        return product_api.place(about, self.target, self.instance)

    def _kubectl(self, *words: str, given: Mapping[str, Any] | None = None) -> str:
        access = ("--kubeconfig", str(kubeconfig.path(self.lab, "admin")))
        ended = subprocess.run(
            [str(self.lab.engines["kubectl"]), *access, *words],
            input=json.dumps(given) if given else None, stdout=subprocess.PIPE, text=True,
            check=True,
        )  # fmt: skip
        return ended.stdout

    def take_away(self) -> None:
        """Its namespace with pods and volumes; its certificate is kept for ``by_kubectl``."""
        secrets = json.loads(self._kubectl(*self._here, "get", "secrets", "-o", "json"))["items"]
        self._certificates = [
            {**one, "metadata": {"name": one["metadata"]["name"]}}
            for one in secrets
            if one["type"] == "kubernetes.io/tls"
        ]
        self._kubectl("delete", "namespace", self.instance.namespace, "--wait", "--timeout=600s")

    def by_kubectl(self, folder: Path) -> None:
        """The same objects, with empty volumes, until the product serves."""
        items = desired.everything(self.of, self.target)
        cluster = [i for i in items if i.ref.engine is item.EngineName.CLUSTER]
        file = peers.written(cluster, folder / f"{self.of.id}.objects.yaml")
        self._kubectl("apply", "--server-side", "--force-conflicts", "-f", str(file))
        for certificate in self._certificates:
            self._kubectl(*self._here, "apply", "-f", "-", given=certificate)
        # Not its condition Available: that may hold with no pod at all.
        rollout = ("rollout", "status", f"deployment/{self.instance.workload}")
        self._kubectl(*self._here, *rollout, f"--timeout={_READY_SECONDS}s")

    def configure(self) -> None:
        """Over the product's API, by the adapter alone."""
        wanted = [i for i in settings.desired(self.of, self.target) if i.ref.kind in contract.KINDS]
        changes = configuring.in_order(plan.diff(self.of.id, wanted, [], target={}).changes)
        wishes = [
            product_api.Wish(c.ref.kind, c.ref.name, c.desired.fields if c.desired else None)
            for c in changes
        ]
        assert self.target.e_office is not None
        access = product_api.of(self.target.e_office.product)
        account = product_login.administrator(self.of, self.target, self.instance)
        changed: list[bool] = []
        access.write(self.place, account, self.of.id, wishes, lambda _, one: changed.append(one))
        assert all(changed), "the e-Office was configured before"

    def sign_in(self, password_file: Path) -> None:
        """The first one of a person: password, another password, second factor, and into the
        e-Office, which must then say who they are."""
        at, product = self.place, office.product(self.target)
        assert product is not None
        person = oidc_login.Person(
            password_file.name.removesuffix(".password"), password_file.read_text().strip()
        )
        with (
            https.session(https.trusting(at.ca_file), connections=1, at=at.gateway) as browser,
            oidc_login.opened(self.target.keycloak.ca_file) as asked,
        ):
            onward = _followed(browser, f"{at.address}/")
            page = asked.get(onward.url, allow_redirects=False, timeout=60)
            back = oidc_login.walked(asked, page, person, at.address)
            ended = _followed(browser, back)
            assert ended.status_code == 200, f"{ended.url}: {ended.status_code}"
            said = browser.get(f"{at.address}{product.api}{product.private}", timeout=(10, 60))
            assert person.username in said.text, f"{said.status_code} {said.text[:200]}"

    def memory(self) -> dict[str, Memory]:
        """Of each pod, by its workload."""
        found = {}
        tops = groups.found(place.group(self.lab.home))
        for pod in json.loads(self._kubectl(*self._here, "get", "pods", "-o", "json"))["items"]:
            uid = pod["metadata"]["uid"]
            places = (stat for top in tops for stat in top.rglob(f"pod{uid}/memory.stat"))
            database = pod["metadata"]["name"].startswith(office.database_name(self.instance))
            found["database" if database else "product"] = _taken(next(places).parent)
        return found


def _followed(browser: requests.Session, address: str) -> requests.Response:
    """By redirects as long as they stay on the host: the last answer, or the one not asked for
    elsewhere with that address."""
    host = parse.urlsplit(address).hostname
    for _ in range(10):
        answer = browser.get(address, allow_redirects=False, timeout=(10, 300))
        if not answer.is_redirect:
            return answer
        address = parse.urljoin(address, answer.headers["Location"])
        if parse.urlsplit(address).hostname != host:
            answer.url = address
            return answer
    raise AssertionError(f"redirects without end at {host}")


def _taken(group: Path) -> Memory:
    """In the words of control groups of version 2, else of version 1."""
    stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
    if (group / "memory.current").exists():
        used, highest, idle = "memory.current", "memory.peak", "inactive_file"
    else:
        used, highest = "memory.usage_in_bytes", "memory.max_usage_in_bytes"
        idle = "total_inactive_file"
    charged, most = (int((group / name).read_text()) for name in (used, highest))
    return Memory((charged - int(stat[idle])) / _MIB, most / _MIB)
