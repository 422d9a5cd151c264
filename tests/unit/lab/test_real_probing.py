"""A lab with a real node names what proofs by use need there."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding.lab import component
from onboarding.lab import home as homes
from onboarding.lab.real import images, office, probing
from tests.unit import targets

_DIGEST = f"sha256:{'c' * 64}"


def test_the_pod_is_the_lab_s_own_program_by_digest_of_an_allowed_registry(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = homes.Home("trial", tmp_path / "trial")
    engines = {"lab-pod": tmp_path / "lab-pod"}
    lab = component.Lab(home, {"apiserver": 20000}, engines, real=True)
    held, tagged = images.of_engine(lab, "lab-pod"), []

    def ctr(lab: component.Lab, *words: str) -> str:
        if words == ("images", "list"):
            return f"REF TYPE DIGEST\nother:1 t sha256:{'d' * 64}\n{held} t {_DIGEST}"
        tagged.append(words[-2:])
        return ""

    monkeypatch.setattr(images, "ctr", ctr)
    plain = targets.pinned()
    probes = probing.with_probes(lab, plain).probes
    assert probes.pod is not None
    registry = plain.images.allowed_registries[0]
    assert probes.pod.image == f"{registry}/lab-pod@{_DIGEST}"
    assert tagged == [(held, probes.pod.image)]
    assert probes.pod.command == ("/program", "reach", "{host}:{port}")
    assert (probes.gateway, probes.ca_file) == (office.gateway(lab), office.authority(lab))
