"""The page about running an e-Office: its commands do what it says, by whom it says."""

from __future__ import annotations

import os
import re
import subprocess

import pytest

from onboarding import progress
from onboarding.lab import component, images, kubeconfig
from onboarding.products.mayan import PRODUCT
from tests.integration.real import office_use
from tests.integration.real.conftest import eventually, must
from tests.running import ROOT

pytestmark = [pytest.mark.real, pytest.mark.slow, pytest.mark.timeout(14400)]

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def office(lab: component.Lab) -> office_use.Office:
    images.ensure((), progress.Silent())
    office_use.ready(lab)
    here = office_use.Office(lab, ROOT / "examples" / "mot.yaml")
    must(here.onboard("apply", "--yes", "--no-verify"))
    return here


def _follow(office: office_use.Office, role: str, blocks: list[str]) -> tuple[int, str]:
    """The commands of these blocks as one script, as somebody with a role of the agency."""
    text = "\n".join(blocks).replace("ga-AGENCY-prod", office.instance.namespace)
    person = f"--as trial --as-group {office.of.group_subject(role)}"
    script = f'set -eux\nkubectl() {{ command kubectl {person} "$@"; }}\n{text}'
    done = subprocess.run(
        ["bash", "-c", script],
        env={
            "PATH": f"{office.lab.engines['kubectl'].parent}:{os.environ['PATH']}",
            "KUBECONFIG": str(kubeconfig.path(office.lab, "admin")),
        },
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def test_operators_look_and_restart_as_the_page_says_and_viewers_do_not(
    office: office_use.Office,
) -> None:
    page = (ROOT / "docs/how-to/instance.md").read_text(encoding="utf-8")
    look, restart, *_ = _BLOCK.findall(page)
    code, said = _follow(office, "operator", [look])
    assert code == 0, said
    pods = dict(re.findall(r"^(e-office-\S+) +(\d+/\d+ +Running)", said, re.MULTILINE))
    assert len(pods) == 2, said
    assert "e-office-database-0" in pods
    for line in [*look.splitlines()[1:], *restart.splitlines()]:
        code, said = _follow(office, "viewer", [line])
        assert code != 0
        assert "forbidden" in said.lower()
    code, said = _follow(office, "operator", [restart])
    assert code == 0, said
    assert said.count(" deleted") == 2
    assert eventually(lambda: office.page(PRODUCT.health.path).status_code == 200, 900)
