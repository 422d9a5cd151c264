"""What Pulumi and its Kubernetes provider say, as what happened, where, and what to do."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from onboarding import errors, item

_KNOWN: tuple[tuple[str, str, str], ...] = (
    (
        r"exceeded quota",
        "the namespace's quota has no room for it",
        "Raise the users in the manifest, or remove what else uses the quota.",
    ),
    (
        r"violates PodSecurity",
        "its pods break the pod security profile of the namespace",
        "Correct the workload; the profile 'restricted' is not negotiable.",
    ),
    (
        (
            r"field is immutable|may not be changed|is immutable|forbidden: updates to"
            r"|cannot change roleRef"
        ),
        "a field that cannot change after creation was changed",
        "Restore the old value, or remove the object first if it holds no data.",
    ),
    (
        r"is forbidden: User|cannot \w+ resource",
        "the applier lacks a right in the cluster",
        "Run: onboard bootstrap    (it gives each role the rights it needs)",
    ),
    (
        r"Unauthorized|provide credentials|must be logged in",
        "the cluster does not accept the applier's credential",
        "It has expired. Run: onboard bootstrap",
    ),
    (
        r"being terminated|is terminating",
        "its namespace is just being deleted",
        "Wait until the namespace is gone, then run the same command again.",
    ),
    (
        r"protected|cannot be (deleted|replaced)",
        "it holds data, and the change would replace or delete it",
        "Keep the old value, or export the data and take the agency off by its own procedure.",
    ),
    (
        r"connection refused|unreachable|no such host|i/o timeout|unable to load schema",
        "the API server could not be reached",
        "Is the cluster up? For a lab: onboard lab status, then onboard lab up",
    ),
    (
        r"ErrImagePull|ImagePullBackOff|ErrImageNeverPull|InvalidImageName",
        "an image of its pods is not on the node, and no registry gives it",
        "Push it to its registry, or load it onto the node (a lab: onboard lab image load); go on.",
    ),
    (
        r"Unschedulable",
        "no node takes its pods",
        "Make room on the nodes, or see which volume is missing; then run the same command again.",
    ),
    (
        r"timed out waiting|Timeout occurred|not become ready|Minimum number of|ProgressDeadline",
        "its pods did not become ready in time",
        "Look at the pods of the namespace; a re-run goes on from here.",
    ),
    (
        r"passphrase",
        "Pulumi's passphrase does not open the stack",
        "Check pulumi.passphraseFile in the environment file.",
    ),
    (
        r"no resource plugin|could not find plugin|resource plugin .* not found",
        "Pulumi's Kubernetes plugin is missing",
        "Put pulumi-resource-kubernetes 4.25.0 on PATH; a lab: onboard lab up",
    ),
    (
        r"currently locked",
        "another run is writing this agency's stack",
        "Wait for it to end, then run the same command again.",
    ),
    (
        r"no space left on device|disk quota exceeded",
        "the disk that holds Pulumi's state is full",
        "Free some space, then run the same command again.",
    ),
)


def of_object(ref: item.Ref, said: Sequence[str], log: Path) -> errors.EngineFailed:
    """The error of one object that could not be written."""
    why, remedy = _understood(" ".join(said))
    return errors.EngineFailed(
        f"{ref}: {why}",
        details=[*_lines(said), f"full output: {log}"],
        resolution=remedy,
    )


def of_run(code: int, said: Sequence[str], log: Path) -> errors.EngineFailed:
    """The error of a run that ended before any object could be blamed."""
    why, remedy = _understood(" ".join(said))
    return errors.EngineFailed(
        f"Pulumi ended with code {code}: {why}",
        details=[*_lines(said), f"full output: {log}"],
        resolution=remedy,
    )


def of_late(late: errors.EngineFailed, hindered: Sequence[str]) -> errors.EngineFailed:
    """The error of a run that was stopped, where pods it waited for could not start."""
    if not hindered:
        return late
    why, remedy = _understood(" ".join(hindered))
    return errors.EngineFailed(
        f"{late.message}: {why}",
        details=[*_lines(hindered), *late.details],
        resolution=f"{remedy} {late.resolution}",
    )


def tail(log: Path) -> list[str]:
    """Last lines of a log, where Pulumi told nothing by its events."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    last = text.rpartition("\n$ pulumi ")[2]
    return [line for line in last.splitlines()[1:] if line.strip()][-5:]


def _understood(text: str) -> tuple[str, str]:
    for pattern, why, remedy in _KNOWN:
        if re.search(pattern, text, re.IGNORECASE):
            return why, remedy
    return "it was refused", "Read the full output, mend the cause, then run the same again."


def _lines(said: Sequence[str], most: int = 4, longest: int = 300) -> list[str]:
    lines = [line.strip() for text in said for line in text.splitlines() if line.strip()]
    distinct = list(dict.fromkeys(lines))
    return [line if len(line) <= longest else line[: longest - 1] + "…" for line in distinct[:most]]
