"""Descriptions of the components: what they may say and where they may listen."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import yaml

from onboarding import errors
from onboarding.lab import apiserver, certificates, cluster, component, roster, wire
from onboarding.lab import home as homes


@pytest.fixture
def lab(tmp_path: Path) -> component.Lab:
    home = homes.Home("trial", tmp_path / "trial")
    homes.create(home)
    certificates.ensure(home)
    names = [port for ports in roster.PORTS.values() for port in ports]
    engines = {name: tmp_path / name for name in roster.engines(real=True)}
    return component.Lab(home, {name: 20000 + n for n, name in enumerate(names)}, engines)


@pytest.fixture
def real(lab: component.Lab) -> component.Lab:
    made = dataclasses.replace(lab, real=True)
    certificates.ensure(lab.home, addresses=(made.host,))
    return made


def test_every_component_has_ports_a_deadline_and_a_wave() -> None:
    stopped = [name for wave in roster.STOP_WAVES for name in wave]
    assert sorted(stopped) == sorted(roster.EVERY) == sorted(roster.PORTS)
    assert sorted(roster.STOP_SECONDS) == sorted(roster.EVERY)


def test_what_others_lean_on_is_stopped_after_them(real: component.Lab) -> None:
    wave = {name: n for n, names in enumerate(roster.STOP_WAVES) for name in names}
    for part in roster.describe(real):
        for needed in part.after:
            assert wave[needed] > wave[part.name]


def test_names_are_the_roster_names(lab: component.Lab) -> None:
    assert [part.name for part in roster.describe(lab)] == list(roster.DESCRIPTIONS)


def test_a_real_node_adds_its_parts(real: component.Lab) -> None:
    assert [part.name for part in roster.describe(real)] == list(roster.EVERY)


def test_nothing_listens_beyond_loopback(lab: component.Lab) -> None:
    for part in roster.describe(lab):
        text = " ".join([*part.argv, *part.files.values()])
        assert "0.0.0.0" not in text  # noqa: S104
        assert "[::]" not in text


def test_digest_follows_argv_files_and_what_is_read(lab: component.Lab) -> None:
    part = roster.describe(lab)[1]
    before = part.digest()
    assert part.digest() == before
    assert dataclasses.replace(part, argv=(*part.argv, "--x")).digest() != before
    assert dataclasses.replace(part, files={Path("/x"): "y"}).digest() != before
    part.reads[0].write_text("another certificate")
    assert part.digest() != before


def test_changed_port_changes_everyone_who_uses_it(lab: component.Lab) -> None:
    moved = dataclasses.replace(lab, ports={**lab.ports, "apiserver": 29999})
    changed = {
        old.name
        for old, new in zip(roster.describe(lab), roster.describe(moved), strict=True)
        if old.digest() != new.digest()
    }
    assert changed == {"apiserver", "controller-manager", "scheduler", "kwok", "provisioner"}


def test_no_secret_in_argv_or_environment(lab: component.Lab) -> None:
    for part in roster.describe(lab):
        if part.prepare and part.name in ("apiserver", "openbao"):
            part.prepare(lab)
    secrets = [p.read_bytes() for p in lab.home.credentials.iterdir() if p.is_file()]
    assert secrets
    for part in roster.describe(lab):
        text = " ".join([*part.argv, *part.environ.values()]).encode(errors="surrogateescape")
        assert not any(secret.strip() in text for secret in secrets)


def test_api_server_trusts_one_issuer_under_a_prefix(lab: component.Lab) -> None:
    files = {path.name: text for path, text in apiserver.describe(lab).files.items()}
    content = yaml.safe_load(files["authentication.yaml"])
    (issuer,) = content["jwt"]
    assert issuer["issuer"]["audiences"] == [apiserver.AUDIENCE]
    assert issuer["claimMappings"]["groups"] == {"claim": "groups", "prefix": "gdcc:"}
    assert [c["path"] for c in content["anonymous"]["conditions"]] == [
        "/livez",
        "/readyz",
        "/healthz",
    ]


def test_cluster_objects_have_unique_paths_and_matching_names() -> None:
    entries = cluster.objects()
    assert len({path for path, _ in entries}) == len(entries)
    for path, body in entries:
        assert path.endswith("/" + body["metadata"]["name"])


def test_a_gateway_of_an_earlier_lab_is_made_anew(
    lab: component.Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def answer(method: str, *_: object, **__: object) -> wire.Response:
        asked.append(method)
        return wire.Response(422 if asked == ["PATCH"] else 200, b"{}")

    monkeypatch.setattr(wire, "request", answer)
    meta = {"metadata": {"name": "gdcc"}}
    cluster.apply(lab, [("/ingressclasses/gdcc", {"kind": "IngressClass", **meta})])
    assert asked == ["PATCH", "DELETE", "PATCH"]
    asked.clear()
    with pytest.raises(errors.EngineFailed, match="refuses Node gdcc"):
        cluster.apply(lab, [("/nodes/gdcc", {"kind": "Node", **meta})])


def test_lab_parts_have_no_right_to_secrets_and_no_wildcard() -> None:
    for _, body in cluster.objects():
        for rule in body.get("rules", []):
            assert "secrets" not in rule["resources"]
            assert "*" not in [*rule["resources"], *rule["verbs"], *rule["apiGroups"]]
