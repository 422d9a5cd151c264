"""Hands in the cluster, and on the files of the hand-over kit."""

from __future__ import annotations

import copy
import hashlib
import shutil
from pathlib import Path

import yaml

from onboarding import environment, item
from onboarding.engines.ansible_playbooks import live as kits
from onboarding.kube import kinds, login, transport
from tests.contract import root_ca
from tests.integration.breaking import Refused, World
from tests.integration.hands import VOLATILE, Hand, Json, said


class Cluster:
    """Objects of the cluster by PUT, as its administrator, under a field manager of one's own."""

    def __init__(self, world: World) -> None:
        credentials = world.target.login(environment.Role.BOOTSTRAP)
        at = login.read(credentials.kubeconfig, world.target.cluster.context)
        self._api = transport.Transport(at, "a hand")

    def view(self, ref: item.Ref) -> Json | None:
        try:
            return self._api.call("GET", kinds.kind(ref.kind).path(ref.scope, ref.name))
        except transport.Absent:
            return None

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        with said():
            self._api.call(
                "PUT",
                kinds.kind(ref.kind).path(ref.scope, ref.name),
                query={"fieldManager": "by-hand"},
                body={**after, "kind": ref.kind},
            )

    def delete(self, ref: item.Ref) -> None:
        with said():
            self._api.call("DELETE", kinds.kind(ref.kind).path(ref.scope, ref.name))

    def create(self, ref: item.Ref, like: Json) -> None:
        metadata = {k: v for k, v in like["metadata"].items() if k not in VOLATILE}
        metadata.pop("ownerReferences", None)
        body = {**like, "kind": ref.kind, "metadata": {**metadata, "name": ref.name}}
        body.pop("status", None)
        if ref.kind == "Service":
            body["spec"] = {k: v for k, v in like["spec"].items() if not k.startswith("cluster")}
        if ref.kind == "PersistentVolumeClaim":
            body["spec"] = {k: v for k, v in like["spec"].items() if k != "volumeName"}
        with said():
            self._api.call(
                "POST",
                kinds.kind(ref.kind).path(ref.scope),
                query={"fieldManager": "by-hand"},
                body=body,
            )


class Settings:
    """Settings inside their ConfigMap."""

    def __init__(self, world: World) -> None:
        self._cluster = Cluster(world)

    def view(self, ref: item.Ref) -> Json | None:
        found = self._cluster.view(_config_map(ref))
        if found is None:
            return None
        body: Json = yaml.safe_load(found["data"]["settings.yaml"])
        about = {k: found["metadata"].get(k) or {} for k in ("labels", "annotations")}
        return {**body, "metadata": about}

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        found = self._cluster.view(_config_map(ref)) or {}
        body = {k: v for k, v in after.items() if k not in ("metadata", "contentHash")}
        text = yaml.safe_dump(body, allow_unicode=True, sort_keys=False)
        changed = copy.deepcopy(found)
        changed["metadata"].update(after["metadata"])
        if before != {**after, "metadata": before["metadata"]}:
            changed["data"]["settings.yaml"] = text
        self._cluster.write(_config_map(ref), found, changed)

    def delete(self, ref: item.Ref) -> None:
        self._cluster.delete(_config_map(ref))

    def create(self, ref: item.Ref, like: Json) -> None:
        body = {k: v for k, v in like.items() if k != "metadata"}
        data = {"settings.yaml": yaml.safe_dump(body, allow_unicode=True)}
        whole = {"metadata": {**like["metadata"], "namespace": ref.scope}, "data": data}
        self._cluster.create(_config_map(ref), whole)


def _config_map(ref: item.Ref) -> item.Ref:
    return item.Ref(ref.engine, "ConfigMap", ref.scope, ref.name)


class Kit:
    """Files of a hand-over kit."""

    def __init__(self, world: World) -> None:
        self._world = world

    def _folder(self, ref: item.Ref) -> Path:
        return kits.kit_folder(self._world.target, ref.name)

    def view(self, ref: item.Ref) -> Json | None:
        folder = self._folder(ref)
        if not folder.is_dir():
            return None
        files = {f.name: hashlib.sha256(f.read_bytes()).hexdigest() for f in folder.iterdir()}
        return {"mode": f"{folder.stat().st_mode & 0o777:04o}", "files": files}

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        folder = self._folder(ref)
        if "mode" not in after:
            raise Refused("a folder always has a mode")
        if after["mode"] != before["mode"]:
            folder.chmod(int(after["mode"], 8))
        for name in before["files"].keys() - after["files"].keys():
            (folder / name).unlink()
        for name, digest in after["files"].items():
            if digest != before["files"].get(name):
                with (folder / name).open("a", encoding="utf-8") as out:
                    out.write("by hand\n")

    def delete(self, ref: item.Ref) -> None:
        shutil.rmtree(self._folder(ref))

    def create(self, ref: item.Ref, like: Json) -> None:
        raise Refused("an agency has one kit")


class Delivered:
    """What Ansible delivers: settings, and the kit."""

    def __init__(self, world: World) -> None:
        self._settings, self._kit = Settings(world), Kit(world)

    def _of(self, ref: item.Ref) -> Hand:
        return self._kit if ref.kind == "HandoverKit" else self._settings

    def view(self, ref: item.Ref) -> Json | None:
        return self._of(ref).view(ref)

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        self._of(ref).write(ref, before, after)

    def delete(self, ref: item.Ref) -> None:
        self._of(ref).delete(ref)

    def create(self, ref: item.Ref, like: Json) -> None:
        self._of(ref).create(ref, like)


class Tls:
    """The public half of an ingress certificate; nobody but the gateway reads the Secret."""

    def __init__(self, world: World) -> None:
        self._cluster = Cluster(world)
        self._viewed: Json = {}

    def view(self, ref: item.Ref) -> Json | None:
        found = self._cluster.view(_public(ref))
        self._viewed = found or {}
        return {"certificate": (found.get("data") or {}).get("tls.crt")} if found else None

    def write(self, ref: item.Ref, before: Json, after: Json) -> None:
        found = self._cluster.view(_public(ref)) or {}
        changed = copy.deepcopy(found)
        changed["data"] = {}
        if "certificate" in after:
            changed["data"] = {"tls.crt": _certificate()}
        self._cluster.write(_public(ref), found, changed)

    def delete(self, ref: item.Ref) -> None:
        self._cluster.delete(item.Ref(ref.engine, "Secret", ref.scope, ref.name))

    def create(self, ref: item.Ref, like: Json) -> None:
        # ``like`` is the view of the object that was looked at last.
        self._cluster.create(_public(ref), self._viewed)


def _public(ref: item.Ref) -> item.Ref:
    return item.Ref(ref.engine, "ConfigMap", ref.scope, f"{ref.name}-certificate")


def _certificate() -> str:
    both = root_ca.make("By Hand")[0]
    begin = both.index("-----BEGIN CERTIFICATE-----")
    return both[begin : both.index("-----END CERTIFICATE-----") + 25] + "\n"
