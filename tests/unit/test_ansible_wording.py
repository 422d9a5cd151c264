"""Ansible's failures, told so that a person knows what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from onboarding import item, plan
from onboarding.engines.ansible_playbooks import runner, wording

SETTINGS = plan.Change(
    plan.Action.CREATE,
    item.Ref(item.EngineName.SETTINGS, "Settings", "ga-x-prod", "e-office-settings"),
    None,
)
KIT = plan.Change(
    plan.Action.CREATE, item.Ref(item.EngineName.SETTINGS, "HandoverKit", "", "x"), None
)
LOG = Path("/logs/x.log")


def failed(message: str, task: str = "Apply the settings objects") -> runner.TaskEnd:
    return runner.TaskEnd("e_office_settings", task, True, False, 0.1, {"msg": message})


def test_a_refusal_of_the_api_server_is_read_out_of_the_exception() -> None:
    raw = (
        'Failed to apply object: b\'{"kind":"Status","message":"namespaces \\\\"ga-x-prod\\\\" not'
        ' found","reason":"NotFound","code":404}\\n\''
    )
    error = wording.failure(SETTINGS, failed(raw), runner.Ending("failed"), 300, LOG)
    assert error.message == "the settings of ga-x-prod could not be delivered"
    assert error.details == (
        'Apply the settings objects: namespaces "ga-x-prod" not found',
        "raw output: /logs/x.log",
    )
    assert "namespace is not there" in error.resolution


@pytest.mark.parametrize(
    ("message", "remedy"),
    [
        ("Forbidden: cannot patch configmaps", "onboard bootstrap"),
        ("Unauthorized", "credential is no longer accepted"),
        ("HTTPSConnectionPool: Max retries exceeded", "does not answer"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "caFile"),
        ("/state: No space left on device", "Make room"),
        ("/state: Permission denied", "Give the folder back"),
        ("something new", "Run the same command again"),
    ],
)
def test_each_known_failure_has_its_remedy(message: str, remedy: str) -> None:
    error = wording.failure(KIT, failed(message), runner.Ending("failed"), 300, LOG)
    assert error.message == "the hand-over kit of x could not be delivered"
    assert remedy in error.resolution


def test_a_missing_chain_points_to_the_authority() -> None:
    task = failed("HTTP Error 404: Not Found", "Fetch the chain of the certificate authority")
    error = wording.failure(KIT, task, runner.Ending("failed"), 300, LOG)
    assert "certificate authority is not published" in error.resolution


def test_a_failed_lookup_is_told_by_its_cause() -> None:
    raw = (
        "Task failed: Finalization of task args for 'ansible.builtin.set_fact' failed: Error while"
        " resolving value for 'handover_kit_ca_chain': The lookup plugin failed: " + "x" * 300
    )
    task = failed(
        raw + " CERTIFICATE_VERIFY_FAILED", "Fetch the chain of the certificate authority"
    )
    error = wording.failure(KIT, task, runner.Ending("failed"), 300, LOG)
    assert error.details[0].startswith(
        "Fetch the chain of the certificate authority: The lookup plugin failed"
    )
    assert "caFile" in error.resolution


def test_a_run_that_was_too_slow_says_so() -> None:
    error = wording.failure(SETTINGS, None, runner.Ending("timeout"), 300, LOG)
    assert error.details[0] == "Ansible was stopped after 5m (timeouts.ansible)"


def test_a_run_without_any_task_shows_ansibles_first_complaint() -> None:
    ending = runner.Ending("failed", output="[ERROR]: YAML parsing failed\n\nmore\nlast line\n")
    error = wording.failure(SETTINGS, None, ending, 300, LOG)
    assert "YAML parsing failed" in error.details[0]
    silent = wording.failure(SETTINGS, None, runner.Ending("failed"), 300, LOG)
    assert "no output" in silent.details[0]


def test_a_long_complaint_is_cut() -> None:
    error = wording.failure(SETTINGS, failed("x" * 5000), runner.Ending("failed"), 300, LOG)
    assert len(error.details[0]) < 400
