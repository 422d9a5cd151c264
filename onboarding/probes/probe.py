"""What all probes have in common: what one would do, and what came of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from onboarding import environment, policy, progress
from onboarding.policies import judge


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a probe showed. ``left``: what may still be there, by name, with the reason."""

    findings: tuple[policy.Finding, ...]
    left: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    """What others keep by right, such as an accepted letter in their records, in the same form."""
    confirm: tuple[str, ...] = ()
    """What the findings rest on and a person still has to confirm."""


Run = Callable[[progress.Progress], Outcome]


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe of one agency. ``does``: what it sends or makes, for whoever agrees to it."""

    name: str
    does: tuple[str, ...]
    controls: tuple[policy.Control, ...]
    """What is unknown where the probe itself breaks."""
    run: Run


def nothing(name: str, outcome: Outcome) -> Probe:
    """A probe that has its answer before anything is sent."""
    return Probe(name, (), (), lambda _: outcome)


def finding(agency: str, control: policy.Control, result: policy.Result) -> policy.Finding:
    return policy.Finding(control, agency, policy.Stage.LIVE, result)


def unknown(
    agency: str, controls: Sequence[policy.Control], subject: str, why: str
) -> tuple[policy.Finding, ...]:
    return tuple(finding(agency, one, judge.unknown(subject, why)) for one in controls)


def way(target: environment.Environment) -> tuple[str, Path | None]:
    """Where the addresses of agencies are asked ("" as their names resolve), and who vouches for
    them (None: public authorities): as for the e-Office product, where probes say nothing else."""
    own, about = target.probes, target.e_office
    if about is None:
        return own.gateway, own.ca_file
    return own.gateway or about.gateway, own.ca_file or about.ca_file
