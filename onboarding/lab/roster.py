"""The components of a lab, in the order in which they are shown and, reversed, stopped."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from onboarding.lab import (
    apiserver,
    component,
    controller_manager,
    etcd,
    keycloak,
    kwok,
    openbao,
    provisioner,
    scheduler,
)
from onboarding.lab.real import containers, firewall, gate, kubelet, node, routing

ENGINES = (
    "java",
    "keycloak",
    "bao",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kwok",
    "kubectl",
    "pulumi",
    "pulumi-resource-kubernetes",
)
"""What ``up`` needs from the supply of engines."""

NODE_ENGINES = (
    "lab-pod",
    "kubelet",
    "kube-proxy",
    "containerd",
    "containerd-shim-runc-v2",
    "ctr",
    "runc",
    "cni-bridge",
    "cni-host-local",
    "cni-loopback",
    "kube-router",
    "coredns",
    "traefik",
)
"""What a real node needs besides."""

DESCRIPTIONS: Mapping[str, Callable[[component.Lab], component.Component]] = {
    # Keycloak first: it is the slowest to start and decides how long a warm start takes.
    keycloak.NAME: keycloak.describe,
    etcd.NAME: etcd.describe,
    openbao.NAME: openbao.describe,
    apiserver.NAME: apiserver.describe,
    controller_manager.NAME: controller_manager.describe,
    scheduler.NAME: scheduler.describe,
    kwok.NAME: kwok.describe,
    provisioner.NAME: provisioner.describe,
}

NODE: Mapping[str, Callable[[component.Lab], component.Component]] = {
    node.NAME: node.describe,
    gate.NAME: gate.describe,
    containers.NAME: containers.describe,
    kubelet.NAME: kubelet.describe,
    routing.NAME: routing.describe,
    firewall.NAME: firewall.describe,
}
"""What a real node consists of."""

EVERY = {**DESCRIPTIONS, **NODE}

PORTS: Mapping[str, tuple[str, ...]] = {
    keycloak.NAME: keycloak.PORTS,
    etcd.NAME: etcd.PORTS,
    openbao.NAME: openbao.PORTS,
    apiserver.NAME: apiserver.PORTS,
    controller_manager.NAME: controller_manager.PORTS,
    scheduler.NAME: scheduler.PORTS,
    kwok.NAME: kwok.PORTS,
    provisioner.NAME: provisioner.PORTS,
    **dict.fromkeys(NODE, ()),
}


def engines(*, real: bool) -> tuple[str, ...]:
    return (*ENGINES, *NODE_ENGINES) if real else ENGINES


def describe(lab: component.Lab) -> tuple[component.Component, ...]:
    return tuple(make(lab) for make in (EVERY if lab.real else DESCRIPTIONS).values())


STOP_WAVES = (
    (provisioner.NAME, kwok.NAME, scheduler.NAME, controller_manager.NAME, keycloak.NAME),
    (firewall.NAME, routing.NAME),
    (kubelet.NAME,),
    (gate.NAME, containers.NAME),
    (apiserver.NAME, openbao.NAME),
    (etcd.NAME, node.NAME),
)
"""Side by side within a wave; the next begins when all of one have ended."""

STOP_SECONDS: Mapping[str, float] = {
    keycloak.NAME: 20,
    apiserver.NAME: 15,
    etcd.NAME: 15,
    openbao.NAME: 15,
    controller_manager.NAME: 5,
    scheduler.NAME: 5,
    kwok.NAME: 5,
    provisioner.NAME: 3,
    # They end at once when the command that holds them does; what they run ends with the node.
    **dict.fromkeys(NODE, 1),
}
"""From SIGTERM to SIGKILL."""
