"""What ``verify --probe`` needs of a lab: where addresses are asked for, and a pod to try from."""

from __future__ import annotations

from onboarding import environment
from onboarding.lab import component
from onboarding.lab.real import images, office

_PROGRAM = "lab-pod"
_COMMAND = ("/program", "reach", "{host}:{port}")


def with_probes(lab: component.Lab, wanted: environment.Environment) -> environment.Environment:
    """``wanted`` with probes over the real node, which is up; the pod runs the lab's own program.

    Raises ``errors.EngineFailed`` where containerd refuses.
    """
    registry = wanted.images.allowed_registries[0]
    image = images.by_digest(lab, images.of_engine(lab, _PROGRAM), f"{registry}/{_PROGRAM}")
    probes = environment.Probes(
        gateway=office.gateway(lab),
        ca_file=office.authority(lab),
        pod=environment.ProbePod(image=image, command=_COMMAND),
    )
    return wanted.model_copy(update={"probes": probes})
