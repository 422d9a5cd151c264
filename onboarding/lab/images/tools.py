"""What must be on this computer before an image can be made, and nothing of it is brought by us."""

from __future__ import annotations

import importlib.util
import os
import shutil
import sys
from pathlib import Path

from onboarding import errors
from onboarding.lab.images import recipe

_KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")


def require(wanted: recipe.Image) -> None:
    """Refuse before the work begins, naming everything that is missing at once.

    Raises ``errors.UsageError``.
    """
    if sys.platform != "linux" or os.geteuid() != 0:
        raise errors.UsageError(
            f"the image {wanted.name} is made by root on Linux only: its files belong to root",
            resolution="Run the same command as root, on Linux.",
        )
    missing = _packages(wanted)
    if missing:
        raise errors.UsageError(
            f"the image {wanted.name} cannot be made without {', '.join(missing)}",
            resolution=f"Run: apt-get install --no-install-recommends {' '.join(missing)}",
        )
    if wanted.python and importlib.util.find_spec("pip") is None:
        raise errors.UsageError(
            f"the image {wanted.name} cannot be made without pip in the environment of onboard",
            resolution="Run: pip install 'gdcc-onboarding[lab]'",
        )


def _packages(wanted: recipe.Image) -> list[str]:
    """Names of Debian packages that are not here."""
    programs = [
        *(["mmdebstrap"] if wanted.packages else []),
        "umoci",
        *(["npm"] if wanted.pages else []),
    ]
    missing = [name for name in programs if shutil.which(name) is None]
    if wanted.packages and not _KEYRING.exists():
        missing.append("debian-archive-keyring")
    return missing
