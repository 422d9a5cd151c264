"""containerd: runs the containers of the lab's real node."""

from __future__ import annotations

import json
from pathlib import Path

from onboarding import errors
from onboarding.lab import component
from onboarding.lab import home as homes
from onboarding.lab.real import images, node, place

NAME = "containerd"
PORTS: tuple[str, ...] = ()
_IMAGES = {"lab-pod": ("pause",), "coredns": (), "traefik": ()}
"""Engines that run in pods, and what they are told where the pod says nothing."""


def describe(lab: component.Lab) -> component.Component:
    config, network = lab.home.config / "containerd.toml", _network_folder(lab.home)
    return component.Component(
        name=NAME,
        argv=node.entering(lab.home, str(lab.engines["containerd"]), "--config", str(config)),
        environ={"PATH": node.PATH},
        files={
            config: _config(lab),
            network / "10-pods.conflist": json.dumps(_network(lab), indent=2) + "\n",
        },
        reads=(lab.home.config / "node.sh",),
        ready=_ready,
        after=(node.NAME,),
        prepare=_link_plugins,
        settle=_import_own,
    )


def _ready(lab: component.Lab) -> str:
    try:
        images.ctr(lab, "version", seconds=10)
    except errors.EngineFailed as error:
        return "; ".join(error.details) or error.message
    return ""


def _network_folder(home: homes.Home) -> Path:
    return home.config / "cni"


def _plugin_folder(home: homes.Home) -> Path:
    return place.folder(home) / "cni"


def _link_plugins(lab: component.Lab) -> None:
    """The network plugins under the names by which they are called."""
    folder = _plugin_folder(lab.home)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in ("bridge", "host-local", "loopback"):
        link, target = folder / name, lab.engines[f"cni-{name}"]
        if not (link.is_symlink() and link.readlink() == target):
            link.unlink(missing_ok=True)
            link.symlink_to(target)


def _import_own(lab: component.Lab) -> None:
    for engine, arguments in _IMAGES.items():
        images.load_engine(lab, engine, arguments)


def _network(lab: component.Lab) -> dict[str, object]:
    pods = place.network(lab.ports["apiserver"]).pods
    address = {
        "type": "host-local",
        "dataDir": "/run/cni",
        "ranges": [[{"subnet": str(pods)}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    bridge = {
        "type": "bridge",
        "bridge": "pods0",
        "isGateway": True,
        "ipMasq": False,
        "hairpinMode": True,
        "ipam": address,
    }
    return {"cniVersion": "1.0.0", "name": "pods", "plugins": [bridge]}


def _config(lab: component.Lab) -> str:
    """containerd's configuration, version 3; every folder is the lab's or the node's own."""
    root, plugins = lab.home.data(NAME), _plugin_folder(lab.home)
    return f"""version = 3
root = {json.dumps(str(root))}
state = "/run/containerd"
disabled_plugins = ["io.containerd.nri.v1.nri", "io.containerd.internal.v1.tracing"]

[grpc]
address = "{images.SOCKET}"

[plugins.'io.containerd.internal.v1.opt']
path = {json.dumps(str(root / "opt"))}

[plugins.'io.containerd.cri.v1.images'.pinned_images]
sandbox = "{images.of_engine(lab, "lab-pod")}"

[plugins.'io.containerd.cri.v1.runtime']
restrict_oom_score_adj = true
enable_unprivileged_ports = true

[plugins.'io.containerd.cri.v1.runtime'.containerd]
default_runtime_name = "runc"

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
runtime_path = {json.dumps(str(lab.engines["containerd-shim-runc-v2"]))}

[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
BinaryName = {json.dumps(str(lab.engines["runc"]))}
SystemdCgroup = false

[plugins.'io.containerd.cri.v1.runtime'.cni]
bin_dirs = [{json.dumps(str(plugins))}]
conf_dir = {json.dumps(str(_network_folder(lab.home)))}
"""
