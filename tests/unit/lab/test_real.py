"""A real node's names, addresses, images and objects, as far as they need no node."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import io
import json
import os
import tarfile
from pathlib import Path

import pytest
import yaml

from onboarding import environment, errors
from onboarding.cli import lab_text
from onboarding.lab import (
    certificates,
    component,
    environment_file,
    ports,
    roster,
    volumes,
    wire,
)
from onboarding.lab import home as homes
from onboarding.lab.real import (
    containers,
    disk,
    gate,
    groups,
    images,
    kubelet,
    machine,
    node,
    objects,
    place,
    serving,
    sites,
    target,
)


@pytest.fixture
def lab(tmp_path: Path) -> component.Lab:
    home = homes.Home("trial", tmp_path / "trial")
    homes.create(home)
    names = [port for wanted in roster.PORTS.values() for port in wanted]
    engines = {name: tmp_path / name for name in roster.engines(real=True)}
    numbers = {name: 20000 + n for n, name in enumerate(names)}
    return component.Lab(home, numbers, engines, real=True)


def test_no_two_labs_share_a_network() -> None:
    every = [place.network(port) for port in range(ports.FIRST, ports.LAST + 1)]
    assert len({net.pods for net in every}) == len(every)
    for net in (every[0], every[-1]):
        assert net.computer not in net.pods
        assert net.node not in net.pods
        assert net.pods.subnet_of(place._SHARED)


def test_names_fit_the_kernel_and_tell_labs_apart(tmp_path: Path) -> None:
    one, other = (homes.Home("x" * 32, tmp_path / folder) for folder in ("one", "other"))
    assert len(place.link(one)) <= 15
    assert place.link(one) != place.link(other)
    assert place.group(one) != place.group(other)


def test_an_image_is_equal_for_equal_input_and_holds_what_it_says(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF")
    packed = images.pack(program, "1", ("pause",))
    assert packed == images.pack(program, "1", ("pause",))
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        blobs = {
            entry.name: extracted.read()
            for entry in archive
            if (extracted := archive.extractfile(entry))
        }
    entry = json.loads(blobs["index.json"])["manifests"][0]
    manifest = json.loads(blobs[_blob(entry["digest"])])
    for part in (entry, manifest["config"], *manifest["layers"]):
        content = blobs[_blob(part["digest"])]
        assert hashlib.sha256(content).hexdigest() == part["digest"][7:]
        assert len(content) == part["size"]
    config = json.loads(blobs[_blob(manifest["config"]["digest"])])
    assert config["config"]["Cmd"] == ["pause"]
    assert config["config"]["User"] == "65534:65534"


def _blob(digest: str) -> str:
    return digest.replace("sha256:", "blobs/sha256/")


def test_another_build_of_an_engine_has_another_image(lab: component.Lab) -> None:
    program = lab.engines["lab-pod"]
    program.write_bytes(b"one")
    before = images.of_engine(lab, "lab-pod")
    assert before == images.of_engine(lab, "lab-pod")
    program.write_bytes(b"three")
    assert images.of_engine(lab, "lab-pod") != before


def test_an_archive_wants_a_real_node(lab: component.Lab, tmp_path: Path) -> None:
    simulated = component.Lab(lab.home, lab.ports, lab.engines)
    with pytest.raises(errors.UsageError, match="no real node"):
        images.load(simulated, tmp_path / "a.tar", "registry.test/a")
    with pytest.raises(errors.UsageError, match="no archive"):
        images.load(lab, tmp_path / "a.tar", "registry.test/a")


def test_an_archive_is_imported_and_known_by_tag_and_digest_after_one_look_at_the_node(
    lab: component.Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive, digest = tmp_path / "a.tar", f"sha256:{'c' * 64}"
    archive.touch()
    asked: list[str] = []

    def ctr(lab: component.Lab, *words: str, seconds: float = 0) -> str:
        asked.append(words[1])
        return f"REF TYPE DIGEST\nregistry.test/a:1 t {digest}\nregistry.test/ab:1 t sha256:0\n"

    monkeypatch.setattr(images, "ctr", ctr)
    names = images.load(lab, archive, "registry.test/a")
    assert names == ("registry.test/a:1", f"registry.test/a@{digest}")
    assert asked == ["import", "list", "tag"]


def test_the_api_server_s_own_name_leads_through_the_gate(lab: component.Lab) -> None:
    found = dict(objects.wanted(lab))
    assert "$" not in yaml.safe_dump(list(found.values()))
    slices = next(body for body in found.values() if body["kind"] == "EndpointSlice")
    assert slices["endpoints"][0]["addresses"] == [lab.host]


def test_only_who_serves_certificates_reads_secrets(lab: component.Lab) -> None:
    roles = [body for _, body in objects.wanted(lab) if body["kind"] == "ClusterRole"]
    readers = [
        role["metadata"]["name"]
        for role in roles
        if any("secrets" in rule["resources"] for rule in role["rules"])
    ]
    assert readers == ["lab:traefik"]


def test_sites_are_served_at_the_node_s_own_address(lab: component.Lab) -> None:
    found = dict(objects.wanted(lab))
    (path,) = [path for path in found if path.endswith("/status")]
    assert path == "/api/v1/namespaces/gdcc-gateway/services/traefik/status"
    balancer = found[path]["status"]["loadBalancer"]
    assert [one["ip"] for one in balancer["ingress"]] == [sites.address(lab)]
    simulated = component.Lab(lab.home, lab.ports, lab.engines)
    assert sites.of(simulated) is None


def test_the_gateway_has_no_certificate_for_hosts_it_does_not_know(lab: component.Lab) -> None:
    config = next(
        body
        for path, body in objects.wanted(lab)
        if path.endswith("/gdcc-gateway/configmaps/traefik")
    )
    rules = yaml.safe_load(config["data"]["rules.yaml"])
    assert rules["tls"]["options"]["default"] == {"minVersion": "VersionTLS12", "sniStrict": True}


def test_status_says_how_hosts_are_reached() -> None:
    assert lab_text.sites_lines(None) == []
    hosts = tuple(f"site-{n:02}.test" for n in range(22))
    shown = lab_text.sites_lines(sites.Sites("100.64.0.254", Path("ca.crt"), hosts))
    assert "      100.64.0.254 site-00.test" in shown
    assert "      (2 more: --output json)" in shown
    assert "--cacert ca.crt --resolve site-00.test:443:100.64.0.254" in shown[-1]


def test_what_serves_is_asked_itself(
    lab: component.Lab, monkeypatch: pytest.MonkeyPatch, free_port: int
) -> None:
    one = serving.Service("names", "kube-system", "k8s-app=kube-dns", f"{free_port}/ready")
    assert serving.lacks(lab, one) == "the node is not up"
    monkeypatch.setattr(node, "is_linked", lambda _: True)
    pods: list[dict[str, object]] = [{"status": {}}]
    listed = {"items": pods}
    answer = wire.Response(200, json.dumps(listed).encode())
    monkeypatch.setattr(wire, "request", lambda *_, **__: answer)
    assert "has an address yet" in serving.lacks(lab, one)
    pods[0]["status"] = {"podIP": "127.0.0.1"}
    answer = wire.Response(200, json.dumps(listed).encode())
    assert "Refused" in serving.lacks(lab, one)


def test_kubelet_and_containerd_stay_in_the_lab_s_places(lab: component.Lab) -> None:
    config = yaml.safe_load(next(iter(kubelet.describe(lab).files.values())))
    assert config["cgroupRoot"] == f"/{place.group(lab.home)}"
    assert not config["authentication"]["anonymous"]["enabled"]
    text = containers.describe(lab).files[lab.home.config / "containerd.toml"]
    assert str(lab.home.data("containerd")) in text
    assert "/var/lib" not in text


def test_root_on_linux_may_have_a_node(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    machine.refuse_without_rights()


def test_others_are_told_what_is_simulated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(errors.UsageError) as refused:
        machine.refuse_without_rights()
    assert any("policies are stored, not enforced" in line for line in refused.value.details)


def test_the_gate_hands_both_ways_through_until_each_side_ends(free_port: int) -> None:
    async def talk() -> bytes:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            asked = await reader.read()
            writer.write(asked.upper())
            writer.close()

        inner = await asyncio.start_server(answer, ports.ADDRESS, free_port)
        outer = asyncio.ensure_future(gate.serve("127.0.0.2", [free_port]))
        async with inner:
            for _ in range(100):
                try:
                    reader, writer = await asyncio.open_connection("127.0.0.2", free_port)
                    break
                except ConnectionRefusedError:
                    await asyncio.sleep(0.05)
            writer.write(b"letter")
            writer.write_eof()
            heard = await asyncio.wait_for(reader.read(), 10)
            writer.close()
            await writer.wait_closed()
        outer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await outer
        return heard

    assert asyncio.run(talk()) == b"LETTER"


@pytest.fixture
def free_port() -> int:
    return next(port for port in range(ports.LAST, ports.FIRST, -1) if ports.is_free(port))


def test_groups_that_are_not_there_need_no_clearing() -> None:
    assert groups.found("onboard-lab-nobody") == []
    groups.remove("onboard-lab-nobody")
    assert groups.members("onboard-lab-nobody") == set()


def test_the_environment_says_what_a_real_node_is_not(lab: component.Lab) -> None:
    wanted = _environment(lab)
    adapted = target.with_node(lab, wanted)
    assert adapted.cluster.storage_class == volumes.NODE_CLASS
    assert adapted.cluster.egress_cidrs == (f"{lab.host}/32",)
    assert 0 < adapted.scale < 1
    assert environment.Environment.model_validate(adapted.model_dump()) == adapted


@pytest.mark.parametrize("encrypted", [True, False])
def test_volumes_of_the_node_count_as_encrypted_only_where_the_disk_is(
    lab: component.Lab, monkeypatch: pytest.MonkeyPatch, encrypted: bool
) -> None:
    monkeypatch.setattr(disk, "is_encrypted", lambda _: encrypted)
    adapted = target.with_node(lab, _environment(lab))
    classes = adapted.cluster
    assert (volumes.NODE_CLASS in classes.encrypted_storage_classes) is encrypted
    assert (volumes.NODE_CLASS in classes.plain_storage_classes) is not encrypted
    assert ("not seen to be" in adapted.attestations[0].statement) is not encrypted


def _device(sys: Path, name: str, uuid: str = "", made_of: tuple[Path, ...] = ()) -> Path:
    """A block device as sysfs shows it."""
    device = sys / "devices" / name
    (device / "slaves").mkdir(parents=True)
    if uuid:
        (device / "dm").mkdir()
        (device / "dm" / "uuid").write_text(uuid)
    for one in made_of:
        (device / "slaves" / one.name).symlink_to(one)
    return device


def test_a_disk_is_encrypted_where_every_way_to_it_passes_dm_crypt(tmp_path: Path) -> None:
    sys = tmp_path / "sys"
    (sys / "dev" / "block").mkdir(parents=True)
    number = tmp_path.stat().st_dev
    mounted = sys / "dev" / "block" / f"{os.major(number)}:{os.minor(number)}"

    def judged(device: Path) -> bool:
        mounted.unlink(missing_ok=True)
        mounted.symlink_to(device)
        return disk.is_encrypted(tmp_path / "not" / "made" / "yet", sys)

    assert not disk.is_encrypted(tmp_path, sys)  # nothing is shown of it
    plain = _device(sys, "sda")
    crypt = _device(sys, "dm-0", "CRYPT-LUKS2-1234-root", (plain,))
    volume = _device(sys, "dm-1", "LVM-5678", (crypt,))
    mixed = _device(sys, "md0", made_of=(crypt, plain))
    assert not judged(plain)
    assert judged(crypt)
    assert judged(volume)
    assert not judged(mixed)
    part = crypt / "dm-0p1"
    part.mkdir()
    (part / "partition").write_text("1")
    assert judged(part)


def _environment(lab: component.Lab) -> environment.Environment:
    certificates.ensure(lab.home)
    return environment_file.describe(component.Lab(lab.home, lab.ports, lab.engines), None)
