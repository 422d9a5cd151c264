"""``python -m benchmarks.product [ORGANISATIONS …]``: Ansible configures a running product.

For each number of organisations in one instance (1 and 57 unless named) a fresh Mayan EDMS and
OpenBao, both plain processes, and the engine as ``onboard apply`` uses it: the first run, a second
one, which must write nothing, and reading alone. Beside the wall clock stand the CPU seconds of the
product's own processes, and beside both the floor: what the product takes for a request that asks
for nothing but its version.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from onboarding import environment, plan, product_api, progress, tenant
from onboarding.desired import settings
from onboarding.engines import ansible_playbooks
from onboarding.product_api.mayan import api
from onboarding.products import contract
from tests.contract import agencies, product_place
from tests.contract import openbao as openbao_server
from tests.contract.servers import mayan as real

_FLOOR = 50
"""Requests for the version, of which the mean is taken."""
_COLUMNS = (
    "organisations", "things", "run", "requests", "writing", "wall s", "CPU s", "CPU to floor",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.product")
    parser.add_argument("numbers", nargs="*", type=int, default=[1, 57], metavar="ORGANISATIONS")
    print(f"| {' | '.join(_COLUMNS)} |")
    print(f"|{'---:|' * len(_COLUMNS)}")
    for number in parser.parse_args().numbers:
        with tempfile.TemporaryDirectory(prefix="onboard-bench-") as folder:
            _measured(number, Path(folder))


def _measured(number: int, folder: Path) -> None:
    of = _agency(number)
    bao = openbao_server.start(folder / "openbao")
    try:
        target = product_place.prepared(bao)
        product_place.apply(of, target)
        home = folder / "mayan"
        home.mkdir()
        server = real.start(home, product_place.accounts(of, target))
        try:
            _rows(of, _with(target, server, folder), server, number)
        finally:
            server.stop()
    finally:
        bao.stop()


def _agency(number: int) -> tenant.Tenant:
    of = agencies.example("plk-lao", agencies.renamed(f"bench-{number}"))
    body = of.bodies[0]
    made = tuple(dataclasses.replace(body, id=f"{of.id}-{n:04}") for n in range(number))
    return dataclasses.replace(of, bodies=made)


def _with(
    target: environment.Environment, server: real.Server, folder: Path
) -> environment.Environment:
    about = {"product": "mayan-edms", "address": server.address, "caFile": server.home.ca}
    product = environment.EOffice.model_validate({**about, "longest": "24h"})
    state = environment.State(store=f"file://{folder}/state")
    timeouts = environment.Timeouts.model_validate({"request": "4m", "retry": "8m"})
    return target.model_copy(update={"e_office": product, "state": state, "timeouts": timeouts})


def _rows(
    of: tenant.Tenant, target: environment.Environment, server: real.Server, number: int
) -> None:
    wanted = [i for i in settings.desired(of, target) if i.ref.kind in contract.KINDS]
    changes = plan.diff(of.id, wanted, [], target={}).changes
    floor = _floor(server)

    def run() -> None:
        _must(ansible_playbooks.AnsiblePlaybooks(target, environment.Role.APPLIER), of, changes)

    def read() -> None:
        product_api.of("mayan-edms").observed(server.place, server.reader, of.id)

    for title, step in (("first", run), ("second", run), ("read alone", read)):
        wall, cpu, requests, writing = _cost(server, step)
        print(
            f"| {number:,} | {len(wanted):,} | {title} | {requests:,} | {writing:,} "
            f"| {wall:.1f} | {cpu:.1f} | {cpu / requests / floor:.1f} |",
            flush=True,
        )
        if title != "first" and writing:
            sys.exit(f"the {title} run wrote {writing} times")


def _must(
    engine: ansible_playbooks.AnsiblePlaybooks, of: tenant.Tenant, changes: Sequence[plan.Change]
) -> None:
    for outcome in engine.apply(of, changes, progress.Silent()):
        if outcome.error is not None:
            raise outcome.error


def _cost(server: real.Server, step: Callable[[], None]) -> tuple[float, float, int, int]:
    """Seconds by the clock and of CPU, requests, and of those the ones that may write."""
    before, used = len(server.requests()), _cpu(server)
    began = time.monotonic()
    step()
    wall = time.monotonic() - began
    asked = len(server.requests()) - before
    return wall, _cpu(server) - used, asked, len(server.writes(before))


def _cpu(server: real.Server) -> float:
    """Seconds that the product's processes have used, those of its database not among them."""
    first = server.process.pid
    workers = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    ticks = 0
    for process in (first, *workers):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _floor(server: real.Server) -> float:
    """CPU seconds of the product for a request that asks for its version."""
    with api.Api(server.place, server.reader) as door:
        used = _cpu(server)
        for _ in range(_FLOOR):
            door.get("/project/")
    return (_cpu(server) - used) / _FLOOR


if __name__ == "__main__":
    main()
