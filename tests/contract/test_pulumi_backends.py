"""What Pulumi stores in PostgreSQL and in S3 is read by its names, and its stale locks are told."""

from __future__ import annotations

import base64
import io
import json
import os
import socket
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib import parse

import minio
import psycopg
import pytest
import urllib3
from minio.credentials import providers
from psycopg import sql

from onboarding import environment, errors, progress
from onboarding.engines import pulumi_stack
from onboarding.engines.pulumi_stack import backend, checkpoint, command
from onboarding.lab import supply
from onboarding.state import leases, opening
from tests.contract import agencies
from tests.contract.servers import postgres, s3, tls
from tests.unit import targets

pytestmark = pytest.mark.timeout(1800)
"""The first start of the S3 server builds it."""
LOCK = ".pulumi/locks/organization/gdcc-onboarding/moph/1.json"


@pytest.fixture(params=["file", "postgres", "s3"])
def target(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    postgres_server: postgres.Server,
    s3_server: s3.Server,
) -> environment.Environment:
    """An environment with a real Pulumi and an empty backend."""
    name = f"p{os.urandom(4).hex()}"
    backends: dict[str, dict[str, Any]] = {
        "file": {"backend": f"file://{tmp_path / 'pulumi'}"},
        "postgres": {
            "backend": f"{postgres_server.url('postgres')}&table={name}",
            "credentials_file": postgres_server.passfile,
        },
        "s3": {
            "backend": s3_server.url(name),
            "credentials_file": s3_server.credentials,
            "ca_file": s3_server.ca,
        },
    }
    program = supply.ensure(["pulumi"], progress.Silent())["pulumi"]
    pulumi = environment.Pulumi(
        home=tmp_path / "home",
        command=str(program),
        passphrase_file=tls.private(tmp_path / "passphrase", "test"),
        **backends[request.param],
    )
    state = environment.State(store=f"file://{tmp_path / 'state'}")
    return targets.pinned().model_copy(update={"pulumi": pulumi, "state": state})


@pytest.fixture
def stack(target: environment.Environment, tmp_path: Path) -> command.Stack:
    made = command.Stack(target, "moph", tmp_path / "kubeconfig")
    command.prepare(made)
    return made


def test_a_stack_is_known_once_pulumi_has_made_it(stack: command.Stack) -> None:
    assert not command.known(stack)
    command.init(stack)
    assert command.known(stack)
    command.init(stack)
    place = backend.stored(stack.target.pulumi)
    raw = place.read(backend.checkpoint_name(command.PROJECT, "moph"))
    assert raw is not None
    assert checkpoint.facts(json.loads(raw))["secretsProvider"] in ("", "passphrase")
    assert not command.known(replace(stack, name="mop"))


def _locked(stack: command.Stack, host: str, pid: int) -> None:
    """Put a lock where Pulumi puts it; its content is Pulumi's own."""
    content = {
        "pid": pid, "username": "ci", "hostname": host, "timestamp": "2026-01-01T00:00:00+07:00",
    }  # fmt: skip
    file = stack.folder / "lock.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    _store(stack.target.pulumi, file.read_bytes())
    assert LOCK in backend.stored(stack.target.pulumi).find(".pulumi/locks/")


def _store(pulumi: environment.Pulumi, content: bytes) -> None:
    if pulumi.backend.startswith("file:"):
        path = environment.folder_of(pulumi.backend) / LOCK
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    elif pulumi.backend.startswith("s3:"):
        where = parse.urlsplit(pulumi.backend)
        endpoint = parse.urlsplit(parse.parse_qs(where.query)["endpoint"][0])
        client = minio.Minio(
            endpoint.netloc,
            credentials=providers.AWSConfigProvider(filename=str(pulumi.credentials_file)),
            region="us-east-1",
            http_client=urllib3.PoolManager(ca_certs=str(pulumi.ca_file)),
        )
        name = f"{where.path.strip('/')}/{LOCK}"
        client.put_object(where.netloc, name, io.BytesIO(content), len(content))
    else:
        url, _, table = pulumi.backend.partition("&table=")
        data = json.dumps({"data": base64.b64encode(content).decode()})
        with psycopg.connect(url, passfile=str(pulumi.credentials_file)) as database:
            insert = sql.SQL("insert into {} (key, data) values (%s, %s)")
            database.execute(insert.format(sql.Identifier(table)), (f"postgres/{LOCK}", data))


def _pulumi_says(stack: command.Stack) -> str:
    """What Pulumi itself makes of the lock."""
    ended = subprocess.run(
        [stack.target.pulumi.command, "--non-interactive", "refresh", "--yes", "--stack=moph"],
        cwd=stack.folder, env=command._environment(stack), capture_output=True, text=True,
        check=False, timeout=120,
    )  # fmt: skip
    return ended.stdout + ended.stderr


def test_a_lock_of_a_dead_process_here_is_removed(stack: command.Stack) -> None:
    command.init(stack)
    _locked(stack, socket.gethostname(), 4194304)
    assert "currently locked" in _pulumi_says(stack)
    backend.clear(stack.target, command.PROJECT, "moph")
    assert "currently locked" not in _pulumi_says(stack)


def test_the_stack_of_an_agency_that_left_goes_in_spite_of_a_killed_runs_lock(
    stack: command.Stack,
) -> None:
    role = environment.Role.APPLIER
    login = environment.Credentials.model_construct(kubeconfig=stack.kubeconfig)
    target = stack.target.model_copy(update={"credentials": {role: login}})
    command.init(stack)
    _locked(stack, socket.gethostname(), 4194304)
    engine = pulumi_stack.PulumiStack(target, role)
    engine.forget(agencies.example("moph"))
    assert not command.known(stack)
    engine.forget(agencies.example("moph"))


def test_a_lock_of_another_computer_is_removed_only_where_our_lease_proves_it(
    stack: command.Stack,
) -> None:
    command.init(stack)
    _locked(stack, "runner-7", 7)
    with pytest.raises(errors.EngineFailed, match="another run is writing") as told:
        backend.clear(stack.target, command.PROJECT, "moph")
    assert "process 7 of ci on runner-7" in told.value.details[0]
    if stack.target.pulumi.backend.startswith("file:"):
        return  # a folder belongs to one computer: a person decides
    store = opening.of(stack.target)
    store.record("moph", leases.STALE, holder="ci@runner-8 pid 1", host="runner-8")
    with pytest.raises(errors.EngineFailed, match="another run is writing"):
        backend.clear(stack.target, command.PROJECT, "moph")
    store.record("moph", leases.STALE, holder="ci@runner-7 pid 1", host="runner-7")
    backend.clear(stack.target, command.PROJECT, "moph")
    assert LOCK not in backend.stored(stack.target.pulumi).find(".pulumi/locks/")


def test_no_secret_reaches_pulumi_by_its_environment(stack: command.Stack) -> None:
    given = command._environment(stack)
    file = stack.target.pulumi.credentials_file
    if file is not None:
        secret = file.read_text(encoding="utf-8").strip().rpartition("=")[2].rpartition(":")[2]
        assert secret.strip() not in json.dumps(given)
        file.chmod(0o640)
        with pytest.raises(errors.Denied, match="can be read by others"):
            command._environment(stack)
        file.chmod(0o600)
