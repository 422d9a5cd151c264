"""A lab names an e-Office once its node has the images of one, and keeps what it named."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding.lab import component, images, roster
from onboarding.lab import home as homes
from onboarding.lab.real import images as node_images
from onboarding.lab.real import office, place
from tests.unit import targets

NAMES = (office.PRODUCT, office.DATABASE, office.SECRETS)


def reference(name: str, digit: str = "a") -> str:
    return f"registry.lab.gdcc.go.th/e-office/{name}@sha256:{digit * 64}"


@pytest.fixture
def lab(tmp_path: Path) -> component.Lab:
    home = homes.Home("trial", tmp_path / "trial")
    homes.create(home)
    names = [port for wanted in roster.PORTS.values() for port in wanted]
    return component.Lab(home, {name: 20000 + n for n, name in enumerate(names)}, {}, real=True)


def node(monkeypatch: pytest.MonkeyPatch, made: list[str], held: list[str]) -> None:
    """The cache has ``made``, the node ``held``; "" stands for what is missing."""
    found = tuple(
        images.Made(name, "1", one.partition("@")[0], None, one.partition("@")[2], 0, 0.0)
        for name, one in zip(NAMES, made, strict=True)
    )
    monkeypatch.setattr(images, "status", lambda names: found)
    monkeypatch.setattr(node_images, "ctr", lambda lab, *words: "\n".join(held))


def test_without_images_pods_stay_simulated(
    lab: component.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = targets.pinned()
    every = [reference(name) for name in NAMES]
    for made, held in ((["", "", ""], []), (every, every[:2]), ([*every[:2], ""], every)):
        node(monkeypatch, made, held)
        assert office.with_office(lab, plain, None) is plain


def test_with_all_of_them_an_e_office_runs_on_the_real_node(
    lab: component.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = [reference(name) for name in NAMES]
    node(monkeypatch, every, every)
    found = office.with_office(lab, targets.pinned(), None)
    assert found.images.e_office == every[0]
    assert found.e_office is not None
    run = found.e_office.run
    assert run is not None
    assert (run.database, run.secrets) == (every[1], every[2])
    assert (run.node_pool, run.pull) == (place.POOL, "IfNotPresent")
    address = place.network(lab.ports["apiserver"]).node
    assert found.e_office.gateway == f"{address}:443"
    assert found.e_office.ca_file == office.authority(lab)


def test_images_made_anew_count_once_the_node_has_them(
    lab: component.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, later = [reference(n) for n in NAMES], [reference(n, "b") for n in NAMES]
    node(monkeypatch, first, first)
    known = office.with_office(lab, targets.pinned(), None)
    node(monkeypatch, later, first)
    assert office.with_office(lab, targets.pinned(), known) == known
    node(monkeypatch, later, first + later)
    assert office.with_office(lab, targets.pinned(), known).images.e_office == later[0]
