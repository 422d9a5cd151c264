"""OPS: the live systems against the plan, and no readable secret in state and logs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from importlib import resources
from importlib.resources import abc
from typing import Any

import yaml

from onboarding import item, normal_form, policy
from onboarding.policies import judge
from onboarding.policy import Severity, Stage

_SECRET_WORDS = re.compile(
    r"(?i)\b\w*(?:password|passwd|secret|token|private_key|credential)\w*\b|hashi_vault|vault_kv"
)
_PRIVATE_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_TASK_LISTS = ("tasks", "pre_tasks", "post_tasks", "handlers", "block", "rescue", "always")


def no_drift(view: policy.View) -> Iterator[policy.Result]:
    """Every desired item is there as planned, and nothing of ours is there besides."""
    wanted = {i.ref: i for i in view.desired}
    if not wanted:
        return
    for engine in dict.fromkeys(ref.engine for ref in wanted):
        seen = view.observed.get(engine)
        if seen is None:
            yield judge.unknown(engine.value, "the engine was not read")
            continue
        of_engine = {ref: want for ref, want in wanted.items() if ref.engine == engine}
        yield from _drift_of_engine(view, seen, of_engine)


def _drift_of_engine(
    view: policy.View, seen: item.Observation, wanted: Mapping[item.Ref, item.Item]
) -> Iterator[policy.Result]:
    live = {i.ref: i for i in seen.of(view.tenant.id)}
    kinds = dict.fromkeys(ref.kind for ref in wanted)
    for kind in kinds:
        if kind not in seen.read:
            yield judge.unknown(kind, f"not seen: {seen.unread.get(kind, 'was not read')}")
            continue
        drifted = 0
        for ref, want in wanted.items():
            found = _differences(want, live.get(ref)) if ref.kind == kind else []
            if found:
                drifted += 1
                yield judge.fails(str(ref), "; ".join(found), "as planned")
        if not drifted:
            count = sum(ref.kind == kind for ref in wanted)
            yield judge.passes(kind, f"{count} as planned")
    for ref, have in live.items():
        if have.owner == view.tenant.id and ref.kind in kinds and ref not in wanted:
            yield judge.fails(str(ref), "ours, but in no plan", "absent")


def _differences(want: item.Item, have: item.Item | None) -> list[str]:
    if have is None or have.ending:
        return ["being deleted" if have else "absent"]
    return [
        f"{path}: {judge.show(before)}, planned {judge.show(after)}"
        for path, before, after in normal_form.differences(want.ref.kind, want.fields, have.fields)
    ]


def state_clean(view: policy.View) -> Iterator[policy.Result]:
    """Pulumi's state holds no readable secret, and Ansible logs none."""
    yield from _planned_without_secrets(view)
    yield from secret_tasks_silent(resources.files("onboarding").joinpath("playbooks"))
    if view.stage is Stage.LIVE:
        yield from _state_encrypted(view)


def _planned_without_secrets(view: policy.View) -> Iterator[policy.Result]:
    planned = [i for i in view.desired if i.ref.engine is item.EngineName.CLUSTER]
    if not planned:
        yield judge.unknown("program of Pulumi", "no desired item was given")
        return
    wrong = [
        str(i.ref)
        for i in planned
        if i.ref.kind == "Secret" or _PRIVATE_KEY.search(item.canonical(i.fields))
    ]
    yield judge.problems("program of Pulumi", wrong, f"{len(planned)} objects, none a Secret")


def _state_encrypted(view: policy.View) -> Iterator[policy.Result]:
    stacks = view.items(item.EngineName.CLUSTER, "StackState")
    if not stacks:
        yield judge.unknown("state of Pulumi", "no stack was seen")
    for stack in stacks:
        wrong = []
        if stack.fields.get("secretsProvider") not in ("passphrase", "cloud"):
            wrong.append(f"secrets provider {judge.show(stack.fields.get('secretsProvider'))}")
        if stack.fields.get("plaintextSecrets") != 0:
            wrong.append(f"readable secrets: {judge.show(stack.fields.get('plaintextSecrets'))}")
        yield judge.problems(str(stack.ref), wrong, "secrets encrypted, none readable")


def secret_tasks_silent(folder: abc.Traversable) -> Iterator[policy.Result]:
    """Every task of the playbooks that handles a secret has ``no_log: true``."""
    seen = 0
    for path, text in _playbook_files(folder):
        tasks = list(_tasks(yaml.safe_load(text)))
        seen += len(tasks)
        for task in tasks:
            if _handles_secret(task) and task.get("no_log") is not True:
                yield judge.fails(f"playbooks/{path}: {task.get('name')}", "no_log unset", "no_log")
    if seen:
        yield judge.passes("playbooks", f"{seen} tasks examined")
    else:
        yield judge.unknown("playbooks", "no task was found")


def _playbook_files(folder: abc.Traversable, path: str = "") -> Iterator[tuple[str, str]]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        place = f"{path}{entry.name}"
        if entry.is_dir():
            yield from _playbook_files(entry, f"{place}/")
        elif entry.name.endswith((".yml", ".yaml")) and "/meta/" not in f"/{place}":
            yield place, entry.read_text(encoding="utf-8")


def _tasks(content: Any) -> Iterator[Mapping[str, Any]]:
    if not isinstance(content, list):
        return
    for entry in content:
        if not isinstance(entry, Mapping):
            continue
        nested = [entry[key] for key in _TASK_LISTS if key in entry]
        for inner in nested:
            yield from _tasks(inner)
        if not nested and "hosts" not in entry:
            yield entry


def _handles_secret(task: Mapping[str, Any]) -> bool:
    """By its tag ``secret``, or because it names something that sounds like one."""
    tags = task.get("tags") or ()
    if "secret" in ([tags] if isinstance(tags, str) else tags):
        return True
    body = {k: v for k, v in task.items() if k not in ("name", "no_log", "tags")}
    return bool(_SECRET_WORDS.search(item.canonical(body)))


CONTROLS: tuple[policy.Control, ...] = (
    policy.Control(
        id="OPS-006",
        title_en="No drift from the plan",
        title_th="สถานะจริงตรงกับแผน",
        severity=Severity.HIGH,
        stages=frozenset({Stage.LIVE}),
        check=no_drift,
        remedy_en="Run apply to restore what the manifest wants.",
        remedy_th="ดำเนินการ apply เพื่อคืนค่าตามแบบแจ้งข้อมูล",
    ),
    policy.Control(
        id="OPS-010",
        title_en="No readable secret in state and logs",
        title_th="ไม่มีข้อมูลลับที่อ่านได้ในสถานะและบันทึก",
        severity=Severity.HIGH,
        stages=frozenset({Stage.PLAN, Stage.LIVE}),
        check=state_clean,
        remedy_en="Encrypt the stack's secrets; set no_log on the task.",
        remedy_th="เข้ารหัสข้อมูลลับของสแต็ก และกำหนด no_log ในงานที่เกี่ยวข้อง",
    ),
)
