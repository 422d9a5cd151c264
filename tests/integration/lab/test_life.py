"""A lab's life on real engines: up, again, broken, mended, moved, down."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from onboarding.lab import home as homes
from onboarding.lab import launch, ports, process, roster, state
from tests.integration.lab.conftest import NAME, command, must
from tests.running import LAB, ROOT, onboard

pytestmark = [pytest.mark.lab, pytest.mark.timeout(1800)]

_WARM_START_SECONDS = 30
"""On two idle cores. Tests share theirs with others, so they count the work, not the wait."""
_RESIDENT_BYTES = 2.5 * 2**30


def _status() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(command("status", "--output", "json").out)
    return found


def _conditions() -> dict[str, str]:
    return {one["name"]: one["condition"] for one in _status()["components"]}


def _pids() -> dict[str, int]:
    return {one["name"]: one["pid"] for one in _status()["components"]}


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _cluster(home: homes.Home, method: str, path: str, body: Any = None) -> requests.Response:
    server = yaml.safe_load((home.credentials / "admin.kubeconfig").read_text())["clusters"][0]
    return requests.request(
        method,
        server["cluster"]["server"] + path,
        json=body,
        verify=str(home.pki / "ca.crt"),
        cert=(str(home.pki / "admin.crt"), str(home.pki / "admin.key")),
        timeout=15,
    )


def test_everything_is_ready_within_its_memory(up: homes.Home) -> None:
    assert command("status").code == 0
    found = _status()
    assert {one["condition"] for one in found["components"]} == {"ready"}
    assert [one["name"] for one in found["components"]] == list(roster.DESCRIPTIONS)
    assert 0 < found["residentBytes"] <= _RESIDENT_BYTES
    assert command("doctor").out == f"lab {NAME}: nothing is wrong\n"


def test_up_again_starts_nothing(up: homes.Home) -> None:
    before = _pids()
    began = time.monotonic()
    assert "everything was already running" in must(command("up")).out
    assert time.monotonic() - began < 10
    assert _pids() == before


def test_two_ups_at_once_start_everything_once(up: homes.Home) -> None:
    os.kill(_pids()["openbao"], signal.SIGKILL)
    words = [sys.executable, "-m", "onboarding", "lab", "up", "--name", NAME]
    both = [subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [one.communicate(timeout=300)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0]
    assert sum("started openbao" in text for text in outputs) == 1


@pytest.mark.parametrize("name", ["openbao", "etcd", "kwok", "provisioner", "keycloak"])
def test_died_component_is_seen_explained_and_restarted_alone(up: homes.Home, name: str) -> None:
    before = _pids()
    os.kill(before[name], signal.SIGKILL)
    assert process.wait_gone(state.load(up).started[name].mark, 5)
    assert command("status").code == 4
    assert _conditions()[name] == "died"
    examined = command("doctor")
    assert examined.code == 4
    assert f"{name}: it is not running" in examined.out
    assert str(up.logs / f"{name}.log") in examined.out
    assert f"started {name}\n" in must(command("up")).out
    after = _pids()
    assert {n for n in after if after[n] != before[n]} == {name}


def test_listens_on_loopback_only(up: homes.Home) -> None:
    open_sockets = set()
    for pid in _pids().values():
        open_sockets |= {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir()}
    loopback = {"0100007F", "0000000000000000FFFF00000100007F"}
    seen = 0
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in open_sockets:
                seen += 1
                assert fields[1].split(":")[0] in loopback
    assert seen >= len(state.load(up).ports)


def test_no_secret_in_argv_environment_logs_or_open_files(up: homes.Home) -> None:
    secrets = {
        path: path.read_bytes().strip()
        for path in [*up.credentials.rglob("*"), *up.pki.glob("*.key")]
        if path.is_file() and "kubeconfig" not in path.name and "public" not in path.name
    }
    for path in up.credentials.rglob("*kubeconfig"):
        token = yaml.safe_load(path.read_text())["users"][0]["user"].get("token")
        secrets[path] = (token or "no token here").encode()
    assert len(secrets) > 10
    for path in secrets:
        assert path.stat().st_mode & 0o077 == 0, path
    children = [Path(f"/proc/{pid}") for pid in _pids().values()]
    places = {child / file for child in children for file in ("cmdline", "environ")}
    places |= {*up.logs.iterdir(), up.state_file, up.environment_file}
    for place in places:
        content = place.read_bytes()
        for path, secret in secrets.items():
            assert secret not in content, f"{path.name} in {place}"


def test_warm_start_keeps_data_and_stays_within_its_work(up: homes.Home) -> None:
    namespace = {"metadata": {"name": "kept"}}
    assert _cluster(up, "POST", "/api/v1/namespaces", namespace).status_code in (201, 409)
    assert "etcd" in json.loads(must(command("down", "--output", "json")).out)["stopped"]
    assert set(_conditions().values()) == {"stopped"}
    assert command("status").code == 0
    assert process.labelled(launch.label(up, "")) == {}
    must(command("up"))
    assert sum(_cpu_seconds(pid) for pid in _pids().values()) <= 2 * _WARM_START_SECONDS
    assert _cluster(up, "GET", "/api/v1/namespaces/kept").status_code == 200
    assert "already running" in must(command("up")).out
    again = json.loads(must(command("up", "--output", "json")).out)
    assert (again["started"], again["environmentFile"]) == ([], str(up.environment_file))


def test_down_leaves_a_stranger_with_a_recycled_pid_alone(up: homes.Home) -> None:
    must(command("down"))
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(120)"])
    try:
        seen = process.mark(stranger.pid)
        assert seen is not None
        old = process.Mark(stranger.pid, seen.start_ticks - 100, seen.boot_id)
        rebooted = process.Mark(stranger.pid, seen.start_ticks, "before-the-reboot")
        for mark in (old, rebooted):
            known = state.load(up).with_process("etcd", state.Started(mark, "d", ""))
            state.save(up, known)
            must(command("down"))
            assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_process_that_was_never_recorded_is_still_ours(up: homes.Home) -> None:
    known = state.load(up)
    forgotten = known.started["kwok"].mark
    state.save(up, known.without_process("kwok"))
    must(command("up"))
    assert not process.alive(forgotten)
    assert _conditions()["kwok"] == "ready"


def test_taken_port_is_explained_and_replaced_everywhere(up: homes.Home) -> None:
    port = state.load(up).ports["apiserver"]
    must(command("down"))
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind((ports.ADDRESS, port))
        stranger.listen()
        assert f"its port {port} is taken by" in command("doctor").out
        must(command("up"))
        moved = state.load(up).ports["apiserver"]
        assert moved != port
        content = yaml.safe_load(up.environment_file.read_text())
        assert content["cluster"]["server"].endswith(f":{moved}")
        for login in content["credentials"].values():
            config = yaml.safe_load(Path(login["kubeconfig"]).read_text())
            server = config["clusters"][0]["cluster"]["server"]
            assert server.endswith(f":{moved}")
        assert _cluster(up, "GET", "/readyz").status_code == 200
        assert command("doctor").code == 0


def test_interrupted_start_goes_on(up: homes.Home) -> None:
    must(command("down"))
    words = [sys.executable, "-m", "onboarding", "lab", "up", "--name", NAME]
    run = subprocess.Popen(words, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 60
    while not state.load(up).started:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    run.send_signal(signal.SIGINT)
    _, text = run.communicate(timeout=60)
    assert run.returncode == 130, text
    must(command("up"))
    assert command("status").code == 0


@pytest.mark.slow
def test_two_labs_side_by_side(up: homes.Home) -> None:
    other = "probe-2"
    try:
        must(onboard("lab", "up", "--name", other, timeout=1800))
        mine, others = state.load(up), state.load(homes.locate(other))
        assert not set(mine.ports.values()) & set(others.ports.values())
        must(onboard("lab", "down", "--name", other))
        assert command("status").code == 0
    finally:
        onboard("lab", "reset", "--yes", "--name", other)


def test_env_has_paths_and_no_secret(up: homes.Home) -> None:
    variables = json.loads(command("env", "--output", "json").out)
    assert {"KUBECONFIG", "VAULT_ADDR", "VAULT_CACERT", "ONBOARD_ENVIRONMENT"} <= set(variables)
    assert not any("TOKEN" in name or "PASS" in name for name in variables)
    text = must(command("env")).out
    answer = subprocess.run(
        ["/bin/sh", "-c", f'{text}\nprintf %s "$ONBOARD_ENVIRONMENT"'],
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout == str(up.environment_file)


def test_logs_of_one_component_and_of_all(up: homes.Home) -> None:
    assert len(must(command("logs", "keycloak", "-n", "3")).out.splitlines()) == 3
    assert "keycloak           | " in must(command("logs", "-n", "1")).out
    assert command("logs", "mystery").code == 2


def test_reset_asks_first_and_then_leaves_nothing(up: homes.Home) -> None:
    assert command("reset").code == 4
    assert up.root.is_dir()
    must(command("reset", "--yes"))
    assert not up.root.exists()
    assert process.labelled(launch.label(up, "")) == {}
    assert command("status").code == 2
    assert "there is no lab" in command("doctor").out
    assert must(command("down")).out == f"lab {NAME} was down\n"


def test_names_of_tests_never_touch_the_shared_lab() -> None:
    assert NAME != LAB
