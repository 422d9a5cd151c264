"""Ansible module: a folder that only its owner may enter, with the given files in it.

One call for all files: one module start costs more than writing a whole hand-over kit.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: private_folder
short_description: Keep a private folder with the files of another folder
description:
  - Copies every file of I(source), and the file I(name) with I(content), into I(path).
  - The folder gets mode 0700, its files 0600. A file is replaced in one step, never half-written.
  - Files that are there besides stay as they are, but for half-written ones of a killed run.
options:
  path: {type: path, required: true, description: The folder to keep.}
  source: {type: path, required: true, description: The folder to copy the files from.}
  name: {type: str, default: "", description: Name of one further file.}
  content: {type: str, default: "", description: Its content; nothing is written where empty.}
"""

FOLDER_MODE = 0o700
FILE_MODE = 0o600
HALF = ".new-"
"""How the name of a file begins that is not in its place yet."""


def wanted_files(source: Path, name: str, content: str) -> dict[str, bytes]:
    files = {path.name: path.read_bytes() for path in sorted(source.iterdir()) if path.is_file()}
    if name and content:
        files[name] = content.encode()
    return files


def differs(path: Path, content: bytes) -> bool:
    try:
        return path.read_bytes() != content or stat.S_IMODE(path.stat().st_mode) != FILE_MODE
    except FileNotFoundError:
        return True


def replace(path: Path, content: bytes) -> None:
    # The temporary file is made with mode 0600, so the content is private from its first byte.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=HALF)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def keep(folder: Path, files: dict[str, bytes], *, check: bool) -> list[str]:
    """Bring the folder to what is wanted; return what changed ("." is the folder itself)."""
    changed = []
    if not folder.is_dir() or stat.S_IMODE(folder.stat().st_mode) != FOLDER_MODE:
        changed.append(".")
        if not check:
            folder.mkdir(parents=True, exist_ok=True, mode=FOLDER_MODE)
            folder.chmod(FOLDER_MODE)
    if not check:
        for half in folder.glob(f"{HALF}*"):
            half.unlink()
    for name, content in files.items():
        if differs(folder / name, content):
            changed.append(name)
            if not check:
                replace(folder / name, content)
    return changed


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "path": {"type": "path", "required": True},
            "source": {"type": "path", "required": True},
            "name": {"type": "str", "default": ""},
            "content": {"type": "str", "default": ""},
        },
        supports_check_mode=True,
    )
    given = module.params
    try:
        files = wanted_files(Path(given["source"]), given["name"], given["content"])
        changed = keep(Path(given["path"]), files, check=module.check_mode)
    except OSError as failed:
        module.fail_json(msg=f"{failed.filename}: {failed.strerror}")
    module.exit_json(changed=bool(changed), files=changed)


if __name__ == "__main__":
    main()
