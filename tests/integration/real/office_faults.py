"""What goes wrong with a running e-Office, done to one on the lab's real node."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import signal
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from onboarding import environment, vault
from onboarding.desired import ingress_tls
from onboarding.desired import vault as pki
from onboarding.lab import component
from onboarding.lab.real import groups, images, node, place
from onboarding.pki import certificates
from tests.faults import wrong_clock
from tests.integration.real.conftest import Cluster, eventually, must
from tests.integration.real.office_use import Office

PRODUCT, DATABASE = "deployment/e-office", "statefulset/e-office-database"
BOTH = (PRODUCT, DATABASE)
DATABASE_POD = "e-office-database-0"


def forget_image(lab: component.Lab, image: str) -> None:
    """The node holds it no more, under no name; what runs of it goes on."""
    _, _, digest = image.partition("@")
    lines = [line.split() for line in images.ctr(lab, "images", "list").splitlines()]
    names = [line[0] for line in lines if line[2] == digest]
    assert image in names
    images.ctr(lab, "images", "remove", *names)


def scale(cluster: Cluster, workload: str, replicas: int) -> None:
    """By hand; returns once its pods are gone, or ready."""
    must(cluster.ask("scale", workload, f"--replicas={replicas}"))
    chosen = f"app.kubernetes.io/name={workload.rpartition('/')[2]}"
    ready = "jsonpath={range .items[*]}{.status.containerStatuses[0].ready} {end}"

    def is_so() -> bool:
        seen = cluster.ask("get", "pods", "-l", chosen, "-o", ready).out.split()
        return seen == ["true"] * replicas

    assert eventually(is_so, 900), cluster.ask("describe", "pods").out


def row(office: Office, sql: str) -> str:
    """What the database of an e-Office says; "" while it does not."""
    asked = ("psql", "-h", "/tmp", "-U", "postgres", "-d", "eoffice", "-Atc", sql)
    return office.cluster.ask("exec", DATABASE_POD, "-c", "database", "--", *asked).out.strip()


@contextlib.contextmanager
def frozen(office: Office, workload: str) -> Iterator[None]:
    """Every process of its pods stands still, as on a computer that swaps; none has ended."""
    ids = "jsonpath={.items[*].status.containerStatuses[*].containerID}"
    chosen = f"app.kubernetes.io/name={workload}"
    told = must(office.cluster.ask("get", "pods", "-l", chosen, "-o", ids)).out.split()
    containers = {one.rpartition("/")[2] for one in told}
    assert containers
    members = groups.members(place.group(office.lab.home))
    hit = [pid for pid in members if any(one in _groups(pid) for one in containers)]
    assert hit
    _signal(hit, signal.SIGSTOP)
    try:
        yield
    finally:
        _signal(hit, signal.SIGCONT)


def _groups(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cgroup").read_text(encoding="utf-8")
    return ""


def _signal(processes: list[int], number: signal.Signals) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


class Volumes:
    """The folders of an e-Office's volumes, each on a small file system of its own."""

    def __init__(self, office: Office, folders: Mapping[str, str]) -> None:
        self._office, self._folders = office, folders

    def fill(self, claim: str) -> None:
        """Nothing more goes into it."""
        self._do('head -c 4G /dev/zero > "$1/filler" || test -s "$1/filler"', claim)

    def free(self, claim: str) -> None:
        self._do('rm "$1/filler"', claim)

    def _do(self, script: str, claim: str) -> str:
        return run_on_node(self._office.lab, script, self._folders[claim])


def run_on_node(lab: component.Lab, script: str, *words: str) -> str:
    done = node.run(lab.home, "/bin/sh", "-euc", script, "_", *words, seconds=600)
    assert done.returncode == 0, done.stderr
    return done.stdout


_TO_MEMORY = """
kept=/run/kept/${1##*/}
mkdir -p "$kept"
used=$(du -sm "$1" | cut -f1)
mount -t tmpfs -o "size=$((used + $2))m" tmpfs "$kept"
chown --reference="$1" "$kept"
chmod --reference="$1" "$kept"
cp -a "$1/." "$kept"
mount --bind "$kept" "$1"
"""
_BACK = """
kept=/run/kept/${1##*/}
umount "$1"
rm -f "$kept/filler"
find "$1" -mindepth 1 -delete
cp -a "$kept/." "$1"
umount "$kept"
"""


@contextlib.contextmanager
def small(office: Office, room: int) -> Iterator[Volumes]:
    """The volumes of an e-Office on file systems in memory that have ``room`` MiB left each.

    Afterwards all that is in them is where it was before.
    """
    claims = ("e-office-documents", "e-office-database")
    folders = {claim: _folder(office, claim) for claim in claims}
    _moved(office, folders, _TO_MEMORY, str(room))
    try:
        yield Volumes(office, folders)
    finally:
        _moved(office, folders, _BACK)


def _moved(office: Office, folders: Mapping[str, str], script: str, *words: str) -> None:
    for workload in BOTH:
        scale(office.cluster, workload, 0)
    for folder in folders.values():
        run_on_node(office.lab, script, folder, *words)
    for workload in reversed(BOTH):
        scale(office.cluster, workload, 1)


def _folder(office: Office, claim: str) -> str:
    name = "jsonpath={.spec.volumeName}"
    volume = must(office.cluster.ask("get", "pvc", claim, "-o", name)).out
    path = must(office.cluster.ask("get", "pv", volume, "-o", "jsonpath={.spec.local.path}")).out
    assert Path(path).parent == place.volumes(office.lab.home)
    return path


def certificate_of_seconds(office: Office, seconds: int) -> datetime:
    """Serve the e-Office with one from the agency's own authority; when it ends."""
    key = ec.generate_private_key(ec.SECP256R1())
    host, pem = office.instance.host, serialization.Encoding.PEM
    named = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    asked = x509.CertificateSigningRequestBuilder().subject_name(named).sign(key, hashes.SHA256())
    ends = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
    with vault.connect(office.target, environment.Role.APPLIER) as door:
        answer = door.write(
            f"{office.of.pki_mount}/sign/{pki.INGRESS_ROLE}",
            {
                "csr": asked.public_bytes(pem).decode(),
                "common_name": host,
                "not_after": certificates.stamp(ends),
            },
        )
    chain = f"{answer['certificate']}\n{answer['issuing_ca']}\n"
    secret = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    held = {"tls.crt": chain, "tls.key": secret}
    coded = {name: base64.b64encode(text.encode()).decode() for name, text in held.items()}
    _put(office.cluster, f"secret/{ingress_tls.secret_name(office.instance)}", coded)
    public = f"configmap/{ingress_tls.certificate_name(office.instance)}"
    _put(office.cluster, public, {"tls.crt": chain})
    return ends


def _put(cluster: Cluster, thing: str, held: Mapping[str, str]) -> None:
    text = json.dumps({"data": held})
    must(cluster.ask("patch", thing, "--type=merge", "--patch-file=/dev/stdin", text=text))


@contextlib.contextmanager
def clock(shift: str) -> Iterator[None]:
    """Commands started meanwhile have another clock than the systems that they ask."""
    with pytest.MonkeyPatch.context() as shell:
        for name, value in wrong_clock.settings(FAKETIME=shift).items():
            shell.setenv(name, value)
        yield
