"""Who runs the tool, for records that people read later: a person, or a pipeline's own name."""

from __future__ import annotations

import os
import pwd
import socket
from collections.abc import Mapping


def name(environ: Mapping[str, str] = os.environ) -> str:
    """``user@host``, or what a pipeline is called by GitHub Actions, GitLab CI or Jenkins.

    It says what the surroundings say; it proves nothing (an approval is signed).
    """
    if environ.get("GITHUB_ACTIONS") == "true":
        return _pipeline(environ, "github", "GITHUB_REPOSITORY", "GITHUB_RUN_ID", "GITHUB_ACTOR")
    if environ.get("GITLAB_CI") == "true":
        return _pipeline(
            environ, "gitlab", "CI_PROJECT_PATH", "CI_PIPELINE_ID", "GITLAB_USER_LOGIN"
        )
    if environ.get("JENKINS_URL"):
        return _pipeline(environ, "jenkins", "JOB_NAME", "BUILD_NUMBER", "BUILD_USER_ID")
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"


def _pipeline(environ: Mapping[str, str], kind: str, project: str, run: str, person: str) -> str:
    called = f"{kind}:{environ.get(project, '?')}#{environ.get(run, '?')}"
    who = environ.get(person, "")
    return f"{called} for {who}" if who else called
