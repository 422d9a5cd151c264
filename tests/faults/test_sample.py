"""A sample of the fault matrix for every test run: four faults meet one agency, one by one."""

from __future__ import annotations

import signal

import pytest

from tests.faults import plans, proxy
from tests.faults.invariants import PARTIAL, World
from tests.faults.test_row_03_24_stopping import stopped, unfinished
from tests.faults.test_rows_12_15_computer import refused

pytestmark = pytest.mark.lab


@pytest.mark.timeout(1200)
def test_lost_replies_ctrl_c_and_a_full_disk_leave_no_trace(world: World) -> None:
    village = world.agency()
    run = world.apply(village, plans.at("root/sign-intermediate", proxy.LOSE_REPLY))
    assert run.done.code == PARTIAL, run.said
    world.checks(village, run, within=90)
    run = stopped(world, village, "/roles/", signal.SIGINT)
    assert unfinished(run) == set(), "the change in hand was written and recorded"
    refused(world, village, 8, "full")
    words = "keycloak POST /admin/realms/gdcc/clients "
    run = world.apply(village, plans.at(words, proxy.LOSE_REPLY))
    assert run.done.code == PARTIAL, run.said
    world.checks(village, run, within=90)
    world.holds(village)
