"""Run as a program of its own: copies one Maven artifact into a folder with the client jgo."""

from __future__ import annotations

import shutil
import sys


def main(arguments: list[str]) -> int:
    """``arguments``: ``group:name:version:packaging`` and the folder."""
    from jgo import maven

    group, name, version, packaging = arguments[0].split(":")
    project = maven.MavenContext().project(group, name)
    file = project.at_version(version).artifact(packaging=packaging).resolve()
    shutil.copy(file, arguments[1])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
