"""Keycloak: one copy of the distribution a lab, built once, run by Java without a shell between."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import subprocess
import tempfile
from pathlib import Path

from onboarding import errors
from onboarding.lab import component, supply
from onboarding.lab import home as homes

NAME = "keycloak"
PORTS = ("keycloak", "keycloak-management")
SHARED_REALM = "gdcc"
BOOTSTRAP_CLIENT = "lab-first-administrator"
BUILD_OPTIONS = ("--db=dev-file", "--health-enabled=true")
_HOST = "localhost"
"""By name, because passkeys (WebAuthn) are bound to a domain and refuse an address."""

_THREADS = "io.quarkus.bootstrap.forkjoin.QuarkusForkJoinWorkerThreadFactory"
_JAVA_OPTIONS = (
    # Measured against the distribution's own options (G1, both compilers): 9 instead of 27 CPU
    # seconds to start, 330 instead of 440 MB resident.
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-Xms64m",
    "-Xmx448m",
    "-XX:MaxMetaspaceSize=256m",
    "-XX:+ExitOnOutOfMemoryError",
    "-Dfile.encoding=UTF-8",
    "-Duser.language=en",
    "-Duser.country=US",
    "-Djava.security.egd=file:/dev/urandom",
    "-Djdk.tls.rejectClientInitiatedRenegotiation=true",
    "--add-opens=java.base/java.util=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent=ALL-UNNAMED",
    "--add-opens=java.base/java.security=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
    "--enable-native-access=ALL-UNNAMED",
    f"-Djava.util.concurrent.ForkJoinPool.common.threadFactory={_THREADS}",
    "-Djava.util.logging.manager=org.jboss.logmanager.LogManager",
    "-Dpicocli.disable.closures=true",
    "-Dquarkus-log-max-startup-records=10000",
)


def address(lab: component.Lab) -> str:
    return lab.url(NAME, host=lab.host if lab.real else _HOST)


def issuer(lab: component.Lab) -> str:
    """The one issuer the API server trusts."""
    return f"{address(lab)}/realms/{SHARED_REALM}"


def secret_file(home: homes.Home) -> Path:
    return home.credentials / "keycloak-bootstrap-secret"


def distribution(home: homes.Home) -> Path:
    return home.data(NAME) / "server"


def describe(lab: component.Lab) -> component.Component:
    return component.Component(
        name=NAME,
        argv=(*_java(lab), "start", "--optimized", *_settings(lab)),
        reads=(lab.certificate("server"), distribution(lab.home) / ".built"),
        ready=lambda lab: component.answers(
            lab.url("keycloak-management", "/health/ready", _HOST), lab.trust()
        ),
        start_seconds=300,
        prepare=_prepare,
    )


def _settings(lab: component.Lab) -> tuple[str, ...]:
    return (
        f"--hostname={address(lab)}",
        # Without this it opens a cluster port on every address of the computer.
        "--cache=local",
        "--http-enabled=false",
        "--http-host=127.0.0.1",
        f"--https-port={lab.ports['keycloak']}",
        f"--http-management-port={lab.ports['keycloak-management']}",
        f"--https-certificate-file={lab.certificate('server')}",
        f"--https-certificate-key-file={lab.key('server')}",
        "--log=console",
        "--log-level=info,io.smallrye.health:warn",
    )


def _java(lab: component.Lab) -> tuple[str, ...]:
    server = distribution(lab.home)
    return (
        str(lab.engines["java"]),
        *_JAVA_OPTIONS,
        f"-Dkc.home.dir={server}",
        f"-Djboss.server.config.dir={server / 'conf'}",
        "-cp",
        str(server / "lib" / "quarkus-run.jar"),
        "io.quarkus.bootstrap.runner.QuarkusEntryPoint",
    )


def _write_config(home: homes.Home) -> None:
    """conf/keycloak.conf (0600): the first administrator, as long as there has to be one.

    It is a service client that Keycloak makes with its database and that the bootstrap removes.
    Everything that is no secret stands in argv, so that this file can change without a restart.
    """
    server, path = distribution(home), secret_file(home)
    if not path.is_file() and not (server / "data" / "h2").exists():
        homes.write(path, secrets.token_urlsafe(32))
    text = ""
    if path.is_file():
        text = (
            f"bootstrap-admin-client-id={BOOTSTRAP_CLIENT}\n"
            f"bootstrap-admin-client-secret={path.read_text().strip()}\n"
        )
    homes.write(server / "conf" / "keycloak.conf", text)


def forget_first_administrator(home: homes.Home) -> None:
    """Delete its secret everywhere; for use once the bootstrap has put another in its place."""
    secret_file(home).unlink(missing_ok=True)
    _write_config(home)


def _prepare(lab: component.Lab) -> None:
    """Lay out this lab's copy, built, unless it is there already."""
    _write_config(lab.home)
    source, server = lab.engines["keycloak"], distribution(lab.home)
    stamp = server / ".built"
    wanted = hashlib.sha256(
        repr(((source / "version.txt").read_text(), BUILD_OPTIONS)).encode()
    ).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return
    stamp.unlink(missing_ok=True)
    _lay_out(source, server)
    kept = supply.root() / "keycloak-built" / wanted[:16]
    if kept.is_dir():
        shutil.copytree(kept, server / "lib" / "quarkus", dirs_exist_ok=True)
    else:
        _build(lab, server)
        _keep(server / "lib" / "quarkus", kept)
    homes.write(stamp, wanted)


def _lay_out(source: Path, server: Path) -> None:
    """Libraries are hard links where the disk allows; ``lib/quarkus`` is rewritten by the build."""
    shutil.rmtree(server / "lib", ignore_errors=True)
    for folder in ("conf", "providers", "themes"):
        (server / folder).mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copytree(
        source / "lib",
        server / "lib",
        copy_function=_link_or_copy,
        ignore=lambda folder, _: ["quarkus"] if Path(folder) == source / "lib" else [],
    )
    shutil.copytree(source / "lib" / "quarkus", server / "lib" / "quarkus")
    shutil.copy2(source / "version.txt", server / "version.txt")


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _build(lab: component.Lab, server: Path) -> None:
    log = lab.home.logs / "keycloak-build.log"
    with log.open("wb") as stream:
        ended = subprocess.run(
            (*_java(lab), "build", *BUILD_OPTIONS),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=subprocess.STDOUT,
            cwd=server,
            env={"PATH": os.defpath},
            umask=0o077,
            check=False,
        )
    if ended.returncode != 0:
        raise errors.EngineFailed(
            f"Keycloak's build ended with exit code {ended.returncode}",
            details=[*log.read_text(errors="replace").splitlines()[-12:], f"log: {log}"],
            resolution="Run: onboard lab doctor",
        )


def _keep(built: Path, kept: Path) -> None:
    """Keep what the build made for other labs: it holds no path and no setting of one lab."""
    kept.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent) as draft:
        whole = Path(draft) / "quarkus"
        shutil.copytree(built, whole)
        # Another lab may have kept the same in the meantime; either copy will do.
        with contextlib.suppress(OSError):
            whole.rename(kept)
