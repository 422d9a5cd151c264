"""Ansible's failures in words that say what, where, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

from onboarding import errors, patience, plan
from onboarding.desired import settings
from onboarding.engines.ansible_playbooks import runner
from onboarding.products import contract

_AGAIN = "Run the same command again: it goes on from here."

_REMEDIES = (
    (
        r"namespaces? .{0,80}not found|because it is being terminated",
        "The namespace is not there. Plan again: the cluster's engine makes it first.",
    ),
    (
        r"Forbidden|forbidden|\b403\b",
        "The applier lacks a right in the cluster. Run: onboard bootstrap",
    ),
    (
        r"Unauthorized|\b401\b",
        "The applier's credential is no longer accepted. Run: onboard bootstrap",
    ),
    (
        r"Max retries|Connection refused|timed out|Name or service not known|unreachable",
        "The system does not answer. See that it is up (a lab: onboard lab status), then go on.",
    ),
    (
        r"CERTIFICATE_VERIFY_FAILED|certificate verify failed",
        "The server's certificate is not vouched for. Check the caFile in the environment file.",
    ),
    (r"No space left", "The disk is full. Make room, then run the same command again."),
    (r"[Pp]ermission denied", "Give the folder back to the user who runs onboard."),
    (
        r"Fetch the chain of the certificate authority",
        "The agency's certificate authority is not published. Plan again: Vault's engine makes it.",
    ),
)
_MESSAGE = re.compile(r'"message":"((?:[^"\\]|\\.)*)"')
# Where a lookup fails, Ansible says three times that it failed before it says why.
_TEMPLATE_TALK = re.compile(
    r"^Task failed: .*?Error while resolving value for '[^']*': ", re.DOTALL
)
_LONGEST = 300


def failure(
    change: plan.Change,
    failed: runner.TaskEnd | None,
    ending: runner.Ending,
    seconds: float,
    log: Path,
) -> errors.EngineFailed:
    """The error of the first change that was not made; the raw output is in ``log``."""
    what = _what(change)
    if failed is not None:
        said = _reason(failed)
        details = [f"{failed.task}: {_short(said)}"]
        remedy = failed.result.get("resolution") or _remedy(f"{said} {failed.task}")
    elif ending.status == "timeout":
        after = patience.span(seconds)
        details, remedy = [f"Ansible was stopped after {after} (timeouts.ansible)"], _AGAIN
    else:
        details = [f"Ansible ended as {ending.status!r}: {_complaint(ending.output)}"]
        remedy = _remedy(ending.output[-2000:])
    return errors.EngineFailed(what, details=[*details, f"raw output: {log}"], resolution=remedy)


def _what(change: plan.Change) -> str:
    if change.ref.kind == settings.KIND:
        return f"the settings of {change.ref.scope} could not be delivered"
    if change.ref.kind in contract.KINDS:
        what = f"{change.ref.kind} {change.ref.name}"
        return f"the e-Office of {change.ref.scope} could not be configured: {what}"
    return f"the hand-over kit of {change.ref.name} could not be delivered"


def no_room(agency: str, problem: OSError) -> errors.EngineFailed:
    """A file of the run that could not be written or read."""
    return errors.EngineFailed(
        f"{agency}: the files for Ansible could not be written",
        details=[f"{problem.filename or 'a temporary file'}: {problem.strerror}"],
        resolution=_remedy(str(problem.strerror)),
    )


def _reason(failed: runner.TaskEnd) -> str:
    raw = str(failed.result.get("msg") or failed.result.get("stderr") or "no reason given")
    # A refusal of the API server arrives as JSON inside the text of an exception.
    said = _MESSAGE.search(raw.replace('\\\\"', '\\"'))
    if said:
        return said[1].replace('\\"', '"')
    return _TEMPLATE_TALK.sub("", raw)


def _remedy(text: str) -> str:
    return next((remedy for pattern, remedy in _REMEDIES if re.search(pattern, text)), _AGAIN)


def _complaint(output: str) -> str:
    """What Ansible says where it never came to a task: its first error, else its last line."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    wrong = [line for line in lines if line.startswith(("[ERROR]", "ERROR!"))]
    return _short((wrong or lines[-1:] or ["no output"])[0])


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
