"""The lab's stand-in for a CI platform: it signs tokens that say which job of which branch runs.

A platform is no engine of the lab. What OpenBao is told about it, and all that follows from a
token, is the same as with a real one; only that its key lies in a file here.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

from onboarding import environment, errors
from onboarding.identity import assertion
from onboarding.lab import home as homes

ISSUER = "https://ci.lab.gdcc.go.th"
AUDIENCE = "gdcc-onboard"
REPOSITORY = "gdcc/agencies"
MAIN = "refs/heads/main"
_LIFE_SECONDS = 300


def key_file(home: homes.Home) -> Path:
    return home.credentials / "ci-platform-key.pem"


def describe(home: homes.Home) -> environment.Pipelines:
    """Any job of the repository may plan and audit, only one of its main branch may apply."""
    public = home.config / "ci-platform.pem"
    if not key_file(home).is_file():
        assertion.make_key(key_file(home))
    homes.write(public, assertion.public_pem(key_file(home)))
    any_job: dict[str, str | tuple[str, ...]] = {"repository": REPOSITORY}
    return environment.Pipelines(
        issuer=ISSUER,
        key_file=public,
        audience=AUDIENCE,
        roles={
            environment.Role.PLANNER: any_job,
            environment.Role.AUDITOR: any_job,
            environment.Role.APPLIER: {**any_job, "ref": MAIN},
        },
    )


def token(home: homes.Home, claims: Mapping[str, str]) -> str:
    """What the platform would hand to a job with these claims; lasts five minutes.

    Raises ``errors.UsageError`` where the lab was never up.
    """
    import jwt

    if not key_file(home).is_file():
        raise errors.UsageError(
            f"lab {home.name!r} has no CI platform yet",
            resolution=f"Run: onboard lab up --name {home.name}",
        )
    now = int(time.time())
    said = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": f"repo:{claims.get('repository', '')}:ref:{claims.get('ref', '')}",
        "iat": now,
        "nbf": now,
        "exp": now + _LIFE_SECONDS,
        **claims,
    }
    return jwt.encode(said, assertion.private_key(key_file(home)), algorithm=assertion.ALGORITHM)
