"""Runs that are killed and go on by themselves: a sample always, every point as slow tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from onboarding import environment
from tests.faults import crash, departing

pytestmark = pytest.mark.lab

SAMPLE = (
    crash.Point("after", "vault POST /v1/pki-{agency}-sign/intermediate/generate/internal #1"),
    crash.Point("after", "vault POST /v1/pki-root/root/sign-intermediate #1"),
    crash.Point("after", "vault POST /v1/kv/data/{agency}/ga-{agency}-prod/oidc-client #1"),
    crash.Point("after", "keycloak POST /admin/realms/gdcc/identity-provider/instances #1"),
    crash.Point("after", "cluster PATCH /api/v1/namespaces/ga-{agency}-prod #1"),
    crash.Point("after", "vault POST /v1/pki-{agency}-sign/sign/ingress #1"),
)
"""One agency meets them all, one run after another; each leaves something half-done."""


CHAIN = 4
"""Points that one agency meets, where all points are met."""


@pytest.mark.timeout(1200)
def test_six_kills_in_a_row_need_no_human(lab: environment.Environment, tmp_path: Path) -> None:
    bench = crash.Bench(lab, crash.SCENARIOS["apply"], tmp_path)
    with bench.between:
        golden = bench.golden(0)
        told = bench.crash(1, golden, *SAMPLE)
    assert told.wrong == []


@pytest.mark.slow
@pytest.mark.timeout(8 * 3600)
@pytest.mark.parametrize("scenario", sorted(crash.SCENARIOS))
def test_every_crash_point(lab: environment.Environment, tmp_path: Path, scenario: str) -> None:
    """``ONBOARD_CRASH_SHARD=2/5`` takes the second of five parts."""
    bench = crash.Bench(lab, crash.SCENARIOS[scenario], tmp_path)
    with bench.between:
        golden = bench.golden(0)
        chosen = crash.shard(
            crash.points(golden, kinds=bench.scenario.kinds),
            os.environ.get("ONBOARD_CRASH_SHARD", "1/1"),
        )
        rows = crash.chains(chosen, CHAIN)
        told = list(crash.all_met(rows, lambda n, row: bench.crash(n, golden, *row)))
    wrong = [f"{' then '.join(map(str, t.points))}: {line}" for t in told for line in t.wrong]
    assert wrong == [], f"agencies {sum(not t.wrong for t in told)} of {len(told)}"


@pytest.mark.slow
@pytest.mark.timeout(8 * 3600)
def test_every_crash_point_of_a_leaving(lab: environment.Environment, tmp_path: Path) -> None:
    """Each agency is killed in every step. ``ONBOARD_CRASH_SHARD`` as above."""
    bench = departing.Leavers(lab, departing.SCENARIO, tmp_path)
    with bench.between:
        golden = bench.golden_leaving(0)
        part = os.environ.get("ONBOARD_CRASH_SHARD", "1/1")
        rows = departing.rows(crash.shard(departing.points(golden), part), CHAIN)
        told = list(crash.all_met(rows, lambda n, row: bench.leave(n, golden, *row)))
    wrong = [f"{' then '.join(map(str, t.points))}: {line}" for t in told for line in t.wrong]
    assert wrong == [], f"leavings {sum(not t.wrong for t in told)} of {len(told)}"
