"""What holds data goes from the real engines only after a second person agreed, and only that."""

from __future__ import annotations

import json
from pathlib import Path

from onboarding import environment, kube
from onboarding.engines.pulumi_stack import backend, command
from tests.running import ROOT, onboard

AGENCY = "opdc"
FLAGS = ("--allow-delete", "--allow-data-loss", "--allow-mass-delete", "--no-verify")
OPENED = ("--allow-opening", "--allow-looser-identity")


def manifest(folder: Path, environments: str) -> str:
    text = (ROOT / "examples" / f"{AGENCY}.yaml").read_text(encoding="utf-8")
    path = folder / f"{AGENCY}.yaml"
    path.write_text(text.replace("environments: [prod]", f"environments: {environments}"))
    return str(path)


def spaces(lab: environment.Environment) -> set[str]:
    cluster = kube.connect(lab, environment.Role.BOOTSTRAP)
    names = [f"ga-{AGENCY}-{env}" for env in ("prod", "uat")]
    found = cluster.get_all([("Namespace", "", name) for name in names])
    return {
        name
        for name, live in zip(names, found, strict=True)
        if live is not None and not live["metadata"].get("deletionTimestamp")
    }


def protected(lab: environment.Environment) -> set[str]:
    """The kinds of which Pulumi would refuse to delete what it holds for the agency."""
    name = backend.checkpoint_name(command.PROJECT, AGENCY)
    stored = json.loads(backend.stored(lab.pulumi).read(name) or "{}")
    resources = stored["checkpoint"]["latest"]["resources"]
    return {r["type"].rpartition(":")[2] for r in resources if r.get("protect")}


def test_an_instance_goes_after_a_second_person_agreed(
    lab: environment.Environment, tmp_path: Path
) -> None:
    both = manifest(tmp_path, "[prod, uat]")
    done = onboard("apply", both, "--yes", "--no-verify", *OPENED)
    assert done.code == 0, done.err
    assert spaces(lab) == {f"ga-{AGENCY}-prod", f"ga-{AGENCY}-uat"}
    one, planned = manifest(tmp_path, "[prod]"), str(tmp_path / "plan")
    assert onboard("plan", one, "--out", planned).code == 0
    refused = onboard("apply", "--plan", planned, *FLAGS)
    assert (refused.code, "needs the approval of a second person" in refused.err) == (4, True)
    assert spaces(lab) == {f"ga-{AGENCY}-prod", f"ga-{AGENCY}-uat"}

    approved = onboard("approve", planned, "--yes")
    assert approved.code == 0, approved.err
    assert f"{AGENCY}: approved by lab-approver until " in approved.out
    done = onboard("apply", "--plan", planned, *FLAGS)
    assert done.code == 0, done.err
    assert spaces(lab) == {f"ga-{AGENCY}-prod"}
    told = onboard("history", AGENCY)
    assert "approval" in told.out
    assert "lab-approver" in told.out
    assert protected(lab) == {"Namespace", "PersistentVolumeClaim"}
